from __future__ import annotations

import platform
from pathlib import Path

import pytest

from libwheel.binaries.elf_code import SymbolTable, symbols
from unit.binaries.compiled import run, shared

pytestmark = pytest.mark.compiles

SOURCE = """
int data = 5;
static const char text[] = "text";
__attribute__((visibility("hidden"), noinline)) int hidden(int x) { return x * 7; }
static __attribute__((noinline)) int inner(int x) { return x * 11 + text[x]; }
int other(void);
int outer(int x) { return hidden(x) + inner(x) + other(); }
"""
ASSEMBLER = """
__asm__(".text\\n.globl sizeless\\nsizeless:\\n.byte 0x90, 0x90, 0xc3\\n"
        ".globl behind\\n.type behind, @function\\nbehind:\\n.byte 0xc3\\n.size behind, 1\\n");
"""


@pytest.fixture
def table(tmp_path: Path) -> SymbolTable:
    return symbols(shared(tmp_path / "libcode.so", SOURCE))


def test_symbols_are_those_that_are_defined_exported_or_not(table: SymbolTable) -> None:
    assert {"data", "text", "hidden", "inner", "outer"} <= table.names
    assert "other" not in table.names
    assert "code.c" not in table.names
    assert not table.is_stripped


def test_the_code_of_a_function_is_its_bytes(table: SymbolTable, tmp_path: Path) -> None:
    text = run("objdump", "-d", "--disassemble=hidden", tmp_path / "libcode.so")
    raw = [line.split("\t")[1].strip() for line in text.splitlines() if line.count("\t") > 1]
    (code,) = table.code("hidden")
    assert code in {bytes.fromhex("".join(raw)), bytes.fromhex("".join(raw))[: len(code)]}
    assert code


@pytest.mark.parametrize("name", ["data", "text", "other", "nobody"])
def test_what_is_no_function_has_no_code(table: SymbolTable, name: str) -> None:
    assert table.code(name) == ()


def test_a_stripped_file_has_what_it_exports(table: SymbolTable, tmp_path: Path) -> None:
    run("strip", tmp_path / "libcode.so")
    stripped = symbols(tmp_path / "libcode.so")
    assert stripped.is_stripped
    assert {"data", "outer"} <= stripped.names
    assert not {"hidden", "inner"} & stripped.names
    assert stripped.code("outer") == table.code("outer")


def test_several_functions_may_have_one_name(tmp_path: Path) -> None:
    (tmp_path / "one.c").write_text("static int same(int x) { return x; } int (*one)(int) = same;")
    second = "static int same(int x) { return x * 3 + 1; } int (*two)(int) = same;"
    path = shared(tmp_path / "libsame.so", second, tmp_path / "one.c")
    assert len(symbols(path).code("same")) == 2


@pytest.mark.skipif(platform.machine() != "x86_64", reason="x86's instructions")
def test_a_function_without_a_size_ends_where_the_next_symbol_is(tmp_path: Path) -> None:
    table = symbols(shared(tmp_path / "libasm.so", ASSEMBLER))
    assert table.code("sizeless") == (b"\x90\x90\xc3",)
    assert table.code("behind") == (b"\xc3",)


@pytest.mark.skipif(platform.machine() != "x86_64", reason="-m32 is x86's")
def test_32_bit_files_are_read_too(tmp_path: Path) -> None:
    path = shared(tmp_path / "libsmall.so", "int one(void) { return 1; }", "-m32", "-nostdlib")
    (code,) = symbols(path).code("one")
    assert code.endswith(b"\xc3")
