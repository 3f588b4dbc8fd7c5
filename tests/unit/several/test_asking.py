from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from libwheel import settings
from libwheel.errors import BuildError
from libwheel.several.asking import Asked, builds
from libwheel.several.order import Build
from libwheel.task import Task
from libwheel.toolchains.native import NO_COMPILER
from unit.several.recipes import UNSUPPORTED, recipe
from unit.staged import write

GNU, MUSL = "x86_64-linux-gnu.2.17", "x86_64-linux-musl"


@pytest.fixture
def recipes(tmp_path: Path) -> Path:
    recipe(tmp_path, "lower")
    recipe(tmp_path, "middle", "lower >= 1")
    recipe(tmp_path, "upper", "middle >= 1")
    return tmp_path


def asked(
    folders: Sequence[Path],
    targets: Sequence[str] = ("native",),
    config: Mapping[str, str] | None = None,
) -> Asked:
    environment = settings.environment({"HOME": "/home/me", "PATH": "/usr/bin:/bin"})
    return Asked(folders, targets, config or {}, environment)


def mistakes_of(wanted: Asked) -> list[str]:
    with pytest.raises(BuildError) as error:
        builds_of(wanted)
    return str(error.value).splitlines()


def builds_of(wanted: Asked) -> tuple[Build, ...]:
    """Return the builds, for a machine that has every program."""
    return builds(wanted, lambda _task: None)


def names(found: Sequence[Build]) -> list[tuple[str, str]]:
    return [(one.name, one.target) for one in found]


def test_each_recipe_is_built_for_each_target_those_first_that_others_need(recipes: Path) -> None:
    wanted = asked([recipes / "upper", recipes / "lower"], [GNU, MUSL], {"toolchain": "zig"})
    found = builds_of(wanted)
    assert names(found) == [("lower", GNU), ("lower", MUSL), ("upper", GNU), ("upper", MUSL)]
    assert [one.after for one in found] == [
        frozenset(),
        frozenset(),
        frozenset({(recipes / "lower", GNU)}),
        frozenset({(recipes / "lower", MUSL)}),
    ]


def test_what_is_asked_for_twice_is_built_once(recipes: Path) -> None:
    again = recipes / "upper" / ".." / "lower"
    found = builds_of(asked([recipes / "lower", again], [GNU, GNU, MUSL]))
    assert names(found) == [("lower", GNU), ("lower", MUSL)]


def test_a_floor_is_the_same_however_it_is_written(recipes: Path) -> None:
    found = builds_of(asked([recipes / "lower"], ["aarch64-macos.11", "aarch64-macos.11.0"]))
    assert names(found) == [("lower", "aarch64-macos.11")]


def test_another_release_of_a_sibling_is_not_waited_for(recipes: Path) -> None:
    text = (recipes / "lower/recipe.toml").read_text()
    other = text[text.index("[[release]]") : text.index("[build]")].replace("1.0", "2.0")
    write(recipes / "lower/recipe.toml", text.replace("[build]", f"{other}[build]"))
    recipe(recipes, "wary", "lower < 2", version="2.0")
    found = builds_of(asked([recipes / "wary", recipes / "lower"], config={"version": "2.0"}))
    assert [one.after for one in found] == [frozenset(), frozenset()]


def test_all_mistakes_are_told_together_before_anything_is_built(recipes: Path) -> None:
    write(recipes / "middle/recipe.toml", "schema = 1\n")
    folders = [recipes / "lower", recipes / "middle", recipes, recipes / "lwer"]
    found = mistakes_of(asked(folders, ["natve", "x86_64-windws", MUSL], {"job": "1"}))
    assert found[0].startswith("unknown target 'natve' (did you mean 'native'?); known: ")
    assert found[1].startswith("unknown target 'x86_64-windws' (did you mean 'x86_64-windows'?)")
    assert found[2] == "unknown setting -C job (did you mean 'jobs'?)"
    assert found[3].startswith("known: version, jobs, ")
    assert f"{recipes}/middle/recipe.toml: abi: is missing" in found
    assert found[-2] == f"{recipes} is not a recipe: it has no recipe.toml"
    assert found[-1] == f"{recipes}/lwer is not there (did you mean 'lower'?)"


