from __future__ import annotations

import platform
import re
from pathlib import Path

import pytest

from libwheel.binaries import elf_code
from libwheel.binaries.x86_code import has_256_bit_vectors, has_512_bit_vectors, instructions
from unit.binaries.compiled import run, shared

# What only a disassembler that knows the lengths gets right: see the names
ZMM = bytes.fromhex("62f1fd4858c1")  # vaddpd zmm0, zmm0, zmm1
YMM = bytes.fromhex("62f1fd2858c1")
XMM = bytes.fromhex("62f1fd0858c1")


@pytest.mark.parametrize(
    ("code", "lengths"),
    [
        ("90", [1]),
        ("c3 cc", [1, 1]),
        ("48b8 6200000000000000", [10]),  # mov rax, imm64
        ("66b8 6200", [4]),  # mov ax, imm16
        ("b8 62000000", [5]),
        ("6648b8 6200000000000000", [11]),  # REX.W before the prefix
        ("48a1 6200000000000000", [10]),  # mov rax, moffs64
        ("67a1 62000000", [6]),
        ("f6c0 62", [3]),  # test al, imm8
        ("f6d0 90", [2, 1]),  # not al
        ("f7c0 62000000", [6]),
        ("66f7c0 6200", [5]),
        ("f7d8 90", [2, 1]),  # neg eax
        ("8b0425 62000000", [7]),  # SIB without a base
        ("8b05 62000000", [6]),  # RIP-relative
        ("8b4562", [3]),
        ("8b8562000000", [6]),
        ("8b442462", [4]),  # SIB with a byte of displacement
        ("0f1f8400 62000000", [8]),
        ("66662e0f1f840000000000", [11]),
        ("0f84 62000000", [6]),
        ("0fbae062", [4]),
        ("0f05 0f0b", [2, 2]),
        ("660f3a0fc162", [6]),  # palignr
        ("660f3800c1", [5]),  # pshufb
        ("c5f877 90", [3, 1]),  # vzeroupper
        ("c5f9c5c062", [5]),  # vpextrw
        ("c4e37d18c162", [6]),  # vinsertf128
        ("c4e27d18c1", [5]),  # vbroadcastss
        ("8fe878c0c162 90", [6, 1]),  # AMD's vprotb
        ("8fea7810c162000000 90", [9, 1]),  # AMD's bextr
        ("8fc0", [2]),  # pop rax
        ("660f78c06262", [6]),  # AMD's extrq
        ("c8620062 c26200", [4, 3]),  # enter, ret
        ("62f37d4818c162", [7]),  # vinsertf32x4
        ("62f17d48c5c062", [7]),
        ("62f1fd48104562", [7]),  # a compressed displacement
    ],
)
def test_the_length_of_an_instruction(code: str, lengths: list[int]) -> None:
    data = bytes.fromhex(code)
    ends: list[int] = []
    for length in lengths:
        ends.append(length + (ends[-1] if ends else 0))
    assert [end for _, end in instructions(data)] == ends
    assert ends[-1] == len(data)


@pytest.mark.parametrize(
    "code",
    [
        YMM,
        b"\x90" + YMM,
        bytes.fromhex("c5fd58c1"),  # vaddpd ymm0, ymm0, ymm1
        bytes.fromhex("c4e2fdb8c1"),  # vfmadd231pd ymm0, ymm0, ymm1
        bytes.fromhex("90 c4e27d18c1"),  # vbroadcastss ymm0, xmm1
    ],
)
def test_256_bits_are_found_wherever_they_stand(code: bytes) -> None:
    assert has_256_bit_vectors(code)
    assert not has_512_bit_vectors(code)


@pytest.mark.parametrize(
    "code",
    [
        b"",
        ZMM,
        XMM,
        bytes.fromhex("c5f958c1"),  # vaddpd xmm0, xmm0, xmm1
        bytes.fromhex("c5fc77"),  # vzeroall
        bytes.fromhex("c5ec41d9"),  # kandw k3, k2, k1
        bytes.fromhex("c4e1ec41d9"),  # kandq
        bytes.fromhex("48b8 c5fd58c1 00000000"),  # an immediate
    ],
)
def test_what_is_not_on_256_bits(code: bytes) -> None:
    assert not has_256_bit_vectors(code)


@pytest.mark.parametrize("code", [ZMM, b"\x90" + ZMM, ZMM + b"\xc3", b"\x2e" + ZMM, YMM + ZMM])
def test_512_bits_are_found_wherever_they_stand(code: bytes) -> None:
    assert has_512_bit_vectors(code)


@pytest.mark.parametrize(
    "code",
    [
        b"",
        YMM,
        XMM,
        b"\x48\xb8" + ZMM + b"\0\0",  # an immediate
        b"\xe8" + ZMM[:4],
        b"\x8b\x05" + ZMM[:4] + b"\xc3\xc3",  # a displacement
        ZMM[:-1],  # cut off
        b"\xc5",
        b"\x62",
        bytes.fromhex("62f9fd4858c1"),  # the fixed bits are not right
        bytes.fromhex("62f1f94858c1"),
        bytes.fromhex("62f4fd4858c1"),  # no map of vectors
        bytes.fromhex("62f1ff5858c1"),  # vaddsd with rounding: a scalar
    ],
)
def test_what_only_looks_so_is_not(code: bytes) -> None:
    assert not has_512_bit_vectors(code)


KERNELS = """
#include <stddef.h>
#define LOOP(name, machine) __attribute__((target(machine))) \\
    void name(double *x, const double *y, size_t n) \\
    { \\
        for (size_t i = 0; i < n; i++) \\
            x[i] = x[i] * 3.25e-62 + (double)(i * 0x62f1fd48UL) - y[n - i]; \\
    }
LOOP(plain, "sse2")
LOOP(haswell, "avx2,fma")
LOOP(short_evex, "avx512f,avx512vl,avx512dq,prefer-vector-width=256")
LOOP(wide, "avx512f,avx512vl,avx512dq,prefer-vector-width=512")
"""


@pytest.mark.compiles
@pytest.mark.skipif(platform.machine() != "x86_64", reason="x86's instructions")
def test_compiled_loops_are_told_apart_as_by_objdump(tmp_path: Path) -> None:
    path = shared(tmp_path / "libloops.so", KERNELS, "-O3", "-ffast-math")
    symbols = elf_code.symbols(path)
    found = {}
    for name in ("plain", "haswell", "short_evex", "wide"):
        (code,) = symbols.code(name)
        text = run("objdump", "-d", "--no-show-raw-insn", f"--disassemble={name}", path)
        lines = re.findall(r"(?m)^ +([0-9a-f]+):\t", text)
        first = int(lines[0], 16)
        starts = {0, *(end for _, end in instructions(code))}
        assert {int(line, 16) - first for line in lines} <= starts
        found[name] = has_512_bit_vectors(code)
        assert found[name] == ("%zmm" in text)
    assert found == {"plain": False, "haswell": False, "short_evex": False, "wide": True}
