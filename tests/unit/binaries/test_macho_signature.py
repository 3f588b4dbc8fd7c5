from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass

import pytest

from libwheel.binaries.macho_signature import UNSIGNED, flaw

PAGE = 4096
CODE = bytes(range(256)) * 40  # two pages and a half
AT = 88  # where the hashes begin, in a directory of version 0x20400
HEAD = 20  # of a superblob with one part


@dataclass(frozen=True)
class Place:
    dataoff: int
    datasize: int


def directory(
    code: bytes, *, kind: int = 2, limit: int | None = None, magic: int = 0xFADE0C02
) -> bytes:
    algorithm, size = {1: (hashlib.sha1, 20), 2: (hashlib.sha256, 32)}.get(
        kind, (hashlib.sha256, 32)
    )
    pages = [code[at : at + PAGE] for at in range(0, len(code), PAGE)]
    hashes = b"".join(algorithm(page).digest() for page in pages)
    limit = len(code) if limit is None else limit
    length = AT + len(hashes)
    words = (magic, length, 0x20400, 2, AT, AT, 0, len(pages), limit)
    fields = struct.pack(">9I4B", *words, size, kind, 0, 12)
    return fields.ljust(AT, b"\0") + hashes


def signed(code: bytes, blob: bytes, magic: int = 0xFADE0CC0) -> tuple[bytes, Place]:
    whole = struct.pack(">5I", magic, HEAD + len(blob), 1, 0, HEAD) + blob
    return code + whole, Place(len(code), len(whole))


@pytest.mark.parametrize("kind", [1, 2])
def test_a_signature_of_these_bytes_has_no_flaw(kind: int) -> None:
    assert flaw(*signed(CODE, directory(CODE, kind=kind))) is None


def test_no_signature() -> None:
    assert flaw(CODE, None) is UNSIGNED


@pytest.mark.parametrize("at", [0, PAGE - 1, PAGE, len(CODE) - 1])
def test_each_byte_counts(at: int) -> None:
    data, place = signed(CODE, directory(CODE))
    changed = bytearray(data)
    changed[at] ^= 0x80
    found = flaw(bytes(changed), place)
    assert found
    assert f"the page at {at // PAGE * PAGE:#x} has another hash" in found


@pytest.mark.parametrize(
    ("blob", "words"),
    [
        (directory(CODE[:-1]), f"is signed for {len(CODE) - 1} bytes, and has {len(CODE)}"),
        (directory(CODE[:PAGE], limit=len(CODE)), "is signed in 1 pages, and has 3"),
        (directory(CODE, kind=9), "of an unknown kind"),
        (directory(CODE, magic=0), "of an unknown kind"),
    ],
)
def test_a_signature_of_other_bytes(blob: bytes, words: str) -> None:
    found = flaw(*signed(CODE, blob))
    assert found
    assert words in found


def test_a_signature_that_is_cut_off() -> None:
    data, place = signed(CODE, directory(CODE))
    assert flaw(data[:-1], place) == "has a code signature that is cut off"


def test_what_is_no_signature() -> None:
    with pytest.raises(ValueError, match="does not begin as one does"):
        flaw(*signed(CODE, directory(CODE), magic=1))
