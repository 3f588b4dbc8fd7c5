from __future__ import annotations

import platform
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.hash import ELFHashSection, GNUHashSection
from elftools.elf.sections import SymbolTableSection

from libwheel.binaries import elf, elf_edit
from libwheel.binaries.binary import LINKER_MADE, Requirement
from libwheel.binaries.elf_edit import Edit
from libwheel.errors import BuildError, RecipeError
from unit.binaries.compiled import EMPTY_NODE, NODE, linkers, patchelf, run, shared

BASE = """
#include <stdlib.h>
int base_data = VALUE;
int base_value(void) { return VALUE + (getenv("LIBWHEEL_NO") != 0); }
int base_twice(void) { return 2 * base_value(); }
"""
HIGH = """
#include <stdlib.h>
extern int base_data;
int base_value(void);
int high_value(void) { return base_value() + 100 * base_data + (getenv("LIBWHEEL_NO") != 0); }
"""
MAIN = """
#include <stdio.h>
int high_value(void);
int base_twice(void);
int main(void) { printf("%d %d\\n", high_value(), base_twice()); return 0; }
"""
TAGGED_BASE, TAGGED_HIGH = "libbase-pywheel-1.so", "libhigh-pywheel-1.so"


def edit(path: Path, soname: str = TAGGED_BASE, **renamed: str) -> Edit:
    needed = {old.replace("_", "."): new for old, new in renamed.items()}
    return Edit(path, soname, needed, "$ORIGIN", NODE)


def pair(folder: Path, *flags: str, script: str = EMPTY_NODE, value: int = 10) -> list[Path]:
    """Compile a library and one that needs it, under their upstream names."""
    base = shared(folder / "libbase.so.1", BASE, f"-DVALUE={value}", *flags, script=script)
    place = ("-Wl,-rpath,$ORIGIN", "-Wl,--enable-new-dtags")
    return [base, shared(folder / "libhigh.so.1", HIGH, base, *flags, *place, script=script)]


def tagged(folder: Path, originals: list[Path]) -> list[Path]:
    """Strip copies and edit them as a build does."""
    folder.mkdir()
    copies = [folder / TAGGED_BASE, folder / TAGGED_HIGH]
    for original, copy in zip(originals, copies, strict=True):
        shutil.copy(original, copy)
        run("strip", "--strip-unneeded", copy)
    high = edit(copies[1], TAGGED_HIGH, libbase_so_1=TAGGED_BASE)
    elf_edit.apply([edit(copies[0]), high], patchelf())
    return copies


def in_python(code: str) -> str:
    return run(sys.executable, "-c", f"import ctypes\n{code}").strip()


def test_patchelf_runs_once_for_each_file() -> None:
    assert elf_edit.patchelf_command(
        edit(Path("/x.so"), "libx.so", libb_so="B", liba_so="A"), Path("/bin/patchelf")
    ) == (
        *("/bin/patchelf", "--set-soname", "libx.so"),
        *("--replace-needed", "liba.so", "A", "--replace-needed", "libb.so", "B"),
        *("--force-rpath", "--set-rpath", "$ORIGIN", "/x.so"),
    )


def test_no_rpath_is_removed() -> None:
    command = elf_edit.patchelf_command(Edit(Path("x"), "x", {}, "", NODE), Path("patchelf"))
    assert "--remove-rpath" in command
    assert "--set-rpath" not in command


