"""Checks the code signature of a Mach-O file: that it is there, and of these very bytes.

The kernel refuses a page whose hash is another than the signature's; an Apple silicon Mac refuses
a file without one. What is checked is what the kernel checks of an ad-hoc signature, which is all
that a linker can make: no certificates. The structures are those of Apple's <kern/cs_blobs.h>,
big-endian whatever the machine.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator, Mapping
from typing import NamedTuple, Protocol

UNSIGNED = "has no code signature"

_EMBEDDED, _DIRECTORY = 0xFADE0CC0, 0xFADE0C02  # CSMAGIC_EMBEDDED_SIGNATURE, _CODEDIRECTORY
_SLOTS = (0, *range(0x1000, 0x1005))  # the CodeDirectory and its alternatives
_LONG_LIMIT_SINCE = 0x20300
# By the number in the CodeDirectory: the algorithm, and how many bytes of it are kept.
_HASHES: Mapping[int, tuple[str, int]] = {
    1: ("sha1", 20),
    2: ("sha256", 32),
    3: ("sha256", 20),
    4: ("sha384", 48),
}


class Place(Protocol):
    """The load command LC_CODE_SIGNATURE."""

    @property
    def dataoff(self) -> int: ...

    @property
    def datasize(self) -> int: ...


class _Directory(NamedTuple):
    """A CodeDirectory's beginning."""

    magic: int
    length: int
    version: int
    flags: int
    hashes_at: int
    identifier_at: int
    special_slots: int
    slots: int
    limit: int
    hash_size: int
    hash_kind: int
    platform: int
    page_bits: int


_FORM = struct.Struct(">9I4B")


def flaw(data: bytes, place: Place | None) -> str | None:
    """Return what is wrong with the signature of a file; None: nothing is.

    Raises struct.error or ValueError where it cannot be read.
    """
    if place is None:
        return UNSIGNED
    blob = data[place.dataoff : place.dataoff + place.datasize]
    if len(blob) != place.datasize:
        return "has a code signature that is cut off"
    directories = list(_directories(blob))
    if not directories:
        return "has a code signature without a CodeDirectory"
    found = (_flaw_of(data[: place.dataoff], directory) for directory in directories)
    return next((text for text in found if text), None)


def _directories(blob: bytes) -> Iterator[bytes]:
    magic, _, count = struct.unpack_from(">3I", blob)
    if magic != _EMBEDDED:
        raise ValueError("its code signature does not begin as one does")
    for number in range(count):
        slot, start = struct.unpack_from(">2I", blob, 12 + 8 * number)
        if slot in _SLOTS:
            yield blob[start:]


def _flaw_of(code: bytes, blob: bytes) -> str | None:
    found = _Directory(*_FORM.unpack_from(blob))
    if found.magic != _DIRECTORY or found.hash_kind not in _HASHES:
        return "has a code signature of an unknown kind"
    limit = _limit(found, blob)
    if limit != len(code):
        return f"is signed for {limit} bytes, and has {len(code)} before the signature"
    algorithm, size = _HASHES[found.hash_kind]
    page = 1 << found.page_bits if found.page_bits else max(len(code), 1)
    starts = range(0, len(code), page)
    if found.slots != len(starts) or found.hash_size != size:
        return f"is signed in {found.slots} pages, and has {len(starts)}"
    for number, start in enumerate(starts):
        at = found.hashes_at + number * size
        digest = hashlib.new(algorithm, code[start : start + page]).digest()
        if digest[:size] != blob[at : at + size]:
            return (
                f"was changed after it was signed: the page at {start:#x} has another hash than "
                "its code signature says"
            )
    return None


def _limit(found: _Directory, blob: bytes) -> int:
    """Return how many bytes are signed."""
    if found.version >= _LONG_LIMIT_SINCE:
        (long,) = struct.unpack_from(">Q", blob, _FORM.size + 16)
        return int(long) or found.limit
    return found.limit
