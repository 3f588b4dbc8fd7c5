from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from libwheel.building import installed_tree, tree_key
from libwheel.console import Console
from libwheel.errors import RecipeError
from libwheel.locator import Constants
from libwheel.process import CommandError
from libwheel.programs import Program
from libwheel.recipe import Source
from libwheel.required import RequiredWheel
from libwheel.source.fetch import Fetched
from libwheel.task import Task
from libwheel.toolchains.toolchain import Toolchain
from libwheel.tools import Tools
from libwheel.workspace import Workspace
from unit.buildsystems.jobs import TOOLCHAIN
from unit.staged import write
from unit.tasks import load_task

MAKE = Program(Path("/usr/bin/make"), "GNU Make 4.3")
PATCHELF = Program(Path("/usr/bin/patchelf"), "0.18")
TOOLS = Tools(TOOLCHAIN, (), (MAKE,), PATCHELF)


def fetched(task: Task, path: Path = Path("/cache")) -> list[Fetched]:
    """Return the first archive of each need, as if it had been fetched."""
    return [Fetched(sources[0], path) for sources in task.resolved.needs]


def key(task: Task, tools: Tools = TOOLS, path: Path = Path("/cache")) -> str:
    return tree_key(task, tools, fetched(task, path))


def test_where_it_is_built_and_by_how_many_makes_no_difference(tmp_path: Path) -> None:
    here = load_task(tmp_path / "here", config={"jobs": "1"})
    there = load_task(tmp_path / "there", config={"jobs": "7", "work-dir": str(tmp_path / "w")})
    patchelf = replace(TOOLS, patchelf=Program(Path("/other/patchelf"), "0.19"))
    assert key(here) == key(there, patchelf, Path("/elsewhere"))


