from __future__ import annotations

import io
import struct
import subprocess
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from environments import run
from libwheel.binaries import elf
from libwheel.binaries.elf_strip import strip, stripped
from libwheel.errors import BuildError

SOURCE = """
static int hidden(int x) { return 3 * x; }
int (*pointer)(int) = hidden;
int counter;
int answer(void) { return pointer(14); }
"""


def built(folder: Path, *flags: str) -> Path:
    (folder / "answer.c").write_text(SOURCE, "utf-8")
    path = folder / "libanswer.so"
    run("cc", "-shared", "-fPIC", "-g", *flags, "-o", path, folder / "answer.c")
    return path


def sections(path: Path) -> list[str]:
    with path.open("rb") as file:
        return [section.name for section in ELFFile(file).iter_sections()]


def symbols(path: Path) -> list[tuple[str, int, str]]:
    """Return the dynamic symbols: name, value, and the name of the section that each is in."""
    with path.open("rb") as file:
        image = ELFFile(file)
        table = image.get_section_by_name(".dynsym")
        assert isinstance(table, SymbolTableSection)
        return [
            (s.name, s["st_value"], _section(image, s["st_shndx"])) for s in table.iter_symbols()
        ]


def _section(image: ELFFile, number: int | str) -> str:
    return str(image.get_section(number).name) if isinstance(number, int) else number


def answers(path: Path) -> str:
    code = f'import ctypes; print(ctypes.CDLL("{path}").answer())'
    return run("python3", "-c", code).strip()


@pytest.mark.compiles
def test_only_what_is_mapped_stays(tmp_path: Path) -> None:
    path = built(tmp_path)
    before, size = elf.read(path), path.stat().st_size
    assert {".symtab", ".strtab", ".comment", ".debug_info"} <= set(sections(path))
    path.chmod(0o751)
    strip(path)
    assert not [n for n in sections(path) if n.startswith((".debug", ".symtab", ".str", ".comm"))]
    assert sections(path)[0] == ""
    assert sections(path)[-1] == ".shstrtab"
    assert elf.read(path) == before
    assert path.stat().st_size < size
    assert path.stat().st_mode & 0o777 == 0o751
    assert answers(path) == "42"


@pytest.mark.compiles
def test_the_mapped_bytes_are_those_that_were(tmp_path: Path) -> None:
    path = built(tmp_path)
    before = path.read_bytes()
    after = stripped(before, "x")
    for segment in ELFFile(io.BytesIO(before)).iter_segments("PT_LOAD"):
        start = max(segment["p_offset"], 64)  # behind the header, which says where sections are
        end = segment["p_offset"] + segment["p_filesz"]
        assert after[start:end] == before[start:end]


@pytest.mark.compiles
def test_it_strips_as_binutils_does(tmp_path: Path) -> None:
    path = built(tmp_path)
    other = tmp_path / "other.so"
    run("strip", "--strip-unneeded", "-R", ".comment", path, "-o", other)
    strip(path)
    assert sections(path) == sections(other)
    assert symbols(path) == symbols(other)
    assert elf.read(path) == elf.read(other)
    assert path.stat().st_size <= other.stat().st_size + 64  # which shares the ends of names


@pytest.mark.compiles
def test_a_stripped_file_stays_as_it_is(tmp_path: Path) -> None:
    path = built(tmp_path)
    strip(path)
    once = path.read_bytes()
    strip(path)
    assert path.read_bytes() == once
    assert stripped(once, "x") == once


@pytest.mark.compiles
def test_patchelf_before_and_after(tmp_path: Path) -> None:
    path = built(tmp_path)
    long = "$ORIGIN/../" + "a" * 200
    run("patchelf", "--set-soname", "libanswer-pywheel-1.so", "--set-rpath", long, path)
    strip(path)
    assert answers(path) == "42"
    run("patchelf", "--force-rpath", "--set-rpath", long + "b" * 200, path)
    assert answers(path) == "42"
    strip(path)
    binary = elf.read(path)
    assert (binary.soname, binary.rpath) == ("libanswer-pywheel-1.so", (long + "b" * 200,))
    assert answers(path) == "42"
    said = subprocess.run(("readelf", "-aW", path), capture_output=True, text=True, check=True)
    assert said.stderr == ""


@pytest.mark.parametrize("data", [b"", b"MZ", b"\x7fELF\x01\x01" + bytes(60)])
def test_other_files_are_refused(data: bytes) -> None:
    with pytest.raises(BuildError, match=r"x\.so cannot be stripped: it is no 64-bit"):
        stripped(data, "x.so")


def test_the_file_of_no_sections() -> None:
    """As some packers leave it: there is nothing to keep a header of."""
    numbers = (3, 62, 1, 0, 64, 0, 0, 64, 56, 0, 64, 0, 0)
    data = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01", *numbers)
    once = stripped(data, "x")
    assert ELFFile(io.BytesIO(once)).num_sections() == 2
    assert stripped(once, "x") == once
