"""Adds to the version nodes that an ELF file needs of other libraries (.gnu.version_r).

The table has no room to grow where it is. The longer one goes to the end of the file, and the
last loaded segment grows to hold it; patchelf has made that one, with no .bss in it. So does the
dynamic section where it lacks room for the tags of a first table: GNU ld leaves some, LLD none.
The loader finds the table by the dynamic tags; linkers, patchelf and auditwheel by its section.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from libwheel.binaries.elf_tables import ElfImage
from libwheel.errors import InternalError

_NEED, _NODE = "HHIII", "IHHII"  # Elfxx_Verneed, Elfxx_Vernaux
_ENTRY_SIZE = 16  # of either
_ALIGN = 8
_DT_NULL, _DT_VERNEED, _DT_VERNEEDNUM = 0, 0x6FFFFFFE, 0x6FFFFFFF
_SHT_GNU_VERDEF, _SHT_GNU_VERNEED, _SHT_DYNAMIC, _SHF_ALLOC = 0x6FFFFFFD, 0x6FFFFFFE, 6, 2
_SECTION_NAME = b".gnu.version_r"


@dataclass(frozen=True)
class NewNeed:
    """A node to need of a library; symbols name it by its index."""

    library: str
    node: str
    index: int


class _Section(NamedTuple):
    """A section header (Elfxx_Shdr)."""

    name: int
    kind: int
    flags: int
    address: int
    offset: int
    size: int
    link: int
    info: int
    align: int
    entry_size: int


@dataclass(frozen=True)
class _Format:
    """What differs between 32 and 64 bits: struct forms, and places in the structures."""

    word: str
    segment_places_at: int  # p_offset, p_vaddr, p_paddr in Elfxx_Phdr
    segment_sizes_at: int  # p_filesz, p_memsz, right behind them
    section: str  # Elfxx_Shdr
    section_table_at: int  # e_shoff in Elfxx_Ehdr
    section_count_at: int  # e_shnum


_FORMATS = {
    True: _Format("Q", 8, 32, "IIQQQQIIQQ", 0x28, 0x3C),
    False: _Format("I", 4, 16, "IIIIIIIIII", 0x20, 0x30),
}


def with_needs(image: ElfImage, new: Sequence[NewNeed]) -> bytes:
    """Return the file with the needed nodes added."""
    file = _File(image, bytearray(image.data))
    table, count = _table(image, new)
    offset, address = file.append_loaded(table)
    moved = file.set_tags({_DT_VERNEED: address, _DT_VERNEEDNUM: count})
    at = {"address": address, "offset": offset, "size": len(table), "info": count}
    file.set_sections({**moved, _SHT_GNU_VERNEED: at})
    return bytes(file.data)


def _table(image: ElfImage, new: Sequence[NewNeed]) -> tuple[bytes, int]:
    """Return the whole table, the old entries first, and how many libraries it names."""
    old = image.need_table
    data = bytearray(image.data[old.start : old.end] if old else b"")
    if old:
        last = old.last - old.start
        struct.pack_into(image.order + "I", data, last + 12, len(data) - last)
    for need in new:
        data += _entry(image, need, is_last=need is new[-1])
    return bytes(data), (image.tag("DT_VERNEEDNUM") or 0) + len(new)


def _entry(image: ElfImage, need: NewNeed, *, is_last: bool) -> bytes:
    libraries = {image.string(at): at for tag, at in image.tags if tag == "DT_NEEDED"}
    names = {node.name: node.name_at for node in image.definitions}
    step = 0 if is_last else 2 * _ENTRY_SIZE
    head = (1, 1, libraries[need.library], _ENTRY_SIZE, step)
    node = (sysv_hash(need.node), 0, need.index, names[need.node], 0)
    return struct.pack(image.order + _NEED, *head) + struct.pack(image.order + _NODE, *node)


def sysv_hash(name: str) -> int:
    """Return the hash of the System V ABI."""
    value = 0
    for byte in name.encode():
        value = (value << 4) + byte
        value = (value ^ (value >> 24 & 0xF0)) & 0x0FFFFFFF
    return value


@dataclass(frozen=True)
class _File:
    """The bytes that are changed, and how they were laid out at first."""

    image: ElfImage
    data: bytearray

    @property
    def format(self) -> _Format:
        return _FORMATS[self.image.is_wide]

    def _pack(self, form: str, offset: int, *values: int) -> None:
        struct.pack_into(self.image.order + form, self.data, offset, *values)

    def _append(self, content: bytes) -> int:
        self.data.extend(b"\0" * (-len(self.data) % _ALIGN) + content)
        return len(self.data) - len(content)

    def append_loaded(self, content: bytes) -> tuple[int, int]:
        """Put `content` at the end of the last loaded segment; return its offset and address."""
        number, segment = self._last_loaded()
        offset = self._append(content)
        size = len(self.data) - segment["p_offset"]
        at = self._segment_at(number) + self.format.segment_sizes_at
        self._pack(2 * self.format.word, at, size, size)
        return offset, segment["p_vaddr"] + offset - segment["p_offset"]

    def _last_loaded(self) -> tuple[int, Any]:
        loaded = [
            (number, segment.header)
            for number, segment in enumerate(self.image.elf.iter_segments())
            if segment["p_type"] == "PT_LOAD"
        ]
        number, last = max(loaded, key=lambda pair: pair[1]["p_vaddr"])
        if last["p_filesz"] != last["p_memsz"]:
            raise InternalError("the last loaded segment of an ELF file cannot grow")
        return number, last

    def set_tags(self, values: Mapping[int, int]) -> Mapping[int, Mapping[str, int]]:
        """Set dynamic tags, in the place of unused ones where they are not there yet.

        Returns what has to change in the header of the dynamic section: nothing where it stays.
        """
        segment = next(self.image.elf.iter_segments("PT_DYNAMIC"))
        start, size = segment["p_offset"], segment["p_filesz"]
        table = bytes(self.data[start : start + size])
        tags = self._tags(table)
        lacking = sum(tag not in tags for tag in values)
        if lacking < len(tags) - tags.index(_DT_NULL):  # the last one stays
            self._write_tags(start, size, values)
            return {}
        place = self._move_tags(table + bytes(lacking * self._tag_size))
        self._write_tags(place["offset"], place["size"], values)
        return {_SHT_DYNAMIC: place}

    def _move_tags(self, table: bytes) -> Mapping[str, int]:
        """Put the dynamic tags at the end of the file, and let their segment say where they are."""
        offset, address = self.append_loaded(table)
        kinds = [segment["p_type"] for segment in self.image.elf.iter_segments()]
        at = self._segment_at(kinds.index("PT_DYNAMIC")) + self.format.segment_places_at
        self._pack(5 * self.format.word, at, offset, address, address, len(table), len(table))
        return {"address": address, "offset": offset, "size": len(table)}

    def _segment_at(self, number: int) -> int:
        return int(self.image.elf["e_phoff"] + number * self.image.elf["e_phentsize"])

    @property
    def _tag_size(self) -> int:
        return 2 * struct.calcsize(self.format.word)

    def _write_tags(self, start: int, size: int, values: Mapping[int, int]) -> None:
        for tag, value in values.items():
            tags = self._tags(self.data[start : start + size])
            number = tags.index(tag if tag in tags else _DT_NULL)
            self._pack(2 * self.format.word, start + number * self._tag_size, tag, value)

    def _tags(self, table: bytes | bytearray) -> list[int]:
        form = self.image.order + 2 * self.format.word
        return [tag for tag, _ in struct.iter_unpack(form, table)]

    def set_sections(self, moved: Mapping[int, Mapping[str, int]]) -> None:
        """Let section headers say what has changed, by their kind; that of the table may be new."""
        headers = self._sections()
        if not any(header.kind == _SHT_GNU_VERNEED for header in headers):
            headers.append(self._new_section(headers))
        self._write_sections([one._replace(**moved.get(one.kind, {})) for one in headers])

    def _sections(self) -> list[_Section]:
        elf = self.image.elf
        start, count, size = elf["e_shoff"], elf["e_shnum"], elf["e_shentsize"]
        places = range(start, start + count * size, size)
        return [_Section(*self.image.unpack(self.format.section, place)) for place in places]

    def _new_section(self, headers: list[_Section]) -> _Section:
        """Make a header, and append its name to a new table of section names."""
        number = self.image.elf["e_shstrndx"]
        names = headers[number]
        old = self.image.data[names.offset : names.offset + names.size]
        offset = self._append(old + _SECTION_NAME + b"\0")
        headers[number] = names._replace(offset=offset, size=len(self.data) - offset)
        strings = next(header.link for header in headers if header.kind == _SHT_GNU_VERDEF)
        kind, align = _SHT_GNU_VERNEED, _ALIGN
        return _Section(len(old), kind, _SHF_ALLOC, 0, 0, 0, strings, 0, align, 0)

    def _write_sections(self, headers: list[_Section]) -> None:
        table = b"".join(struct.pack(self.image.order + self.format.section, *h) for h in headers)
        at = self._append(table)
        self._pack(self.format.word, self.format.section_table_at, at)
        self._pack("H", self.format.section_count_at, len(headers))
