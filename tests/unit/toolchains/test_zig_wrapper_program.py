"""What runs for one command line: C++ programs are linked without the C++ library, if they can."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from libwheel.target import parse
from libwheel.toolchains import zig

# Stands for zig: says what it is called with, and fails without the C++ library if asked to.
ZIG = """#!/bin/sh
echo "$*" >> "$CALLS"
case "$*" in *needs-library*-nostdlib++*) echo undefined >&2; exit 1;; esac
"""


def placed(folder: Path, target: str) -> Path:
    known = parse(target)
    assert known
    for name, text in {**zig.files(known, {"z": "z-pywheel-1.dll"}), "bin/zig": ZIG}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)
    return folder


@pytest.fixture
def compilers(tmp_path: Path) -> Path:
    return placed(tmp_path, "x86_64-linux-musl")


def calls(compilers: Path, *words: str) -> list[bool]:
    """Run a compiler; tell of each call of zig whether it was without the C++ library."""
    log = compilers / "calls"
    path = os.pathsep.join(
        [str(compilers / "bin"), str(Path(sys.executable).parent), "/usr/bin:/bin"]
    )
    variables = {"PATH": path, "CALLS": str(log)}
    done = subprocess.run(words, cwd=compilers, env=variables, capture_output=True, check=True)
    assert done.stderr == b""
    return ["-nostdlib++" in line for line in log.read_text("utf-8").splitlines()]


def test_a_program_that_needs_no_cxx_library_is_linked_without(compilers: Path) -> None:
    assert calls(compilers, "./c++", "probe.cpp", "-o", "probe") == [True]


def test_one_that_does_is_linked_with_it(compilers: Path) -> None:
    assert calls(compilers, "./c++", "needs-library.o", "-o", "program") == [True, False]


@pytest.mark.parametrize("word", ["-shared", "-c"])
def test_libraries_and_objects_are_made_as_ever(compilers: Path, word: str) -> None:
    assert calls(compilers, "./c++", word, "one.cpp", "-o", "one") == [False]


def test_so_is_all_that_is_c(compilers: Path) -> None:
    assert calls(compilers, "./cc", "one.c", "-o", "one") == [False]


def without_zig(folder: Path, *words: str) -> tuple[int, str]:
    """Run a compiler where PATH has no zig that can be run."""
    path = f"{folder}/bin:{Path(sys.executable).parent}:/usr/bin:/bin"
    done = subprocess.run(
        words, cwd=folder, env={"PATH": path}, capture_output=True, text=True, check=False
    )
    assert done.stdout == ""
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("./cc", "-c", "one.c"),
        ("./c++", "one.o", "-o", "program"),
        ("./cc", "-shared", "one.o", "-o", "libz.dll"),
    ],
    ids=["compile", "program", "library"],
)
def test_zig_that_lacks_is_said_in_one_line(tmp_path: Path, words: tuple[str, ...]) -> None:
    folder = placed(tmp_path, "x86_64-windows")
    (folder / "bin/zig").unlink()
    assert without_zig(folder, *words) == (1, f"{words[0][2:]}: error: no zig on PATH\n")


def test_zig_that_cannot_be_run_likewise(compilers: Path) -> None:
    (compilers / "bin/zig").write_bytes(b"\x7fELF")
    assert without_zig(compilers, "./cc", "-c", "one.c") == (
        1,
        "cc: error: cannot run zig: Exec format error\n",
    )
