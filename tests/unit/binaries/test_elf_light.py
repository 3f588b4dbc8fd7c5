from __future__ import annotations

import random
from pathlib import Path

import pytest

from libwheel.binaries import elf, elf_light
from libwheel.errors import BuildError
from unit.binaries.compiled import patchelf, run, shared

pytestmark = pytest.mark.compiles

SOURCE = """
#include <stdlib.h>
int base_data = 1;
__attribute__((weak)) int base_weak(void) { return 2; }
__attribute__((visibility("hidden"))) int base_hidden(void) { return 3; }
int base_value(void) { return base_hidden() + (getenv("X") != 0); }
"""
STRONG = {"base_data", "base_value"}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    script = "BASE_1 { global: base_*; };\n"
    return shared(tmp_path_factory.mktemp("elf") / "libbase.so.1", SOURCE, script=script)


def test_says_what_the_loader_is_asked_for(library: Path) -> None:
    glance = elf_light.glance(library)
    assert (glance.soname, glance.needed) == ("libbase.so.1", ("libc.so.6",))
    assert (glance.rpath, glance.runpath) == ((), None)


@pytest.mark.parametrize("hash_style", ["gnu", "sysv", "both"])
def test_reads_strong_names_with_either_hash_table(tmp_path: Path, hash_style: str) -> None:
    path = shared(tmp_path / "libbase.so", SOURCE, f"-Wl,--hash-style={hash_style}")
    assert elf_light.strong_exports(path) == STRONG


@pytest.mark.parametrize("hash_style", ["gnu", "sysv", "both"])
def test_reads_what_others_must_define(tmp_path: Path, hash_style: str) -> None:
    path = shared(tmp_path / "libbase.so", SOURCE, f"-Wl,--hash-style={hash_style}")
    imports = elf_light.imports(path)
    assert "getenv" in imports
    assert imports == {wanted.name for wanted in elf.read(path).imports}


def test_a_version_node_is_no_name(library: Path) -> None:
    assert elf_light.strong_exports(library) == STRONG


def test_the_version_nodes_are_those_of_the_full_reading(library: Path, tmp_path: Path) -> None:
    script = "TWO_1 { global: base_data; };\nTWO_2 { global: base_value; } TWO_1;\n"
    two = shared(tmp_path / "libtwo.so.1", SOURCE, script=script)
    none = shared(tmp_path / "libnone.so.1", SOURCE, script="")
    assert elf_light.version_nodes(library) == ("BASE_1",)
    assert elf_light.version_nodes(two) == elf.read(two).version_nodes == ("TWO_1", "TWO_2")
    assert elf_light.version_nodes(none) == ()


def test_a_file_that_exports_nothing(tmp_path: Path) -> None:
    path = shared(tmp_path / "libnone.so", "static int none;", "-nostdlib")
    assert elf_light.strong_exports(path) == set()


def test_agrees_with_the_full_reading(library: Path) -> None:
    light, full = elf_light.glance(library), elf.read(library)
    assert (light.soname, light.needed) == (full.soname, full.needed)
    assert elf_light.strong_exports(library) < {symbol.name for symbol in full.exports}


def test_a_runpath_makes_the_rpath_void(library: Path, tmp_path: Path) -> None:
    path = tmp_path / "libbase.so"
    path.write_bytes(library.read_bytes())
    run(patchelf(), "--force-rpath", "--set-rpath", "$ORIGIN/a:/b", path)
    assert elf_light.glance(path).rpath == ("$ORIGIN/a", "/b")
    assert elf_light.glance(path).runpath is None
    run(patchelf(), "--set-rpath", "/c", path)
    assert elf_light.glance(path).runpath == ("/c",)
    assert elf_light.glance(path).rpath == ()


def test_an_empty_path_has_no_part_and_an_empty_part_is_one(library: Path, tmp_path: Path) -> None:
    path = tmp_path / "libbase.so"
    path.write_bytes(library.read_bytes())
    run(patchelf(), "--force-rpath", "--set-rpath", "/a::/b", path)
    assert elf_light.glance(path).rpath == ("/a", "", "/b")
    run(patchelf(), "--force-rpath", "--set-rpath", "", path)
    assert (elf_light.glance(path).rpath, elf_light.glance(path).runpath) == ((), None)
    run(patchelf(), "--set-rpath", "", path)
    assert elf_light.glance(path).runpath == ()


def test_reads_what_strip_and_patchelf_have_rewritten(library: Path, tmp_path: Path) -> None:
    path = tmp_path / "libbase.so"
    path.write_bytes(library.read_bytes())
    run("strip", "--strip-unneeded", path)
    run(patchelf(), "--set-soname", "libother-with-a-long-name.so", path)
    assert elf_light.glance(path).soname == "libother-with-a-long-name.so"
    assert elf_light.strong_exports(path) == STRONG


def test_reads_without_section_headers(library: Path, tmp_path: Path) -> None:
    data = bytearray(library.read_bytes())
    data[0x28:0x30] = bytes(8)  # e_shoff
    data[0x3C:0x40] = bytes(4)  # e_shnum, e_shstrndx
    path = tmp_path / "libbase.so"
    path.write_bytes(data)
    assert elf_light.glance(path) == elf_light.glance(library)
    assert elf_light.strong_exports(path) == STRONG


@pytest.mark.parametrize("content", [b"", b"text", b"\x7fELF", b"\x7fELF\2\1\1" + bytes(60)])
def test_names_a_file_that_is_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "libbad.so"
    path.write_bytes(content)
    for read in (elf_light.glance, elf_light.strong_exports):
        with pytest.raises(BuildError, match=r"libbad\.so: is not a sound ELF file"):
            read(path)


def test_survives_damage(library: Path, tmp_path: Path) -> None:
    good, path = library.read_bytes(), tmp_path / "libbad.so"
    chance = random.Random(2)  # noqa: S311
    failures = 0
    for _ in range(300):
        data = bytearray(good[: chance.randrange(len(good))] if chance.random() < 0.3 else good)
        for _ in range(8):
            if data:
                data[chance.randrange(min(len(data), 0x800))] = chance.randrange(256)
        path.write_bytes(data)
        try:
            elf_light.glance(path)
            elf_light.strong_exports(path)
            elf_light.version_nodes(path)
        except BuildError:
            failures += 1
    assert 0 < failures < 300
