from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import pytest

from libwheel import task
from libwheel.console import Console
from libwheel.errors import BuildError, RecipeError
from libwheel.naming import Tag
from libwheel.target import Os
from libwheel.task import Task
from libwheel.wheel import ZIP_EPOCH
from unit.staged import write
from unit.tasks import load_task

RELEASE = """
[[release]]
version = "{}"
licenses = ["LICENSE"]
[[release.source]]
urls = ["https://example.org/answer-{{version}}.tar.gz"]
sha256 = "0000000000000000000000000000000000000000000000000000000000000000"
"""
RECIPE = f"""
schema = 1
abi = "1"
license = "MIT"
build-number = 3
{RELEASE.format("1.2.3")}
{RELEASE.format("2.0.0")}
[build]
system = "make"
[[library]]
name = "answer"
description = "The answer"
headers = ["*.h"]
[[when]]
version = ">= 2"
abi = "2"
"""
PROJECT = """
[project]
name = "The_Answer"
dynamic = ["version", "license", "license-files"]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "answer/recipe.toml", RECIPE)
    write(tmp_path / "answer/pyproject.toml", PROJECT)
    return tmp_path / "answer"


def load(folder: Path, config: Mapping[str, str] | None = None, **variables: str) -> Task:
    return task.load(folder, config, {"HOME": "/home/me", **variables}, Console(io.StringIO()))


def test_the_default_release(folder: Path) -> None:
    loaded = load(folder)
    assert loaded.tag == Tag("the-answer", "1.2.3", "1", 3)
    assert loaded.resolved.folder == loaded.identity.folder == folder


def test_the_release_that_is_asked_for(folder: Path) -> None:
    assert load(folder, {"version": "2.0.0"}).tag == Tag("the-answer", "2.0.0", "2", 3)


def test_the_folder_may_be_relative(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert load(Path()).resolved.folder == folder


def test_an_sdist_is_of_one_version(folder: Path) -> None:
    write(folder / "PKG-INFO", "Metadata-Version: 2.4\nName: the-answer\nVersion: 2.0.0\n\nText\n")
    assert load(folder).tag.version == "2.0.0"
    for same in ("2.0.0", "2.0", "2"):
        assert load(folder, {"version": same}).tag.version == "2.0.0"
    with pytest.raises(BuildError, match=r"-C version=1\.2\.3: this sdist is of 2\.0\.0"):
        load(folder, {"version": "1.2.3"})


OPTIONS = """
[[option]]
name = "threads"
description = "Whose threads"
values = ["openmp", "pthreads"]
[[option]]
name = "integers"
description = "How wide"
values = ["both", "lp64"]
[[when]]
option = { integers = "lp64" }
abi = "9"
"""


@pytest.fixture
def optional(folder: Path) -> Path:
    write(folder / "recipe.toml", RECIPE + OPTIONS)
    return folder


def test_a_variant_is_in_the_tag(optional: Path) -> None:
    plain = load(optional)
    said = load(optional, {"threads": "openmp", "integers": "both"})
    assert said.tag == plain.tag == Tag("the-answer", "1.2.3", "1", 3)
    assert load(optional, {"threads": "pthreads"}).tag.full_version == "1.2.3+pthreads"
    both = load(optional, {"integers": "lp64", "threads": "pthreads", "version": "2"})
    assert both.tag == Tag("the-answer", "2.0.0", "9", 3, "pthreads.lp64")


def test_other_releases_are_asked_of_with_the_same_options(optional: Path) -> None:
    assert list(load(optional, {"integers": "lp64"}).other_needs) == ["2.0.0"]


def test_an_sdist_is_of_one_variant(optional: Path) -> None:
    text = "Metadata-Version: 2.4\nName: the-answer\nVersion: 2.0.0+lp64\n\n"
    write(optional / "PKG-INFO", text)
    same: list[dict[str, str]] = [
        *({}, {"integers": "lp64"}, {"threads": "openmp"}),
        {"version": "2.0", "integers": "lp64", "threads": "openmp"},
    ]
    for config in same:
        loaded = load(optional, config)
        assert loaded.tag == Tag("the-answer", "2.0.0", "9", 3, "lp64")
        assert not loaded.other_needs


@pytest.mark.parametrize("given", ["integers=both", "threads=pthreads", "version=1.2.3"])
def test_an_sdist_of_another_variant(optional: Path, given: str) -> None:
    write(optional / "PKG-INFO", "Name: the-answer\nVersion: 2.0.0+lp64\n\n")
    with pytest.raises(BuildError) as error:
        load(optional, dict([given.split("=")]))
    assert str(error.value) == f"-C {given}: this sdist is of 2.0.0+lp64"


def test_a_recipe_does_not_require_itself(folder: Path) -> None:
    write(folder / "recipe.toml", 'requires = ["the.answer"]\n' + RECIPE)
    write(folder / "pyproject.toml", PROJECT.replace('"version"', '"version", "dependencies"'))
    assert mistakes(folder) == [
        "recipe.toml: requires: 'the-answer' is the wheel that this recipe makes"
    ]


def test_the_time_of_every_file(folder: Path) -> None:
    assert load(folder).epoch == ZIP_EPOCH
    assert load(folder, SOURCE_DATE_EPOCH="1700000000").epoch == 1_700_000_000
    assert load(folder, SOURCE_DATE_EPOCH="0").epoch == 0


def mistakes(folder: Path) -> list[str]:
    with pytest.raises(RecipeError) as error:
        load(folder)
    return [f"{Path(p.path).name}: {p.key}: {p.text}" for p in error.value.problems]


def test_the_mistakes_of_both_files_are_reported_together(folder: Path) -> None:
    write(folder / "recipe.toml", RECIPE.replace("license =", "licence ="))
    write(folder / "pyproject.toml", PROJECT.replace('"license", ', ""))
    assert mistakes(folder) == [
        "recipe.toml: licence: is not a known key (did you mean 'license'?)",
        "recipe.toml: license: is missing",
        "pyproject.toml: project.license: must stand in `dynamic`: recipe.toml has it",
    ]


@pytest.mark.parametrize("name", ["recipe.toml", "pyproject.toml"])
def test_the_mistakes_of_one_file_are_reported_alone(folder: Path, name: str) -> None:
    write(folder / name, "[[")
    (mistake,) = mistakes(folder)
    assert mistake.startswith(f"{name}: : is not TOML: ")


def test_a_recipe_needs_both_files(folder: Path) -> None:
    (folder / "pyproject.toml").unlink()
    assert mistakes(folder) == ["pyproject.toml: : is missing"]
    (folder / "recipe.toml").unlink()
    with pytest.raises(BuildError, match="is not a recipe"):
        load(folder)


def test_a_setting_that_cannot_be_used(folder: Path) -> None:
    with pytest.raises(BuildError, match="unknown setting -C verison"):
        load(folder, {"verison": "1"})


def test_what_has_to_be_fetched_and_unpacked(folder: Path) -> None:
    loaded = load(folder)
    assert loaded.needs == loaded.resolved.needs
    assert loaded.archive_names == ("answer-1.2.3.tar.gz",)


def test_a_local_source_is_unpacked_and_nothing_fetched(folder: Path) -> None:
    local = write(folder.parent / "answer.tar.zst", "")
    loaded = load(folder, {"source": str(local)})
    assert loaded.needs == ()
    assert loaded.archive_names == ("answer.tar.zst",)


@pytest.mark.parametrize("where", ["[[when]]\nos = 'linux'\nrequires = ['inner']\n", ""])
def test_a_recipe_that_requires_leaves_the_dependencies_to_that(tmp_path: Path, where: str) -> None:
    """Also where only some of its releases or options require anything."""
    folder = load_task(tmp_path).resolved.folder
    recipe, project = folder / "recipe.toml", folder / "pyproject.toml"
    requires = "" if where else "requires = ['inner']\n"
    recipe.write_text(f"{requires}{recipe.read_text()}\n{where}")
    with pytest.raises(RecipeError) as caught:
        task.read(folder)
    assert str(caught.value) == (
        f"{project}: project.dependencies: must stand in `dynamic`: recipe.toml has it, as "
        "`requires`"
    )
    project.write_text(project.read_text().replace("dynamic = [", 'dynamic = ["dependencies", '))
    assert task.read(folder)[1].requires


def test_what_the_recipe_says_cannot_be_built(folder: Path) -> None:
    way = "its assembly is for MASM; build release 2.0.0"
    text = f'[[when]]\nos = "windows"\nversion = "< 2"\nunsupported = "{way}"\n'
    with (folder / "recipe.toml").open("a") as recipe:
        recipe.write(text)
    windows = {"target": "x86_64-windows"}
    with pytest.raises(BuildError) as caught:
        load(folder, windows)
    assert str(caught.value) == f"the-answer 1.2.3 cannot be built for x86_64-windows: {way}"
    assert load(folder, {**windows, "version": "2.0.0"}).tag.os is Os.WINDOWS
    assert load(folder).resolved.unsupported == ""


def test_the_native_toolchain_for_a_target_that_has_a_name(folder: Path) -> None:
    with pytest.raises(BuildError, match="-C toolchain=native compiles for the target `native`"):
        load(folder, {"target": "x86_64-linux-musl", "toolchain": "native"})
