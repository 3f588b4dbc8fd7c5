from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

from libwheel import requirements, task
from libwheel.console import Console
from libwheel.errors import BuildError, RecipeError
from libwheel.naming import Tag
from libwheel.requirements import Installed, Resolution, Sibling
from unit.consumer.installed import install, install_library_wheel
from unit.staged import write

PROJECT = """
[project]
name = "{}"
dynamic = ["version", "license", "license-files", "dependencies"]
"""
RECIPE = """
schema = 1
abi = "1"
license = "MIT"
compatible = ">= {{version}}"
requires = [{requires}]
build = {{ system = "make" }}
library = [{{ name = "{name}", description = "One", headers = [] }}]
{releases}
"""
RELEASE = """
[[release]]
version = "{}"
licenses = ["LICENSE"]
[[release.source]]
urls = ["https://example.org/it.tar.gz"]
sha256 = "1111111111111111111111111111111111111111111111111111111111111111"
"""


class Place:
    """A folder of recipes, and an environment."""

    def __init__(self, root: Path) -> None:
        self.recipes, self.prefix = root / "recipes", root / "env"
        self.sites: list[Path] = []

    def recipe(self, name: str, *requires: str, versions: str = "1.0", calls: str = "") -> Path:
        folder = self.recipes / name
        text = RECIPE.format(
            name=name,
            requires=", ".join(f'"{text}"' for text in requires),
            releases="".join(map(RELEASE.format, versions.split())),
        )
        write(folder / "recipe.toml", text)
        write(folder / "pyproject.toml", PROJECT.format(calls or name))
        return folder

    def install(self, name: str, version: str, compatible: str = ">= 1") -> Path:
        made = Tag(name, version, "1", 0)
        site = install_library_wheel(self.prefix, made, {name: b""}, compatible=compatible)
        self.sites = [site]
        return site

    def resolve(self, name: str, config: Mapping[str, str] | None = None) -> Resolution:
        variables = {"HOME": "/home/me"}
        loaded = task.load(self.recipes / name, config, variables, Console(io.StringIO()))
        return requirements.resolve(loaded, self.sites)

    def lacking(self, name: str) -> str:
        """Return what is said of what cannot be had; the hooks ask for it all the same."""
        found = self.resolve(name)
        assert len(found.asked) >= len(found.lacking)
        with pytest.raises(BuildError) as caught:
            found.stop_for_lacking()
        with pytest.raises(BuildError):
            _ = found.ranges
        return str(caught.value)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def shown(found: Resolution) -> dict[str, str]:
    return {name: f"{type(one).__name__} {one}" for name, one in found.found.items()}


def test_nothing_is_required(place: Place) -> None:
    place.recipe("alone")
    assert place.resolve("alone") == Resolution({}, {})


def test_what_is_installed_comes_before_a_sibling(place: Place) -> None:
    place.recipe("openblas", "openmp >= 19")
    place.recipe("openmp", versions="20.1.8")
    place.install("openmp", "19.1.7", compatible=">= 19.1.7, < 23")
    found = place.resolve("openblas")
    assert shown(found) == {"openmp": "Installed openmp 19.1.7"}
    assert found.ranges == {"openmp": "<23,>=19.1.7"}
    assert found.asked == ()


@pytest.mark.parametrize(
    ("requirement", "compatible", "both"),
    [
        ("openmp", ">= 19.1.7", ">=19.1.7"),
        ("openmp >= 19", ">= 19.1.7", ">=19.1.7"),
        ("openmp >= 19.1.7", ">= 19.1.7.0", ">=19.1.7"),
        ("openmp >= 19.1, != 19.2", ">= 19", "!=19.2,>=19.1"),
        ("openmp >= 19, < 20", ">= 19.1.7", "<20,>=19.1.7"),
        ("openmp < 21", ">= 19.1.7, < 20", "<20,<21,>=19.1.7"),
        ("openmp == 19.*", ">= 19.1.7", "==19.*,>=19.1.7"),
        ("openmp == 19.1.7", ">= 19", "==19.1.7"),
        ("openmp == 19.*", ">= 19", "==19.*"),
        ("openmp >= 19", "~= 19.1", "~=19.1"),
        ("openmp > 19.1.6", ">= 19.1", ">19.1.6"),
    ],
)
def test_what_the_author_wrote_stays_and_is_not_said_twice(
    place: Place, requirement: str, compatible: str, both: str
) -> None:
    place.recipe("openblas", requirement)
    place.install("openmp", "19.1.7", compatible=compatible)
    [versions] = place.resolve("openblas").ranges.values()
    assert SpecifierSet(versions) == SpecifierSet(both)


def test_a_closed_folder_on_the_path_is_passed_over(place: Place) -> None:
    place.recipe("openblas", "openmp")
    site = place.install("openmp", "19.1.7")
    closed = place.prefix / "closed"
    (closed / "site").mkdir(parents=True)
    closed.chmod(0)
    place.sites = [closed / "site", place.prefix / "python.zip", site]
    write(place.sites[1], "")
    try:
        assert shown(place.resolve("openblas")) == {"openmp": "Installed openmp 19.1.7"}
    finally:
        closed.chmod(0o700)