def test_a_mistake_that_every_build_has_is_told_once(recipes: Path) -> None:
    found = mistakes_of(asked([recipes / "lower", recipes / "upper"], [GNU, MUSL], {"jobs": "x"}))
    assert found == ["-C jobs must be a number of at least 1, not 'x'"]


def test_two_recipes_of_one_name_would_make_the_same_wheel(recipes: Path, tmp_path: Path) -> None:
    other = recipe(tmp_path / "other", "lower")
    assert mistakes_of(asked([recipes / "lower", other])) == [
        f"{other} and {recipes / 'lower'} are both lower 1.0: build them into two folders"
    ]


def test_what_a_recipe_cannot_be_built_for_is_refused_and_no_mistake(recipes: Path) -> None:
    text = (recipes / "lower/recipe.toml").read_text()
    write(recipes / "lower/recipe.toml", f"{text}{UNSUPPORTED}")
    folders = [recipes / name for name in ("lower", "middle")]
    found = builds_of(asked(folders, ["x86_64-windows", MUSL]))
    reason = "lower 1.0 cannot be built for x86_64-windows: it needs MASM; take another"
    assert {(one.name, one.target): one.refused for one in found} == {
        ("lower", "x86_64-windows"): reason,
        ("lower", MUSL): "",
        ("middle", "x86_64-windows"): reason,
        ("middle", MUSL): "",
    }


def test_recipes_that_require_each_other_are_a_mistake(recipes: Path) -> None:
    recipe(recipes, "lower", "upper >= 1")
    (found,) = mistakes_of(asked([recipes / "lower"]))
    assert found.startswith("library wheels cannot require each other: ")


def test_what_lacks_on_the_machine_is_told_once_with_what_needs_it(recipes: Path) -> None:
    text = (recipes / "lower/recipe.toml").read_text()
    write(recipes / "lower/recipe.toml", f"{text}{UNSUPPORTED}")
    recipe(recipes, "alone")
    asked_for: list[str] = []

    def find(task: Task) -> None:
        asked_for.append(f"{task.tag} {task.target}")
        if task.toolchain == "zig":
            ours = "\nthere is no patchelf" if task.target.libc else ""
            raise BuildError(f"there is no ziglang{ours}")

    folders = [recipes / name for name in ("lower", "upper", "alone")]
    with pytest.raises(BuildError) as error:
        builds(asked(folders, [GNU, "x86_64-windows", MUSL], {"toolchain": "zig"}), find)
    both = f"{GNU}, {MUSL}"
    windows = f"{GNU}, x86_64-windows, {MUSL}"
    assert str(error.value).splitlines() == [
        "there is no ziglang",
        f"  needed for lower, upper for {both}; alone for {windows}",
        "there is no patchelf",
        f"  needed for lower, upper, alone for {both}",
    ]
    assert asked_for == [f"lower 1.0 {GNU}", "alone 1.0 x86_64-windows"]


def test_that_is_what_each_build_would_stop_at(recipes: Path) -> None:
    (recipes / "bin").mkdir()
    environment = settings.environment({"HOME": "/home/me", "PATH": str(recipes / "bin")})
    folders = [recipes / "lower", recipes / "upper"]
    wanted = Asked(folders, ["native"], {"toolchain": "native"}, environment)
    with pytest.raises(BuildError) as error:
        builds(wanted)
    lines = str(error.value).splitlines()
    assert lines.count(NO_COMPILER) == 1
    assert lines.count("there is no `make` on PATH; install it (Debian: apt install make)") == 1
    assert lines[-1] == "  needed for lower, upper for native"
