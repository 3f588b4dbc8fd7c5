from __future__ import annotations

from pathlib import Path

import pytest

from libwheel import settings, several
from libwheel.errors import BuildError
from libwheel.several.asking import Asked
from unit.several.recipes import UNSUPPORTED, recipe


def asked(folder: Path, **config: str) -> Asked:
    """Ask for a recipe that cannot be built for the target, and for one that needs it."""
    lower, upper = recipe(folder, "lower"), recipe(folder, "upper", "lower >= 1")
    with (lower / "recipe.toml").open("a") as stream:
        stream.write(UNSUPPORTED)
    variables = {"LIBWHEEL_CACHE": str(folder / "cache"), "PATH": "/usr/bin:/bin"}
    return Asked([upper, lower], ["x86_64-windows"], config, settings.environment(variables))


def test_what_came_of_all_is_told_and_the_whole_fails_with_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(BuildError, match=r"^2 of 2 wheels are not there: 2 refused$"):
        several.build(asked(tmp_path), tmp_path / "dist", keep_going=True)
    said = capsys.readouterr()
    reason = "lower 1.0 cannot be built for x86_64-windows: it needs MASM; take another"
    assert [line.split("  ")[0] for line in said.out.splitlines()] == ["recipe", "upper", "lower"]
    assert said.err.splitlines() == [
        f"upper x86_64-windows: refused: {reason}",
        f"lower x86_64-windows: refused: {reason}",
        f"error: upper x86_64-windows refused: {reason}",
        f"error: lower x86_64-windows refused: {reason}",
    ]
    assert list((tmp_path / "cache" / "logs").iterdir()) == []


def test_nothing_is_made_where_what_is_asked_for_is_mistaken(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"^-C jobs must be a number"):
        several.build(asked(tmp_path, jobs="many"), tmp_path / "dist", keep_going=False)
    assert not (tmp_path / "dist").exists()
    assert not (tmp_path / "cache").exists()
