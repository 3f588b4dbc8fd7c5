from __future__ import annotations

import sys
from pathlib import Path

import pytest

from environments import run
from libwheel.consumer import packages
from libwheel.consumer.doctor import objects
from libwheel.consumer.doctor.objects import Object
from unit.binaries.compiled import shared
from unit.consumer.installed import SITE, install
from unit.consumer.surveys import package, thing

MODULE = "int PyInit_ext(void) { return 0; }"
LIBRARY = "int one(void) { return 1; }"


def read(prefix: Path) -> tuple[dict[str, Object], dict[str, str]]:
    sound, unsound = objects.read(packages.installed([prefix / SITE]))
    return {one.name: one for one in sound}, {one.path.name: one.reason for one in unsound}


@pytest.mark.compiles
def test_tells_extensions_libraries_and_programs_apart(tmp_path: Path) -> None:
    module = shared(tmp_path / "ext.so", MODULE).read_bytes()
    library = shared(tmp_path / "lib.so", LIBRARY).read_bytes()
    files = {
        f"{SITE}/one/ext.abi3.so": module,
        f"{SITE}/one.libs/libone-11111111.so.1.2": library,
        f"{SITE}/one/libvariant-r0.3.15.so": library,
        "bin/tool": Path(sys.executable).resolve().read_bytes(),
        "bin/script": b"#!/bin/sh\n",
        f"{SITE}/one/LICENSE": b"free",
        f"{SITE}/one/notes.sort": b"not one",
    }
    install(tmp_path / "prefix", "one", files)
    found, unsound = read(tmp_path / "prefix")
    kinds = {n: (o.is_extension, o.is_library, o.is_program) for n, o in found.items()}
    assert kinds == {
        "ext.abi3.so": (True, False, False),
        "libone-11111111.so.1.2": (False, True, False),
        "libvariant-r0.3.15.so": (False, True, False),
        "tool": (False, False, True),
    }
    assert unsound == {}


def test_what_is_called_a_library_and_is_none_is_told(tmp_path: Path) -> None:
    install(tmp_path, "one", {f"{SITE}/one/bad.so": b"text", f"{SITE}/one/worse.so.1": b""})
    found, unsound = read(tmp_path)
    assert found == {}
    assert unsound.keys() == {"bad.so", "worse.so.1"}
    assert unsound["bad.so"].startswith("is not a sound ELF file: ")


def test_only_elf_files_and_what_has_their_name_can_be_unsound(tmp_path: Path) -> None:
    files = {
        f"{SITE}/one/lib.so.conf": b"text",
        f"{SITE}/one/lib.so.d/notes.txt": b"text",
        f"{SITE}/one/lib.so.orig": b"\x7fELF and no more",
    }
    install(tmp_path, "one", files)
    found, unsound = read(tmp_path)
    assert found == {}
    assert unsound.keys() == {"lib.so.orig"}


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    site = install(tmp_path, "one", {f"{SITE}/one/ext.so": b"text"})
    (site / "one/ext.so").unlink()
    (site / "one/ext.so").mkdir()
    assert read(tmp_path) == ({}, {"ext.so": "cannot be read: Is a directory"})


def test_names_that_no_file_can_have_do_not_stop_it(tmp_path: Path) -> None:
    site = install(tmp_path, "one", {})
    record = site / "one-1.0.dist-info" / "RECORD"
    record.write_text(f"{300 * 'x'}.so,,\n{300 * 'x'},,\none/{300 * 'y'}/lib.so,,\n")
    assert read(tmp_path) == ({}, {})


def test_what_is_not_there_is_passed_over(tmp_path: Path) -> None:
    site = install(tmp_path, "one", {f"{SITE}/one/gone.so": b"text"})
    (site / "one" / "gone.so").unlink()
    assert read(tmp_path) == ({}, {})


@pytest.mark.parametrize("name", ["PyInit_ext", "PyModExport_ext"])
def test_python_looks_for_either_name(tmp_path: Path, name: str) -> None:
    assert thing(package("one", tmp_path), "ext.so", [name]).is_extension


@pytest.mark.compiles
def test_static_programs_are_nobody_s_business(tmp_path: Path) -> None:
    (tmp_path / "main.c").write_text("int main(void) { return 0; }\n")
    program = tmp_path / "tool"
    run("cc", "-static", "-o", program, tmp_path / "main.c")
    whole = program.read_bytes()
    install(tmp_path, "one", {"bin/tool": whole, "bin/broken": whole[:100]})
    found, unsound = read(tmp_path)
    assert found == {}
    assert unsound.keys() == {"broken"}
