"""Finds the vector instructions of aarch64 machine code.

Every instruction has four bytes, little-endian, so that there is nothing to walk. Bits 28 to 25 say
which group it is of, and 0010 is the Scalable Vector Extension (Arm Architecture Reference Manual
for A-profile, section C4.1, "A64 instruction set encoding"). Compilers put no data between the
instructions of a function.
"""

from __future__ import annotations

import struct

_WORD = struct.Struct("<I")
_GROUP, _SVE = 0xF << 25, 0b0010 << 25


def has_sve(code: bytes) -> bool:
    """Tell whether a function's machine code has an instruction of SVE, in any version of it."""
    whole = code[: len(code) // _WORD.size * _WORD.size]
    return any(word & _GROUP == _SVE for (word,) in _WORD.iter_unpack(whole))