@pytest.mark.compiles
@pytest.mark.parametrize("linker", linkers())
class TestTagged:
    @pytest.fixture
    def libraries(self, tmp_path: Path, linker: str) -> list[Path]:
        originals = pair(tmp_path / "upstream", f"-fuse-ld={linker}")
        return tagged(tmp_path / "lib", originals)

    def test_has_its_names(self, libraries: list[Path]) -> None:
        base, high = map(elf.read, libraries)
        assert (base.soname, high.soname) == (TAGGED_BASE, TAGGED_HIGH)
        assert high.needed == (TAGGED_BASE, "libc.so.6")
        assert high.rpath == base.rpath == ("$ORIGIN",)
        assert high.runpath == ()

    def test_has_every_export_in_the_node(self, libraries: list[Path]) -> None:
        for library in map(elf.read, libraries):
            assert {symbol.version for symbol in library.exports} == {NODE}

    def test_has_its_imports_bound_to_the_sibling_s_node(self, libraries: list[Path]) -> None:
        high = elf.read(libraries[1])
        bound = {s.name: (s.version, s.library) for s in high.imports if "base" in s.name}
        assert bound == dict.fromkeys(("base_value", "base_data"), (NODE, TAGGED_BASE))
        assert Requirement(TAGGED_BASE, NODE) in high.requirements
        (getenv,) = [symbol for symbol in high.imports if symbol.name == "getenv"]
        assert getenv.library == "libc.so.6"

    def test_serves_consumers_of_every_linker(self, libraries: list[Path], tmp_path: Path) -> None:
        (tmp_path / "main.c").write_text(MAIN)
        for linker in linkers():
            main, folder = tmp_path / f"main-{linker}", libraries[0].parent
            names = ["-lhigh-pywheel-1", "-lbase-pywheel-1"]
            flags = [f"-fuse-ld={linker}", f"-L{folder}", *names, f"-Wl,-rpath,{folder}"]
            run("gcc", tmp_path / "main.c", "-o", main, *flags)
            assert run(main) == "1010 20\n"
            used = {s.name: (s.version, s.library) for s in elf.read(main).imports}
            assert used["high_value"] == (NODE, TAGGED_HIGH)
            assert used["base_twice"] == (NODE, TAGGED_BASE)

    def test_is_not_interposed_by_another_wheel(
        self, libraries: list[Path], tmp_path: Path
    ) -> None:
        other = pair(tmp_path / "other", script="OTHER_2 { global: *; };", value=7)
        code = f"""
ctypes.CDLL("{other[1]}", mode=ctypes.RTLD_GLOBAL)
base, high = ctypes.CDLL("{libraries[0]}"), ctypes.CDLL("{libraries[1]}")
print(high.high_value(), base.base_twice(), base.base_value())
"""
        assert in_python(code) == "1010 20 10"

    def test_survives_a_later_patchelf(self, libraries: list[Path]) -> None:
        run(patchelf(), "--force-rpath", "--set-rpath", "$ORIGIN:$ORIGIN/../more", libraries[1])
        assert in_python(f'print(ctypes.CDLL("{libraries[1]}").high_value())') == "1010"
        assert Requirement(TAGGED_BASE, NODE) in elf.read(libraries[1]).requirements

    def test_is_sound_to_readelf(self, libraries: list[Path]) -> None:
        for library in libraries:
            assert "Warning" not in run("sh", "-c", f"readelf -aW {library} 2>&1")


@pytest.mark.compiles
@pytest.mark.parametrize("linker", linkers())
def test_nothing_of_libc_needs_a_new_table(tmp_path: Path, linker: str) -> None:
    """Without any version of others so far, tag and section are made, not changed.

    lld leaves no spare tags: there the dynamic section moves as well.
    """
    use = f"-fuse-ld={linker}"
    base = shared(tmp_path / "up" / "libbase.so.1", "int base_value(void) { return 1; }", use)
    code = "int base_value(void); int high_value(void) { return base_value() + 1; }"
    high = shared(tmp_path / "up" / "libhigh.so.1", code, use, base)
    assert not elf.read(high).requirements
    copies = tagged(tmp_path / "lib", [base, high])
    assert elf.read(copies[1]).requirements == (Requirement(TAGGED_BASE, NODE),)
    assert in_python(f'print(ctypes.CDLL("{copies[1]}").high_value())') == "2"
    assert ".gnu.version_r" in run("readelf", "-SW", copies[1])
    assert "Warning" not in run("sh", "-c", f"readelf -aW {copies[1]} 2>&1")