CHANGES = {
    "abi": '"2"',
    "cflags": '["-DOTHER"]',
    "options": "{ LEVEL = 4 }",
    "into": '"outer"',
    "system": '"autotools"',
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_the_recipe_says_of_the_build_makes_a_difference(tmp_path: Path, name: str) -> None:
    before = load_task(tmp_path / "before")
    assert key(load_task(tmp_path / "after", {name: CHANGES[name]})) != key(before)


def test_what_is_said_of_the_wheel_alone_makes_none(tmp_path: Path) -> None:
    after = load_task(tmp_path / "after", {"exports": '["*"]', "description": '"Other"'})
    assert key(after) == key(load_task(tmp_path / "before"))


@pytest.mark.parametrize("name", ["all", "release", "source"])
def test_a_patch_s_bytes_make_a_difference(tmp_path: Path, name: str) -> None:
    task = load_task(tmp_path)
    before = key(task)
    write(task.resolved.folder / f"{name}.patch", "other\n")
    assert key(task) != before


@pytest.mark.parametrize("changed", [{"sha256": "3" * 64}, {"into": "x"}, {"only": ("src",)}])
def test_an_archive_makes_a_difference(tmp_path: Path, changed: dict[str, object]) -> None:
    task = load_task(tmp_path)
    first, *rest = fetched(task)
    other = replace(first, archive=replace(first.archive, **changed))  # type: ignore[arg-type]
    assert tree_key(task, TOOLS, [other, *rest]) != tree_key(task, TOOLS, [first, *rest])
    assert tree_key(task, TOOLS, [first]) != tree_key(task, TOOLS, [first, *rest])


def test_the_licence_files_make_a_difference(tmp_path: Path) -> None:
    task = load_task(tmp_path)
    release = replace(task.resolved.release, licenses=("LICENSE", "NOTICE"))
    more = replace(task, resolved=replace(task.resolved, release=release))
    assert key(more) != key(task)


def test_the_tools_make_a_difference(tmp_path: Path) -> None:
    task = load_task(tmp_path)
    newer = replace(TOOLS, toolchain=replace(TOOLCHAIN, fingerprint="cc 1.1"))
    other_make = replace(TOOLS, of_machine=(replace(MAKE, version="GNU Make 4.4"),))
    assert len({key(task), key(task, newer), key(task, other_make)}) == 3


def test_a_program_that_the_source_in_use_needs_makes_a_difference(tmp_path: Path) -> None:
    program = write(tmp_path / "bin/gfortran", "#!/bin/sh\necho GNU Fortran 12\n")
    program.chmod(0o755)
    task = load_task(tmp_path, PATH=f"{tmp_path}/bin:{os.environ['PATH']}")
    first, *rest = fetched(task)
    assert isinstance(first.archive, Source)
    needy = [replace(first, archive=replace(first.archive, programs=("gfortran",))), *rest]
    before = tree_key(task, TOOLS, needy)
    assert before != key(task)
    write(program, "#!/bin/sh\necho GNU Fortran 13\n")
    assert tree_key(task, TOOLS, needy) != before


def against(folder: Path, files: Mapping[str, str], version: str = "1.0") -> RequiredWheel:
    paths = {PurePosixPath(name): write(folder / name, text) for name, text in files.items()}
    versions = f">= {version}"
    constants = Constants("inner", "inner-pywheel", version, versions, (), {}, {}, {})
    return RequiredWheel(version, constants, paths)


def test_the_files_of_required_wheels_make_a_difference(tmp_path: Path) -> None:
    """But not where they are, nor what else is said of the wheel."""
    task = load_task(tmp_path)
    files = {"lib/libinner.so": "elf", "include/inner.h": "int x;"}
    wheel = against(tmp_path / "a", files)
    same = against(tmp_path / "b", files, "1.1")
    other_text = against(tmp_path / "c", files | {"include/inner.h": "int y;"})
    other_name = against(tmp_path / "d", {"lib/libinner.so": "elf", "include/outer.h": "int x;"})
    keys = [
        tree_key(task, TOOLS, fetched(task), [one]) for one in (wheel, same, other_text, other_name)
    ]
    assert keys[0] == keys[1]
    assert len({*keys, key(task)}) == 4


def test_the_time_of_the_files_makes_a_difference(tmp_path: Path) -> None:
    assert key(load_task(tmp_path)) != key(load_task(tmp_path, SOURCE_DATE_EPOCH="1700000000"))


MAKEFILE = """
all:
install:
\tmkdir -p $(DESTDIR)$(PREFIX)/lib
\ttouch $(DESTDIR)$(PREFIX)/lib/libanswer.so
"""
PATCH = "--- a/{0}\n+++ b/{0}\n@@ -1 +1 @@\n-old\n+new\n"


class Build:
    """A build of the small recipe, by a makefile that compiles nothing."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.texts = {"Makefile": MAKEFILE, "LICENSE": "free", "COPYING": "free", "more": "LEVEL"}
        self.said = io.StringIO()
        self.toolchain = Toolchain(("cc",), (), ("strip",), "cc 1.0")
        self.count = 0

    def run(self, **config: str) -> Path:
        """Return where the installed tree is."""
        self.count += 1
        loaded = load_task(self.place, config=config, PATH=os.environ["PATH"])
        task = replace(loaded, console=Console(self.said))
        for name in ("all", "release", "source"):
            write(task.resolved.folder / f"{name}.patch", PATCH.format(name))
        space = Workspace(self.place / f"w{self.count}", self.place / f"logs{self.count}")
        space.temporary.mkdir(parents=True)
        archive = self._archive()
        got = [replace(item, path=archive) for item in fetched(task)]
        tools = replace(TOOLS, toolchain=self.toolchain)
        found = installed_tree(task, tools, got, space)
        assert (found.prefix / "lib/libanswer.so").is_file()
        assert (found.licenses / "inner/COPYING").is_file() == ("COPYING" in self.texts)
        return found.root

    def _archive(self) -> Path:
        path = self.place / "answer.tar.gz"
        patched = dict.fromkeys(("all", "release", "source"), "old\n")
        with tarfile.open(path, "w:gz") as tar:
            for name, text in (self.texts | patched).items():
                info = tarfile.TarInfo(f"top/{name}")
                info.size = len(text)
                tar.addfile(info, io.BytesIO(text.encode()))
        return path


@pytest.fixture
def build(tmp_path: Path) -> Build:
    return Build(tmp_path)


@pytest.mark.compiles
def test_the_second_time_it_comes_from_the_cache(build: Build) -> None:
    assert build.run() == build.place / "w1/tree"
    assert "nothing changed" not in build.said.getvalue()
    assert build.run().is_relative_to(build.place / "cache/trees")
    assert "nothing changed" in build.said.getvalue()
    assert not (build.place / "w2/source").exists()


@pytest.mark.compiles
def test_a_kept_work_dir_asks_for_the_build_itself(build: Build) -> None:
    build.run()
    assert build.run(**{"work-dir": str(build.place / "kept")}) == build.place / "w2/tree"


@pytest.mark.compiles
def test_the_first_build_that_fills_the_toolchain_s_cache_is_said_to_take_long(
    build: Build,
) -> None:
    build.toolchain = replace(build.toolchain, cache=build.place / "zig")
    kept = {"work-dir": str(build.place / "kept")}
    build.texts["Makefile"] = "all:\n\tfalse\n"
    with pytest.raises(CommandError):
        build.run(**kept)
    build.texts["Makefile"] = MAKEFILE
    build.run(**kept)
    assert build.said.getvalue().count("  the first build for ") == 2
    build.run(**kept)
    assert build.said.getvalue().count("  the first build for ") == 2
    build.toolchain = replace(build.toolchain, fingerprint="cc 2.0")
    build.run(**kept)
    assert build.said.getvalue().count("  the first build for ") == 3


@pytest.mark.compiles
def test_a_cache_that_cannot_be_written_to_only_warns(build: Build) -> None:
    write(build.place / "cache/trees", "a file in the way")
    assert build.run() == build.place / "w1/tree"
    said = build.said.getvalue()
    assert said.count("warning: the installed tree is not kept: cannot write to") == 1
    assert "LIBWHEEL_CACHE" in said


@pytest.mark.compiles
def test_missing_licence_files_are_found_before_the_build(build: Build) -> None:
    build.texts["LICENCE"] = build.texts.pop("LICENSE")
    del build.texts["COPYING"]
    with pytest.raises(RecipeError) as caught:
        build.run()
    path = build.place / "recipe/recipe.toml"
    assert list(map(str, caught.value.problems)) == [
        f"{path}: release[1].licenses: 'LICENSE' is not in the source tree "
        "(did you mean 'LICENCE'?)",
        f"{path}: bundled[1].licenses: 'inner/COPYING' is not in the source tree "
        "(did you mean 'inner/LICENCE'?)",
    ]
    assert not (build.place / "logs1").exists()


INSTALLS = {
    "outside /usr/local": "install:\n\tmkdir -p $(DESTDIR)/opt $(DESTDIR)$(PREFIX)/lib\n"
    "\ttouch $(DESTDIR)/opt/file $(DESTDIR)$(PREFIX)/lib/a\n",
    "does `install` heed DESTDIR?": "install:\n",
    "libraries were installed into lib64": "install:\n\tmkdir -p $(DESTDIR)$(PREFIX)/lib64\n",
}


@pytest.mark.compiles
@pytest.mark.parametrize("message", INSTALLS)
def test_files_that_were_installed_elsewhere(build: Build, message: str) -> None:
    build.texts["Makefile"] = "all:\n" + INSTALLS[message]
    with pytest.raises(RecipeError) as caught:
        build.run()
    (problem,) = caught.value.problems
    assert problem.key == "build"
    assert message in problem.text
