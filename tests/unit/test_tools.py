from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from libwheel.errors import BuildError
from libwheel.programs import Program
from libwheel.source.fetch import Fetched
from libwheel.tools import Tools, find_tools, source_programs
from unit.buildsystems.jobs import TOOLCHAIN
from unit.staged import write
from unit.tasks import load_task

CMAKE, MAKE = Program(Path("/bin/cmake"), "3.31"), Program(Path("/bin/make"), "GNU Make 4.3")
PATCHELF = Program(Path("/bin/patchelf"), "0.18")


def test_the_fingerprint_names_what_makes_a_difference() -> None:
    tools = Tools(TOOLCHAIN, (CMAKE,), (MAKE,), PATCHELF)
    assert tools.fingerprint == "cc 1.0\ncmake 3.31\nmake GNU Make 4.3"


@pytest.mark.parametrize("system", ["make", "autotools"])
def test_everything_that_lacks_is_said_at_once(tmp_path: Path, system: str) -> None:
    task = load_task(tmp_path, {"system": f'"{system}"'}, PATH=str(tmp_path))
    with pytest.raises(BuildError) as caught:
        find_tools(task)
    assert "no C compiler" in str(caught.value)
    assert "there is no `make` on PATH; install it (Debian: apt install make)" in str(caught.value)


@pytest.mark.parametrize("system", ["cmake", "meson"])
def test_make_is_not_asked_of_every_recipe(tmp_path: Path, system: str) -> None:
    task = load_task(tmp_path, {"system": f'"{system}"'}, PATH=str(tmp_path))
    with pytest.raises(BuildError) as caught:
        find_tools(task)
    assert "`make`" not in str(caught.value)


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
