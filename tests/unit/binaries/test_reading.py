from __future__ import annotations

import struct
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from conftest import ROOT
from libwheel.binaries import reading
from libwheel.errors import BuildError
from libwheel.target import Format

DOS = b"MZ".ljust(0x3C, b"\0") + struct.pack("<I", 0x80)
PE = DOS.ljust(0x80, b"\0") + b"PE\0\0"
MACHO = struct.pack("<8I", 0xFEEDFACF, 0x0100000C, 0, 6, 0, 0, 0, 0)
OBJECT = struct.pack("<8I", 0xFEEDFACF, 0x0100000C, 0, 1, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("head", "found"),
    [
        (b"\x7fELF\x02\x01", Format.ELF),
        (MACHO, Format.MACHO),
        (struct.pack(">2I", 0xFEEDFACE, 18), Format.MACHO),
        (struct.pack(">2I", 0xCAFEBABE, 2), Format.MACHO),
        (struct.pack(">2I", 0xCAFEBABE, 52), None),  # a class of Java's
        (PE, Format.PE),
        (DOS, None),
        (DOS.ljust(0x80, b"\0") + b"NE\0\0", None),
        (b"MZ", None),
        (b"\xfe\xed", None),
        (b"!<arch>\n", None),
        (b"#!/bin/sh\n", None),
        (b"", None),
    ],
)
def test_the_first_bytes_tell_the_format(tmp_path: Path, head: bytes, found: Format | None) -> None:
    assert reading.format_of(head) is found
    (tmp_path / "file").write_bytes(head)
    assert reading.is_binary(tmp_path / "file") is (found is not None)


@pytest.mark.parametrize("head", [b"\x7fELF\x02\x01", MACHO[:20], PE])
def test_a_damaged_file_is_named(tmp_path: Path, head: bytes) -> None:
    path = tmp_path / "libbase.bin"
    path.write_bytes(head)
    with pytest.raises(BuildError, match=f"^{path}: is not a sound (ELF|Mach-O|PE) file: ."):
        reading.read(path)


def test_what_no_loader_has_to_do_with_is_none() -> None:
    assert reading.read_any(b"text", "notes.txt") is None
    assert reading.read_any(OBJECT, "base.o") is None


def test_what_is_read_must_be_a_library_or_a_program(tmp_path: Path) -> None:
    (tmp_path / "base.o").write_bytes(OBJECT)
    with pytest.raises(BuildError, match=r"base\.o: is no shared library and no program"):
        reading.read(tmp_path / "base.o")


def test_a_file_for_several_machines_is_refused() -> None:
    entry = struct.pack(">5I", 0x0100000C, 0, 48, len(MACHO), 0)
    data = struct.pack(">2I", 0xCAFEBABE, 2) + 2 * entry + MACHO
    with pytest.raises(BuildError, match=r"libbase\.dylib: is for 2 machines"):
        reading.read_any(data, "libbase.dylib")


@pytest.mark.parametrize(("data", "module"), [(MACHO, "macholib"), (PE, "pefile")])
def test_a_reader_that_is_not_installed_is_named(data: bytes, module: str) -> None:
    code = (
        f"import sys; sys.modules[{module!r}] = None\n"
        "from libwheel.binaries import reading\n"
        "from libwheel.errors import BuildError\n"
        f"try: reading.read_any({data!r}, 'libbase')\n"
        "except BuildError as error: print(error)"
    )
    said = run(code)
    assert said.startswith("libbase: is a ")
    assert f"and there is no {module} to read it: pip install '{module}>=" in said


def test_nothing_but_such_a_file_asks_for_a_reader() -> None:
    blocked = "import sys; sys.modules['macholib'] = sys.modules['pefile'] = None\n"
    assert run(f"{blocked}import libwheel.pipeline, libwheel.cli; print('whole')") == "whole"


def run(code: str) -> str:
    done = subprocess.run(
        (sys.executable, "-c", code), stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout.strip()


def test_the_command_line_s_requirements_are_a_build_s() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {one for requirements in reading.REQUIRES.values() for one in requirements}
    assert wanted <= set(project["optional-dependencies"]["tools"])
    assert reading.REQUIRES.keys() == set(Format)
