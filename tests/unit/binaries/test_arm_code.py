from __future__ import annotations

import struct

import pytest

from libwheel.binaries.arm_code import has_sve

RET, NEON, SVE, LOAD = 0xD65F03C0, 0x4E61D400, 0x65C10000, 0xA5E0A000  # fadd v, fadd z, ld1d z
SME = 0x80800000  # fmopa


def code(*words: int) -> bytes:
    return struct.pack(f"<{len(words)}I", *words)


@pytest.mark.parametrize("word", [SVE, LOAD, 0x04E0E3E0, 0x2518E3E0])  # cntd, ptrue
def test_sve_is_found_wherever_it_stands(word: int) -> None:
    assert has_sve(code(word))
    assert has_sve(code(NEON, word, RET))


@pytest.mark.parametrize("words", [(), (RET,), (NEON, RET), (SME,), (0, 0xFFFFFFFF)])
def test_what_is_no_sve(words: tuple[int, ...]) -> None:
    assert not has_sve(code(*words))


def test_bytes_are_not_looked_at_across_instructions() -> None:
    assert not has_sve(b"\0" + code(SVE) + b"\0\0\0")
