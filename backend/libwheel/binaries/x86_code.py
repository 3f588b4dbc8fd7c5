"""Finds the vector instructions of x86-64 machine code.

An instruction with 512-bit vectors (AVX-512) begins with the four bytes of an EVEX prefix: 0x62,
then `R X B R' 0 m m m`, `W v v v v 1 p p` and `z L' L b V' a a a`, where `mmm` names an opcode map
and `L'L` is 10 for 512 bits (Intel 64 and IA-32 Architectures Software Developer's Manual, volume
2, section 2.7, "Intel AVX-512 encoding"). The byte 0x62 alone says nothing, it may be in the
middle of another instruction. So the code is walked from instruction to instruction, for which
their lengths are enough (chapter 2 and the opcode maps of appendix A), and a prefix counts where
an instruction begins and its fixed bits are right.

Vectors of 256 bits have an EVEX prefix with 01, or a VEX prefix of two or three bytes, 0xC5 or
0xC4, whose last byte is `W v v v v L p p`, with L set (section 2.3, "Intel Advanced Vector
Extensions"). L is set in instructions on mask registers too, which are none on vectors.
"""

from __future__ import annotations

from collections.abc import Iterator

_PREFIXES = frozenset(b"\x26\x2e\x36\x3e\x64\x65\x66\x67\xf0\xf2\xf3")
_OPERAND_SIZE, _ADDRESS_SIZE, _REPEAT_NOT = 0x66, 0x67, 0xF2
_REX, _REX_W = range(0x40, 0x50), 0x8
_VEX_2, _VEX_3, _EVEX = 0xC5, 0xC4, 0x62
_XOP, _XOP_MAPS = 0x8F, (8, 9, 10)  # AMD's, encoded as VEX; POP where the map is another
_EVEX_MAPS = (1, 2, 3, 5, 6)
_BITS_256, _BITS_512 = 0b01, 0b10
_VEX_LONG = 0b100  # L
_REGISTER = 0b11  # ModRM.mod
_SIB, _NO_BASE = 4, 5  # ModRM.rm; the same or SIB.base, where mod is 0


def _span(*bounds: tuple[int, int]) -> frozenset[int]:
    return frozenset(code for first, last in bounds for code in range(first, last + 1))


# The opcodes of one byte: those with a ModRM byte, and how many bytes of immediate follow.
_ARITHMETIC = range(0, 0x40, 8)  # ADD, OR, ADC, SBB, AND, SUB, XOR, CMP
_INVALID = frozenset(
    b"\x06\x07\x0e\x16\x17\x1e\x1f\x27\x2f\x37\x3f\x60\x61\x82\x9a\xce\xd4\xd5\xd6\xea"
)
_MODRM = (
    frozenset(first + kind for first in _ARITHMETIC for kind in range(4))
    | _span((0x80, 0x8F), (0xD0, 0xD3), (0xD8, 0xDF))
    | frozenset(b"\x63\x69\x6b\xc0\xc1\xc6\xc7\xf6\xf7\xfe\xff")
)
_ONE_BYTE = (
    frozenset(first + 4 for first in _ARITHMETIC)
    | _span((0x70, 0x7F), (0xB0, 0xB7), (0xE0, 0xE7))
    | frozenset(b"\x6a\x6b\x80\x83\xa8\xc0\xc1\xc6\xcd\xeb\xf6")
)
_FIXED = {**dict.fromkeys(_ONE_BYTE, 1), 0xC2: 2, 0xCA: 2, 0xC8: 3, 0xE8: 4, 0xE9: 4}
_OF_OPERAND = frozenset(first + 5 for first in _ARITHMETIC) | frozenset(b"\x68\x69\x81\xa9\xc7\xf7")
_TEST = (0xF6, 0xF7)  # TEST where ModRM.reg is 0 or 1; the others have no immediate
_MOVE = _span((0xB8, 0xBF))  # the only ones with an immediate of 64 bits
_MOVE_OFFSET = _span((0xA0, 0xA3))

# The maps behind 0F, 0F 38 and 0F 3A are 1, 2 and 3; VEX and EVEX share them.
_ESCAPE, _ESCAPES = 0x0F, {0x38: 2, 0x3A: 3}
_WITH_IMMEDIATE = (3, 8)  # maps: every opcode has one, of a byte
_MAP_1_IMMEDIATE = _span((0x70, 0x73), (0xC4, 0xC6)) | frozenset(b"\x0f\xa4\xac\xba\xc2")
_LONG_BRANCH = _span((0x80, 0x8F))
_WITHOUT_MODRM = (
    _span((0x05, 0x09), (0x30, 0x37), (0xA0, 0xA2), (0xA8, 0xAA), (0xC8, 0xCF))
    | frozenset(b"\x0b\x0e\x77")
    | _LONG_BRANCH
)
_ZERO_UPPER = 0x77
_NOT_ON_VECTORS = (  # of VEX: those on mask registers, and what only clears
    _span((0x41, 0x4B), (0x90, 0x93), (0x98, 0x99)) | {_ZERO_UPPER}
)
_EXTRACT = 0x78  # SSE4a's, with two immediates


class _NotCodeError(Exception):
    """What is here is no instruction that is known."""


def has_512_bit_vectors(code: bytes) -> bool:
    """Tell whether a function's machine code has an instruction on 512-bit vectors.

    Where registers alone take part and the bit `b` is set, `L'L` is a rounding mode and not a
    length: such an instruction does not count.
    """
    return any(_has_length(code, start, _BITS_512) for start, _ in instructions(code))


