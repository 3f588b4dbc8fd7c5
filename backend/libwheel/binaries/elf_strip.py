"""Strip an ELF file: what is not mapped into memory goes, symbols and debug information.

The same file always gives the same bytes, and a stripped one stays as it is. Nothing that is mapped
moves. ELF of 64 bits, little endian: every target that has a name.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from libwheel.errors import BuildError

_MAGIC = b"\x7fELF\x02\x01"  # 64 bits, little endian
_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
_SEGMENT = struct.Struct("<IIQQQQQQ")
_SECTION = struct.Struct("<IIQQQQIIQQ")
_SYMBOL = struct.Struct("<IBBHQQ")

_ALLOCATED, _INFO_IS_SECTION = 0x2, 0x40
_STRTAB, _NOBITS, _DYNSYM = 3, 8, 11
_RESERVED = 0xFF00  # section numbers from here on mean something else
_NAMES = b".shstrtab"


@dataclass(frozen=True)
class _Section:
    """A section header, with its name, and its number in the file that is read."""

    number: int
    name: bytes
    type: int
    flags: int
    address: int
    offset: int
    size: int
    link: int
    info: int
    alignment: int
    entry_size: int

    @property
    def end(self) -> int:
        """Where its bytes end in the file."""
        return self.offset + (0 if self.type == _NOBITS else self.size)

    @property
    def info_is_section(self) -> bool:
        return bool(self.flags & _INFO_IS_SECTION)


def strip(path: Path) -> None:
    """Strip the file, whose mode stays; raises BuildError for a file of another kind."""
    data = path.read_bytes()
    found = stripped(data, str(path))
    if found != data:
        path.write_bytes(found)


def stripped(data: bytes, name: str) -> bytes:
    """Return the bytes of the stripped file; `name` is for errors."""
    if data[: len(_MAGIC)] != _MAGIC:
        raise BuildError(f"{name} cannot be stripped: it is no 64-bit little-endian ELF file")
    header = _HEADER.unpack_from(data)
    first, count = header[5], header[10]
    segments = [_SEGMENT.unpack_from(data, first + n * _SEGMENT.size) for n in range(count)]
    kept = [one for one in _sections(data, header) if one.flags & _ALLOCATED]
    mapped = [
        (0, _HEADER.size),
        (first, first + count * _SEGMENT.size),
        *((one[2], one[2] + one[5]) for one in segments),
        *((one.offset, one.end) for one in kept),
    ]
    body = bytearray(max(end for _, end in mapped))
    for start, end in mapped:
        body[start:end] = data[start:end]
    _renumber_symbols(body, kept)
    return _with_headers(bytes(body), header, kept)


def _sections(data: bytes, header: tuple[int, ...]) -> list[_Section]:
    """Return all sections but the first, which is none."""
    start, count, of_names = header[6], header[12], header[13]
    raw = [_SECTION.unpack_from(data, start + n * _SECTION.size) for n in range(count)]
    names = data[raw[of_names][4] :] if raw else b""
    return [
        _Section(number, names[one[0] : names.index(b"\0", one[0])], *one[1:])
        for number, one in enumerate(raw)
        if number
    ]


def _numbers(kept: Iterable[_Section]) -> Mapping[int, int]:
    return {0: 0, **{one.number: new for new, one in enumerate(kept, 1)}}


def _renumber_symbols(body: bytearray, kept: list[_Section]) -> None:
    numbers = _numbers(kept)
    for table in (one for one in kept if one.type == _DYNSYM):
        for place in range(table.offset, table.end, _SYMBOL.size):
            (section,) = struct.unpack_from("<H", body, place + 6)
            if section < _RESERVED:
                struct.pack_into("<H", body, place + 6, numbers.get(section, 0))


def _with_headers(body: bytes, header: tuple[int, ...], kept: list[_Section]) -> bytes:
    """Append the names of the sections and their headers."""
    numbers = _numbers(kept)
    names = b"\0" + b"".join(one.name + b"\0" for one in kept) + _NAMES + b"\0"
    own = _Section(0, _NAMES, _STRTAB, 0, 0, len(body), len(names), 0, 0, 1, 0)
    linked = [
        replace(
            one,
            link=numbers.get(one.link, 0),
            info=numbers.get(one.info, 0) if one.info_is_section else one.info,
        )
        for one in kept
    ]
    start = -(-own.end // 8) * 8
    table = b"".join(_packed([*linked, own]))
    end = (*header[:6], start, *header[7:12], len(kept) + 2, len(kept) + 1)
    return _HEADER.pack(*end) + body[_HEADER.size :] + names.ljust(start - len(body), b"\0") + table


def _packed(sections: Iterable[_Section]) -> Iterator[bytes]:
    yield bytes(_SECTION.size)
    place = 1
    for one in sections:
        yield _SECTION.pack(
            place,
            *(one.type, one.flags, one.address, one.offset, one.size),
            *(one.link, one.info, one.alignment, one.entry_size),
        )
        place += len(one.name) + 1
