from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from libwheel import settings
from libwheel.errors import BuildError
from libwheel.toolchains import native
from libwheel.toolchains.toolchain import Toolchain
from unit.staged import write


def find(folder: Path, **variables: str) -> Toolchain:
    """Find a toolchain among the programs of one folder."""
    return native.find(settings.environment({"HOME": "/root", "PATH": str(folder), **variables}))


def put(folder: Path, name: str, says: str = "1.0", linker: str = "ld 2.0") -> Path:
    """Write a program that says its version, and its linker's as a compiler does."""
    text = f'#!/bin/sh\ncase "$*" in *-Wl,*) echo "{linker}";; *) echo "{name} {says}";; esac\n'
    path = write(folder / name, text)
    path.chmod(0o755)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("gcc", "g++", "strip"):
        put(tmp_path / "bin", name)
    return tmp_path / "bin"


def test_the_usual_compilers(folder: Path) -> None:
    found = find(folder)
    assert found.cc == (f"{folder}/gcc",)
    assert found.cxx == (f"{folder}/g++",)
    assert found.strip == (f"{folder}/strip",)


def test_there_need_not_be_a_compiler_for_cxx(folder: Path) -> None:
    (folder / "g++").unlink()
    assert find(folder).cxx == ()


def test_cc_with_arguments(folder: Path) -> None:
    put(folder, "my-cc")
    found = find(folder, CC="my-cc -m64 '-DA=b c'")
    assert found.cc == (f"{folder}/my-cc", "-m64", "-DA=b c")
    assert f"{folder}/my-cc -m64 '-DA=b c' --version: my-cc 1.0" in found.fingerprint


def test_cc_that_is_not_there(folder: Path) -> None:
    with pytest.raises(BuildError, match="CC names 'no-cc', which is not a program on PATH"):
        find(folder, CC="no-cc -m64")
    with pytest.raises(BuildError, match="CXX names 'no-cxx'"):
        find(folder, CXX="no-cxx")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("#!/bin/sh\nexit 1\n", "my-cc --version` failed; is it a compiler"),
        ("no program", "cannot run .*/my-cc: Exec format error; is it a compiler"),
    ],
)
def test_cc_that_is_no_compiler(folder: Path, text: str, message: str) -> None:
    write(folder / "my-cc", text).chmod(0o755)
    with pytest.raises(BuildError, match=message):
        find(folder, CC="my-cc")


def test_cc_that_cannot_link(folder: Path) -> None:
    text = '#!/bin/sh\ncase "$*" in *-Wl,*) echo error: no ld >&2; exit 1;; esac\n'
    write(folder / "my-cc", text).chmod(0o755)
    with pytest.raises(BuildError, match=r"my-cc -Wl,--version` failed; is it a .*: no ld$"):
        find(folder, CC="my-cc")


def test_no_compiler(folder: Path) -> None:
    (folder / "gcc").unlink()
    with pytest.raises(BuildError, match="no C compiler: none of cc, gcc, clang is on PATH"):
        find(folder)


def test_no_strip(folder: Path) -> None:
    (folder / "strip").unlink()
    with pytest.raises(BuildError, match="no `strip` on PATH"):
        find(folder)


def test_the_fingerprint_is_what_the_programs_say(folder: Path) -> None:
    before = find(folder).fingerprint
    assert find(folder).fingerprint == before
    changes = [
        ("gcc", "1.1", "ld 2.0"),
        ("gcc", "1.0", "ld 2.1"),
        ("g++", "2", ""),
        ("strip", "2", ""),
    ]
    for name, says, linker in changes:
        put(folder, name, says, linker)
        assert find(folder).fingerprint != before
        put(folder, name)
    assert find(folder).fingerprint == before


@pytest.mark.skipif("CS_GNU_LIBC_VERSION" not in os.confstr_names, reason="not glibc")
def test_the_fingerprint_names_the_c_library(folder: Path) -> None:
    assert find(folder).fingerprint.splitlines()[-1] == os.confstr("CS_GNU_LIBC_VERSION")


@pytest.mark.compiles
def test_this_machine_s_linker() -> None:
    path = os.environ["PATH"]
    assert shutil.which("ld", path=path)
    said = native.find(settings.environment({"HOME": "/root", "PATH": path})).fingerprint
    (linker,) = [line for line in said.splitlines() if "-Wl,--version: " in line]
    assert linker.partition(": ")[2]