@pytest.mark.compiles
@pytest.mark.parametrize("linker", linkers())
def test_upstream_s_own_nodes_move_except_old_versions(tmp_path: Path, linker: str) -> None:
    source = """
    __asm__(".symver old_value, value@UP_1");
    __asm__(".symver new_value, value@@UP_2");
    int old_value(void) { return 1; }
    int new_value(void) { return 2; }
    int plain(void) { return 3; }
    int newer(void) { return 4; }
    """
    script = EMPTY_NODE + "UP_1 { local: old_value; new_value; };\nUP_2 { global: newer; } UP_1;\n"
    path = shared(tmp_path / "libup.so", source, f"-fuse-ld={linker}", script=script)
    elf_edit.apply([edit(path, "libup-pywheel-1.so")], patchelf())
    binary = elf.read(path)
    found = {(s.name, s.version, s.is_default) for s in binary.exports}
    assert {symbol for symbol in found if not symbol[0].startswith("_")} == {  # gold's _end
        ("value", "UP_1", False),
        ("value", NODE, True),
        ("plain", NODE, True),
        ("newer", NODE, True),
    }
    assert set(binary.version_nodes) == {NODE, "UP_1", "UP_2"}
    call = "lib.value(), lib.plain(), lib.newer()"
    assert in_python(f'lib = ctypes.CDLL("{path}"); print({call})') == "2 3 4"


@pytest.mark.compiles
def test_imports_of_a_sibling_s_own_node_move_along(tmp_path: Path) -> None:
    script = EMPTY_NODE + "UP_1 { global: base_*; };\n"
    base = shared(tmp_path / "up" / "libbase.so.1", BASE, "-DVALUE=10", script=script)
    high = shared(tmp_path / "up" / "libhigh.so.1", HIGH, base)
    assert Requirement("libbase.so.1", "UP_1") in elf.read(high).requirements
    copies = tagged(tmp_path / "lib", [base, high])
    versions = {s.version for s in elf.read(copies[1]).imports if "base" in s.name}
    assert versions == {NODE}
    assert in_python(f'print(ctypes.CDLL("{copies[1]}").high_value())') == "1010"


@pytest.mark.compiles
def test_a_full_version_script_needs_no_change(tmp_path: Path) -> None:
    copies = tagged(tmp_path / "lib", pair(tmp_path / "up", script=f"{NODE} {{ global: *; }};"))
    high = elf.read(copies[1])
    assert [r for r in high.requirements if r.library == TAGGED_BASE] == [
        Requirement(TAGGED_BASE, NODE)
    ]
    assert in_python(f'print(ctypes.CDLL("{copies[1]}").high_value())') == "1010"


@pytest.mark.compiles
@pytest.mark.parametrize("hash_style", ["gnu", "sysv", "both"])
def test_the_hash_tables_still_find_everything(tmp_path: Path, hash_style: str) -> None:
    flag = f"-Wl,--hash-style={hash_style}"
    copies = tagged(tmp_path / "lib", pair(tmp_path / "up", flag))
    assert in_python(f'print(ctypes.CDLL("{copies[1]}").high_value())') == "1010"


@pytest.mark.compiles
@pytest.mark.skipif(platform.machine() != "x86_64", reason="-m32 is x86's")
def test_32_bit_libraries_too(tmp_path: Path) -> None:
    flags = ("-m32", "-nostdlib")
    source = "int base_value(void) { return 1; }"
    base = shared(tmp_path / "up" / "libbase.so.1", source, *flags)
    source = "int base_value(void); int high_value(void) { return base_value() + 1; }"
    high = shared(tmp_path / "up" / "libhigh.so.1", source, *flags, base)
    copies = tagged(tmp_path / "lib", [base, high])
    binary = elf.read(copies[1])
    assert binary.arch == "i686"
    assert binary.requirements == (Requirement(TAGGED_BASE, NODE),)
    assert [(s.name, s.version) for s in binary.exports] == [("high_value", NODE)]
    assert "Warning" not in run("sh", "-c", f"readelf -aW {copies[1]} 2>&1")