def has_256_bit_vectors(code: bytes) -> bool:
    """Tell whether a function's machine code has an instruction on 256-bit vectors."""
    return any(
        _has_length(code, start, _BITS_256) or _is_long_vex(code, start)
        for start, _ in instructions(code)
    )


def instructions(code: bytes) -> Iterator[tuple[int, int]]:
    """Yield where each instruction begins, behind its legacy prefixes, and where it ends.

    What is no instruction is stepped over byte by byte.
    """
    at = 0
    while at < len(code):
        try:
            start = _behind_prefixes(code, at)
            end = _end(code, start, code[at:start])
        except (_NotCodeError, IndexError):  # IndexError: it would go on behind the code
            at += 1
            continue
        if end <= len(code):
            yield start, end
        at = end


def _has_length(code: bytes, start: int, length: int) -> bool:
    """Tell whether an instruction is EVEX's, on vectors of a length."""
    if code[start] != _EVEX:
        return False
    last, mod = code[start + 3], code[start + 5] >> 6
    is_rounding = bool(last & 0x10) and mod == _REGISTER
    return last >> 5 & 0b11 == length and not is_rounding


def _is_long_vex(code: bytes, start: int) -> bool:
    if code[start] not in (_VEX_2, _VEX_3):
        return False
    last = start + (1 if code[start] == _VEX_2 else 2)
    number = 1 if code[start] == _VEX_2 else code[start + 1] & 0x1F
    is_vector = number != 1 or code[last + 1] not in _NOT_ON_VECTORS
    return bool(code[last] & _VEX_LONG) and is_vector


def _behind_prefixes(code: bytes, at: int) -> int:
    while code[at] in _PREFIXES:
        at += 1
    return at


def _end(code: bytes, at: int, prefixes: bytes) -> int:
    first = code[at]
    if first == _EVEX:
        return _end_of_evex(code, at)
    if first in (_VEX_2, _VEX_3) or (first == _XOP and code[at + 1] & 0x1F in _XOP_MAPS):
        return _end_of_vex(code, at)
    rex = first if first in _REX else 0
    at += bool(rex)
    if code[at] == _ESCAPE:
        return _end_of_escape(code, at + 1, prefixes)
    return _end_of_one_byte(code, at, prefixes, is_wide=bool(rex & _REX_W))


def _end_of_evex(code: bytes, at: int) -> int:
    first, second, opcode = code[at + 1], code[at + 2], code[at + 4]
    number = first & 0b111
    if first & 0b1000 or not second & 0b100 or number not in _EVEX_MAPS:
        raise _NotCodeError
    return _behind_modrm(code, at + 5) + _has_immediate(number, opcode)


def _end_of_vex(code: bytes, at: int) -> int:
    number, at = (1, at + 2) if code[at] == _VEX_2 else (code[at + 1] & 0x1F, at + 3)
    opcode = code[at]
    if number == 1 and opcode == _ZERO_UPPER:
        return at + 1
    size = 4 if number == _XOP_MAPS[-1] else _has_immediate(number, opcode)
    return _behind_modrm(code, at + 1) + size


def _end_of_escape(code: bytes, at: int, prefixes: bytes) -> int:
    opcode = code[at]
    if opcode in _ESCAPES:
        return _behind_modrm(code, at + 2) + _has_immediate(_ESCAPES[opcode], code[at + 1])
    if opcode in _WITHOUT_MODRM:
        return at + (5 if opcode in _LONG_BRANCH else 1)
    if opcode == _EXTRACT and (_OPERAND_SIZE in prefixes or _REPEAT_NOT in prefixes):
        return _behind_modrm(code, at + 1) + 2
    return _behind_modrm(code, at + 1) + _has_immediate(1, opcode)


def _has_immediate(number: int, opcode: int) -> bool:
    """Tell whether a byte follows an opcode of the map of that number."""
    return number in _WITH_IMMEDIATE or (number == 1 and opcode in _MAP_1_IMMEDIATE)


def _end_of_one_byte(code: bytes, at: int, prefixes: bytes, *, is_wide: bool) -> int:
    opcode = code[at]
    if opcode in _INVALID:
        raise _NotCodeError
    end = _behind_modrm(code, at + 1) if opcode in _MODRM else at + 1
    if opcode in _TEST and code[at + 1] >> 3 & 0b110:
        return end
    return end + _immediate(opcode, prefixes, is_wide=is_wide)


def _immediate(opcode: int, prefixes: bytes, *, is_wide: bool) -> int:
    """Return how many bytes of immediate, branch or address an opcode of one byte has."""
    operand = 2 if _OPERAND_SIZE in prefixes and not is_wide else 4
    if opcode in _MOVE:
        return 8 if is_wide else operand
    if opcode in _MOVE_OFFSET:
        return 4 if _ADDRESS_SIZE in prefixes else 8
    return operand if opcode in _OF_OPERAND else _FIXED.get(opcode, 0)


def _behind_modrm(code: bytes, at: int) -> int:
    """Return what is behind a ModRM byte, the SIB byte and the displacement that it asks for."""
    mod, base = code[at] >> 6, code[at] & 0b111
    end = at + 1
    if mod != _REGISTER and base == _SIB:
        base = code[end] & 0b111
        end += 1
    displacement = (4 if base == _NO_BASE else 0, 1, 4, 0)[mod]
    return end + displacement
