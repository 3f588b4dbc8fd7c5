from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from libwheel.several.child import Child
from libwheel.several.machine import Share
from libwheel.several.order import Build, Key, State
from libwheel.several.running import Outcomes, Way, run
from unit.several.recipes import UNSUPPORTED, recipe

NO_RECIPE = "is not there"


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIBWHEEL_CACHE", str(tmp_path / "cache"))


def way(folder: Path, *, keep_going: bool = True) -> Way:
    """Return a way to build one after the other."""
    (folder / "logs").mkdir()
    return Way(("-o", str(folder / "dist")), Share(1, 1), folder / "logs", keep_going)


def build(folder: Path, *after: Build, target: str = "native") -> Build:
    return Build(folder.name, folder, target, frozenset(one.key for one in after))


def ignore(_running: Mapping[Key, Child], _outcomes: Outcomes) -> None:
    """Show nothing."""


def test_what_came_of_each_build_is_told(tmp_path: Path) -> None:
    made = recipe(tmp_path, "lower")
    with (made / "recipe.toml").open("a") as stream:
        stream.write(UNSUPPORTED)
    failed, refused = build(tmp_path / "none"), build(made, target="x86_64-windows")
    left = build(tmp_path / "upper", refused, target="x86_64-windows")
    found = run([failed, refused, left], way(tmp_path), ignore)
    assert {key[0].name: (one.state, one.brief) for key, one in found.items()} == {
        "none": (State.FAILED, f"{tmp_path}/none {NO_RECIPE}"),
        "lower": (
            State.REFUSED,
            "lower 1.0 cannot be built for x86_64-windows: it needs MASM; take another",
        ),
        "upper": (State.LEFT, "it needs lower"),
    }
    assert (tmp_path / "logs/none-native.log").read_text() == (
        f"error: {tmp_path}/none {NO_RECIPE}\n"
    )
    assert found[failed.key].cpu > 0
    assert found[left.key].log is None


def test_where_its_log_cannot_be_kept_a_build_s_failure_is_told_all_the_same(
    tmp_path: Path,
) -> None:
    here = way(tmp_path)
    (tmp_path / "logs").rmdir()
    (found,) = run([build(tmp_path / "none")], here, ignore).values()
    assert found.brief == f"{tmp_path}/none {NO_RECIPE}"
    assert found.log is None
    assert found.warnings == (
        f"the log of the build is not kept: cannot write to {tmp_path}/logs: "
        "No such file or directory",
    )


def test_what_is_refused_beforehand_is_not_begun(tmp_path: Path) -> None:
    refused = Build("lower", tmp_path / "lower", "native", refused="there is no MASM")
    found = run([refused, build(tmp_path / "other")], way(tmp_path, keep_going=False), ignore)
    assert [one.state for one in found.values()] == [State.REFUSED, State.LEFT]
    assert [one.log for one in found.values()] == [None, None]
    assert list((tmp_path / "logs").iterdir()) == []


def test_with_keep_going_what_is_refused_beforehand_stops_no_other(tmp_path: Path) -> None:
    refused = Build("lower", tmp_path / "lower", "native", refused="there is no MASM")
    found = run([refused, build(tmp_path / "other")], way(tmp_path, keep_going=True), ignore)
    assert {key[0].name: (one.state, one.brief) for key, one in found.items()} == {
        "lower": (State.REFUSED, "there is no MASM"),
        "other": (State.FAILED, f"{tmp_path}/other {NO_RECIPE}"),
    }


def test_no_more_are_built_at_once_than_share_the_machine(tmp_path: Path) -> None:
    seen = []

    def look(running: Mapping[Key, Child], outcomes: Outcomes) -> None:
        seen.append((len(running), len(outcomes)))

    builds = [build(tmp_path / name) for name in ("one", "two")]
    run(builds, way(tmp_path), look)
    assert list(dict.fromkeys(seen)) == [(1, 0), (1, 1), (0, 2)]


def test_an_exception_ends_what_runs(tmp_path: Path) -> None:
    begun: list[subprocess.Popen[bytes]] = []

    def look(running: Mapping[Key, Child], _outcomes: Outcomes) -> None:
        begun.extend(one.process for one in running.values())
        raise OSError(5, "the terminal is gone")

    with pytest.raises(OSError, match="the terminal is gone"):
        run([build(tmp_path / "one")], way(tmp_path), look)
    assert [process.poll() is None for process in begun] == [False]


def test_after_ctrl_c_what_came_of_each_build_is_told(tmp_path: Path) -> None:
    begun: list[subprocess.Popen[bytes]] = []

    def look(running: Mapping[Key, Child], outcomes: Outcomes) -> None:
        if outcomes and running:
            begun.extend(one.process for one in running.values())
            raise KeyboardInterrupt

    builds = [build(tmp_path / name) for name in ("one", "two", "three")]
    found = run(builds, way(tmp_path), look)
    assert [process.poll() is None for process in begun] == [False]
    assert {key[0].name: (one.state, one.brief) for key, one in found.items()} == {
        "one": (State.FAILED, f"{tmp_path}/one {NO_RECIPE}"),
        "two": (State.INTERRUPTED, "as it began"),
        "three": (State.INTERRUPTED, "before it began"),
    }
    assert [path.name for path in (tmp_path / "logs").iterdir()] == ["one-native.log"]