def test_where_what_is_installed_is_and_what_it_comes_before(place: Place) -> None:
    place.recipe("openblas", "openmp")
    site = place.install("openmp", "19.1.7")
    there = place.resolve("openblas").found["openmp"]
    assert isinstance(there, Installed)
    assert there.place == f"installed in {site}"
    folder = place.recipe("openmp")
    there = place.resolve("openblas").found["openmp"]
    assert isinstance(there, Installed)
    assert there.place == f"installed in {site} (not {folder})"


def test_what_lies_beside_an_sdist_is_no_sibling(place: Place) -> None:
    folder = place.recipe("openblas", "openmp")
    place.recipe("openmp")
    write(folder / "PKG-INFO", "Name: openblas\nVersion: 1.0\n")
    assert place.lacking("openblas") == (
        "openblas 1.0 requires openmp: openmp is not installed; python -m pip install 'openmp'"
    )
    assert list(map(str, place.resolve("openblas").asked)) == ["openmp"]


def test_what_only_an_index_has_is_asked_for_also_where_it_is_installed(place: Place) -> None:
    place.recipe("openblas", "OpenMP >= 19")
    place.install("openmp", "19.1.7")
    found = place.resolve("openblas")
    assert isinstance(found.found["openmp"], Installed)
    assert list(map(str, found.asked)) == ["OpenMP>=19"]


@pytest.mark.parametrize(
    ("requirement", "version"),
    [("openmp", "19.1.7"), ("openmp >= 20", "20.1.8"), ("openmp == 21.*", "21.1.8")],
)
def test_a_sibling_s_default_release_if_it_fits(
    place: Place, requirement: str, version: str
) -> None:
    place.recipe("openblas", requirement)
    place.recipe("openmp", versions="19.1.7 20.1.8 21.1.8")
    found = place.resolve("openblas", {"jobs": "7"})
    sibling = found.found["openmp"]
    assert isinstance(sibling, Sibling)
    assert (sibling.version, sibling.task.settings.jobs) == (version, 7)
    assert found.found["openmp"].compatible == f">= {version}"
    assert (found.asked, list(found.siblings)) == ((), [sibling.task])
    assert sibling.task.console.about == "openmp"


def test_no_release_of_the_sibling_is_in_range(place: Place) -> None:
    place.recipe("openblas", "openmp >= 22")
    folder = place.recipe("openmp", versions="19.1.7 20.1.8")
    assert place.lacking("openblas") == (
        f"openblas 1.0 requires openmp>=22: {folder} has 19.1.7, 20.1.8; "
        "python -m pip install 'openmp>=22'"
    )


def test_the_sibling_is_another_s_recipe(place: Place) -> None:
    place.recipe("openblas", "openmp")
    folder = place.recipe("openmp", calls="libomp")
    assert f"{folder} is the recipe of 'libomp'" in place.lacking("openblas")


def test_a_mistake_in_the_sibling(place: Place) -> None:
    place.recipe("openblas", "openmp")
    write(place.recipe("openmp") / "recipe.toml", "schema = 2\n")
    with pytest.raises(RecipeError, match=r"openmp/recipe\.toml: schema"):
        place.resolve("openblas")


def test_nothing_is_there_of_several(place: Place) -> None:
    place.recipe("openblas", "openmp >= 19", "tbb")
    (place.recipes / "openmp").mkdir()  # no recipe
    assert place.lacking("openblas").splitlines() == [
        f"openblas 1.0 requires {requirement}: {name} is not installed, nor is there a recipe for "
        f"it in {place.recipes / name}; python -m pip install '{requirement}'"
        for name, requirement in (("openmp", "openmp>=19"), ("tbb", "tbb"))
    ]
    assert list(map(str, place.resolve("openblas").asked)) == ["openmp>=19", "tbb"]


def test_what_is_installed_is_too_old_and_is_not_silently_replaced(place: Place) -> None:
    place.recipe("openblas", "openmp >= 19")
    place.recipe("openmp", versions="19.1.7")
    site = place.install("openmp", "18.1.8")
    assert place.lacking("openblas") == (
        f"openblas 1.0 requires openmp>=19: openmp 18.1.8 is installed in {site}; "
        "python -m pip install -U 'openmp>=19'"
    )


def test_what_is_installed_is_broken(place: Place) -> None:
    place.recipe("openblas", "openmp")
    site = place.install("openmp", "19.1.7")
    (place.prefix / "lib/libopenmp-pywheel-1.so").unlink()
    assert place.lacking("openblas") == (
        f"openblas 1.0 requires openmp: openmp 19.1.7 is installed in {site}, and "
        "lib/libopenmp-pywheel-1.so is gone: "
        "python -m pip install --force-reinstall --no-deps 'openmp==19.1.7'"
    )


