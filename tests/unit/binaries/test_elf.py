from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from libwheel.binaries import elf
from libwheel.binaries.binary import Import, Requirement, Symbol
from libwheel.errors import BuildError
from libwheel.target import native
from unit.binaries.compiled import patchelf, run, shared

pytestmark = pytest.mark.compiles

SOURCE = """
#include <stdlib.h>
int base_data = 1;
__attribute__((weak)) int base_weak(void) { return 2; }
__attribute__((visibility("hidden"))) int base_hidden(void) { return 3; }
static int base_static(void) { return 4; }
int base_value(void) { return base_hidden() + base_static() + (getenv("X") != 0); }
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    script = "BASE_1 { global: base_*; };\n"
    return shared(tmp_path_factory.mktemp("elf") / "libbase.so.1", SOURCE, script=script)


def test_reads_what_a_library_is(library: Path) -> None:
    binary = elf.read(library)
    assert binary.arch == native().arch
    assert binary.soname == "libbase.so.1"
    assert binary.needed == ("libc.so.6",)
    assert (binary.rpath, binary.runpath) == ((), ())
    assert binary.version_nodes == ("BASE_1",)


def test_reads_the_exports_without_the_node_s_own_symbol(library: Path) -> None:
    assert sorted(elf.read(library).exports, key=lambda symbol: symbol.name) == [
        Symbol("base_data", "BASE_1", is_default=True),
        Symbol("base_value", "BASE_1", is_default=True),
        Symbol("base_weak", "BASE_1", is_default=True),
    ]


def test_reads_the_imports_with_their_libraries(library: Path) -> None:
    binary = elf.read(library)
    (getenv,) = [symbol for symbol in binary.imports if symbol.name == "getenv"]
    assert getenv.version is not None
    assert getenv == Import("getenv", getenv.version, "libc.so.6", weak=False)
    assert Requirement("libc.so.6", getenv.version) in binary.requirements
    assert all(symbol.weak for symbol in binary.imports if symbol != getenv)


def test_reads_a_version_that_is_not_the_default(tmp_path: Path) -> None:
    source = """
    __asm__(".symver old_value, value@BASE_1");
    __asm__(".symver new_value, value@@BASE_2");
    int old_value(void) { return 1; }
    int new_value(void) { return 2; }
    """
    script = "BASE_1 { local: old_value; new_value; };\nBASE_2 { } BASE_1;\n"
    binary = elf.read(shared(tmp_path / "libbase.so", source, script=script))
    assert {(s.name, s.version, s.is_default) for s in binary.exports} == {
        ("value", "BASE_1", False),
        ("value", "BASE_2", True),
    }
    assert len(binary.exports_by_name["value"]) == 2


@pytest.mark.parametrize("hash_style", ["gnu", "sysv", "both"])
def test_reads_with_either_hash_table(tmp_path: Path, hash_style: str) -> None:
    path = shared(tmp_path / "libbase.so", SOURCE, f"-Wl,--hash-style={hash_style}")
    assert {s.name for s in elf.read(path).exports} == {"base_data", "base_value", "base_weak"}


def test_reads_the_flags(tmp_path: Path) -> None:
    plain = elf.read(shared(tmp_path / "plain.so", SOURCE, "-Wl,-z,relro", "-Wl,-z,lazy"))
    assert not plain.executable_stack
    assert plain.relro
    assert not plain.bind_now
    assert not plain.text_relocations
    flags = ("-Wl,-z,execstack", "-Wl,-z,norelro", "-Wl,-z,now", "-Wl,-rpath,/a:/b")
    other = elf.read(shared(tmp_path / "other.so", SOURCE, *flags, "-Wl,--enable-new-dtags"))
    assert other.executable_stack
    assert not other.relro
    assert other.bind_now
    assert other.runpath == ("/a", "/b")


def test_reads_what_strip_and_patchelf_have_rewritten(library: Path, tmp_path: Path) -> None:
    path = tmp_path / "libbase.so"
    path.write_bytes(library.read_bytes())
    run("strip", "--strip-unneeded", path)
    run(patchelf(), "--set-soname", "libother-with-a-long-name.so", path)
    run(patchelf(), "--force-rpath", "--set-rpath", "$ORIGIN/a/rather/long/folder", path)
    before, after = elf.read(library), elf.read(path)
    assert after.soname == "libother-with-a-long-name.so"
    assert after.rpath == ("$ORIGIN/a/rather/long/folder",)
    assert set(after.exports) == set(before.exports)
    assert set(after.imports) == set(before.imports)


def test_reads_without_section_headers(library: Path, tmp_path: Path) -> None:
    data = bytearray(library.read_bytes())
    data[0x28:0x30] = bytes(8)  # e_shoff
    data[0x3C:0x40] = bytes(4)  # e_shnum, e_shstrndx
    path = tmp_path / "libbase.so"
    path.write_bytes(data)
    assert elf.read(path) == elf.read(library)


def test_tells_elf_by_its_first_bytes(library: Path, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("ELF")
    assert elf.is_elf(library)
    assert not elf.is_elf(tmp_path / "text")


@pytest.mark.parametrize("content", [b"", b"text", b"\x7fELF", b"\x7fELF\2\1\1" + bytes(60)])
def test_names_a_file_that_is_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "libbad.so"
    path.write_bytes(content)
    with pytest.raises(BuildError, match=r"libbad\.so: is not a sound ELF file"):
        elf.read(path)


def test_survives_damage(library: Path, tmp_path: Path) -> None:
    good, path = library.read_bytes(), tmp_path / "libbad.so"
    chance = random.Random(1)  # noqa: S311
    for _ in range(150):
        data = bytearray(good[: chance.randrange(len(good))] if chance.random() < 0.3 else good)
        for _ in range(8):
            if data:
                data[chance.randrange(min(len(data), 0x800))] = chance.randrange(256)
        path.write_bytes(data)
        try:
            elf.read(path)
        except BuildError as error:
            assert "libbad.so" in str(error)  # noqa: PT017


def test_is_fast_enough_for_openblas(tmp_path: Path) -> None:
    source = "\n".join(f"int base_{n}(void) {{ return {n}; }}" for n in range(8000))
    path = shared(tmp_path / "libbase.so", source, "-O0")
    start = time.process_time()
    assert len(elf.read(path).exports) == 8000
    assert time.process_time() - start < 1  # a tenth of it on an idle machine