@pytest.mark.compiles
def test_every_library_without_its_node_is_named(tmp_path: Path) -> None:
    paths = [shared(tmp_path / f"lib{n}.so", f"int {n};", script="") for n in ("one", "two")]
    before = [path.read_bytes() for path in paths]
    with pytest.raises(RecipeError) as caught:
        elf_edit.apply([edit(path) for path in paths], patchelf())
    assert str(caught.value).count(f"has no version node {NODE}") == 2
    assert "LDFLAGS" in str(caught.value)
    assert [path.read_bytes() for path in paths] == before


@pytest.mark.compiles
def test_no_patchelf_is_an_error(tmp_path: Path) -> None:
    path = shared(tmp_path / "libone.so", "int one;")
    with pytest.raises(BuildError, match="there is no program '/nowhere/patchelf'"):
        elf_edit.apply([edit(path)], Path("/nowhere/patchelf"))


PARTS = """
#include <stdlib.h>
int data = 5;
__thread int tls = 7;
int *pointer = &data;
static int chosen(void) { return 9; }
static int (*choose(void))(void) { return chosen; }
int indirect(void) __attribute__((ifunc("choose")));
__attribute__((visibility("protected"))) int guarded(void) { return 3; }
__attribute__((visibility("hidden"))) int hidden(void) { return 4; }
__attribute__((weak)) int feeble(void) { return 11; }
int absent(void) __attribute__((weak));
int sum(void)
{
    int parts = data + tls + indirect() + guarded() + hidden() + feeble() + *pointer;
    return parts + (getenv("LIBWHEEL_NO") != 0) + (absent ? absent() : 0);
}
"""
PARTS_EXPORTED = ("data", "tls", "pointer", "indirect", "guarded", "feeble", "sum")


def suffixed(*names: str) -> dict[str, str]:
    return {name: f"{name}64_" for name in names}


def renaming(path: Path, soname: str, *names: str, **needed: str) -> Edit:
    return replace(edit(path, soname, **needed), renamed_symbols=suffixed(*names))


def test_patchelf_reads_the_names_of_symbols_from_a_file() -> None:
    wanted = renaming(Path("/lib/x.so"), "libx.so", "f")
    assert elf_edit.patchelf_command(wanted, Path("patchelf"))[-3:] == (
        *("--rename-dynamic-symbols", "/lib/x.so.symbols"),
        "/lib/x.so",
    )


@pytest.mark.compiles
@pytest.mark.parametrize("hash_style", ["gnu", "sysv", "both"])
@pytest.mark.parametrize("linker", linkers())
def test_symbols_of_every_kind_get_new_names(tmp_path: Path, linker: str, hash_style: str) -> None:
    flags = (f"-fuse-ld={linker}", f"-Wl,--hash-style={hash_style}")
    path = shared(tmp_path / TAGGED_BASE, PARTS, *flags)
    before = elf.read(path)
    run("strip", "--strip-unneeded", path)
    elf_edit.apply([renaming(path, TAGGED_BASE, *PARTS_EXPORTED)], patchelf())
    binary = elf.read(path)
    # gold exports _end and the like
    names = {s.name for s in binary.exports} - LINKER_MADE
    assert names == set(suffixed(*PARTS_EXPORTED).values())
    assert {symbol.version for symbol in binary.exports} == {NODE}
    assert {s.name for s in binary.imports} == {s.name for s in before.imports}
    assert in_python(f"""
lib = ctypes.CDLL("{path}")
found = [hasattr(lib, name) for name in {sorted(names)}]
print(lib.sum64_(), lib.indirect64_(), ctypes.c_int.in_dll(lib, "data64_").value, *set(found))
print(any(hasattr(lib, name) for name in {PARTS_EXPORTED}))
""").split() == ["44", "9", "5", "True", "False"]  # fmt: skip
    assert found_by_hash(path) >= names
    assert "Warning" not in run("sh", "-c", f"readelf -aW {path} 2>&1")
    assert sorted(tmp_path.glob("*.symbols")) == []