def test_what_is_installed_is_no_library_wheel(place: Place) -> None:
    place.recipe("openblas", "openmp")
    site = install(place.prefix, "openmp", {}, version="0.1")
    place.sites = [site]
    assert place.lacking("openblas") == (
        f"openblas 1.0 requires openmp: openmp 0.1 is installed in {site} and is no library wheel: "
        "it has no openmp_pywheel"
    )


def test_what_is_required_requires_more(place: Place) -> None:
    place.recipe("upper", "middle", "other")
    place.recipe("middle", "lower >= 1")
    place.recipe("other", "lower")
    place.recipe("lower", versions="0.9 1.2")
    found = place.resolve("upper")
    assert next(iter(found.found)) == "lower"
    assert set(found.found) == {"lower", "middle", "other"}
    assert found.ranges == {"middle": ">=1.0", "other": ">=1.0"}
    middle = found.found["middle"]
    assert isinstance(middle, Sibling)
    taken = {"lower": SpecifierSet(">= 1")}
    assert found.of(middle) == Resolution({"lower": found.found["lower"]}, taken)
    assert found.of(middle).ranges == {"lower": ">=1.2"}


def test_a_sibling_s_requirement_that_only_an_index_has(place: Place) -> None:
    place.recipe("upper", "middle")
    place.recipe("middle", "lower >= 1")
    assert place.lacking("upper").startswith("middle 1.0 requires lower>=1: lower is not installed")
    assert list(map(str, place.resolve("upper").asked)) == ["lower>=1"]


def test_the_recipe_s_own_range_comes_first(place: Place) -> None:
    place.recipe("upper", "middle", "lower == 2")
    place.recipe("middle", "lower")
    place.recipe("lower", versions="1 2")
    assert shown(place.resolve("upper"))["lower"] == "Sibling lower 2"


def test_ranges_that_do_not_go_together(place: Place) -> None:
    place.recipe("upper", "middle", "lower == 2")
    place.recipe("middle", "lower < 2")
    place.recipe("lower", versions="1 2")
    with pytest.raises(BuildError) as caught:
        place.resolve("upper")
    assert str(caught.value) == (
        "middle 1.0 requires lower<2, and upper 1.0 requires lower==2, for which there is lower 2: "
        "they do not go together"
    )


@pytest.mark.parametrize("start", ["one", "two", "outside"])
def test_recipes_that_require_each_other(place: Place, start: str) -> None:
    place.recipe("outside", "one")
    place.recipe("one", "two")
    place.recipe("two", "one")
    with pytest.raises(BuildError) as caught:
        place.resolve(start)
    told = str(caught.value).removeprefix("library wheels cannot require each other: ")
    assert told in ("one requires two requires one", "two requires one requires two")


MUSL = {"target": "x86_64-linux-musl", "toolchain": "zig"}


def test_for_a_target_that_has_a_name_siblings_come_before_what_is_installed(place: Place) -> None:
    place.recipe("openblas", "openmp >= 19")
    place.recipe("openmp", "base", versions="20.1.8")
    place.recipe("base")
    place.install("openmp", "19.1.7")
    found = place.resolve("openblas", MUSL)
    assert shown(found) == {"base": "Sibling base 1.0", "openmp": "Sibling openmp 20.1.8"}
    for one in found.siblings:
        assert (str(one.target), one.toolchain) == ("x86_64-linux-musl", "zig")
    assert found.asked == ()


def test_a_sibling_is_made_as_what_it_is_for(place: Place) -> None:
    place.recipe("upper", "lower")
    place.recipe("lower")
    given = {**MUSL, "launcher": "none", "jobs": "3"}
    (sibling,) = place.resolve("upper", given).siblings
    assert sibling.settings.for_siblings == given


def test_what_has_no_sibling_is_not_asked_for_from_an_index(place: Place) -> None:
    """What pip would install is for the machine that builds."""
    place.recipe("openblas", "openmp >= 19")
    place.install("openmp", "19.1.7")
    found = place.resolve("openblas", MUSL)
    assert found.asked == ()
    with pytest.raises(BuildError) as caught:
        found.stop_for_lacking()
    assert str(caught.value) == (
        "openblas 1.0 requires openmp>=19: for x86_64-linux-musl it is built from its recipe, and "
        f"there is none in {place.recipes / 'openmp'}; build in a checkout that has both recipes, "
        "openblas and openmp"
    )


def test_zig_for_this_machine_takes_what_is_installed(place: Place) -> None:
    place.recipe("openblas", "openmp >= 19")
    place.install("openmp", "19.1.7")
    assert shown(place.resolve("openblas", {"toolchain": "zig"})) == {
        "openmp": "Installed openmp 19.1.7"
    }


def test_a_sibling_that_cannot_be_built_for_the_target(place: Place) -> None:
    place.recipe("openblas", "openmp")
    folder = place.recipe("openmp")
    with (folder / "recipe.toml").open("a") as recipe:
        recipe.write('[[when]]\nlibc = "musl"\nunsupported = "no way"\n')
    with pytest.raises(BuildError, match=r"openmp 1\.0 cannot be built for x86_64-linux-musl: no"):
        place.resolve("openblas", MUSL)