def found_by_hash(path: Path) -> set[str]:
    """Return the names that every hash table of the file leads to."""
    kinds = (ELFHashSection, GNUHashSection)
    with path.open("rb") as stream:
        found = ELFFile(stream)
        tables = [section for section in found.iter_sections() if isinstance(section, kinds)]
        dynamic = found.get_section_by_name(".dynsym")
        assert isinstance(dynamic, SymbolTableSection)
        names = [symbol.name for symbol in dynamic.iter_symbols()]
        assert tables
        return {n for n in names if n and all(table.get_symbol(n) is not None for table in tables)}


@pytest.mark.compiles
@pytest.mark.parametrize("linker", linkers())
def test_a_sibling_s_imports_follow(tmp_path: Path, linker: str) -> None:
    originals = pair(tmp_path / "upstream", f"-fuse-ld={linker}")
    copies = [tmp_path / TAGGED_BASE, tmp_path / TAGGED_HIGH]
    for original, copy in zip(originals, copies, strict=True):
        shutil.copy(original, copy)
    names = ("base_data", "base_value", "base_twice")
    base = renaming(copies[0], TAGGED_BASE, *names)
    high = renaming(copies[1], TAGGED_HIGH, *names[:2], libbase_so_1=TAGGED_BASE)
    elf_edit.apply([base, high], patchelf())
    bound = {s.name: (s.version, s.library) for s in elf.read(copies[1]).imports}
    assert {n: b for n, b in bound.items() if "base" in n} == dict.fromkeys(
        ("base_value64_", "base_data64_"), (NODE, TAGGED_BASE)
    )
    code = f'print(ctypes.CDLL("{copies[1]}").high_value(), '
    assert in_python(f'{code}ctypes.CDLL("{copies[0]}").base_twice64_())') == "1010 20"


@pytest.mark.compiles
def test_versions_of_upstream_s_go_with_the_new_name(tmp_path: Path) -> None:
    source = """
    __asm__(".symver old_value, value@UP_1");
    __asm__(".symver new_value, value@@UP_2");
    int old_value(void) { return 1; }
    int new_value(void) { return 2; }
    """
    script = EMPTY_NODE + "UP_1 { local: old_value; new_value; };\nUP_2 { } UP_1;\n"
    path = shared(tmp_path / "libup.so", source, script=script)
    elf_edit.apply([renaming(path, "libup-pywheel-1.so", "value")], patchelf())
    found = {(s.name, s.version, s.is_default) for s in elf.read(path).exports}
    assert found == {("value64_", "UP_1", False), ("value64_", NODE, True)}
    assert in_python(f'print(ctypes.CDLL("{path}").value64_())') == "2"


@pytest.mark.compiles
def test_two_builds_of_one_source_live_in_one_process(tmp_path: Path) -> None:
    """One with other names, loaded globally, takes nothing of the other's."""
    plain, wide = (
        shared(tmp_path / name / TAGGED_BASE, BASE, f"-DVALUE={value}")
        for name, value in (("plain", 10), ("wide", 7))
    )
    elf_edit.apply([edit(plain)], patchelf())
    names = ("base_data", "base_value", "base_twice")
    elf_edit.apply([renaming(wide, "libwide-pywheel-1.so", *names)], patchelf())
    assert in_python(f"""
wide = ctypes.CDLL("{wide}", mode=ctypes.RTLD_GLOBAL)
plain = ctypes.CDLL("{plain}", mode=ctypes.RTLD_GLOBAL)
print(plain.base_twice(), wide.base_twice64_())
""") == "20 14"  # fmt: skip
