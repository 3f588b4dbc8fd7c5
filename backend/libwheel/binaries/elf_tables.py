"""The dynamic segment of an ELF file and the tables that it points to, as the loader sees them.

Section headers are not looked at: they can be stripped, and patchelf moves what they describe.
The structures are those of the System V ABI, the versions those of the Linux Standard Base
(https://refspecs.linuxfoundation.org/LSB_5.0.0/LSB-Core-generic/LSB-Core-generic/symversion.html).
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from elftools.elf.dynamic import DynamicSegment
from elftools.elf.elffile import ELFFile
from elftools.elf.segments import Segment

VERSION_GLOBAL = 1  # below it: local
VERSION_HIDDEN = 0x8000  # not the default version of its name

_BINDS = {1: "global", 2: "weak", 10: "unique"}
_VISIBLE = (0, 3)  # STV_DEFAULT, STV_PROTECTED
_UNDEFINED, _ABSOLUTE = 0, 0xFFF1
_WIDE = 64  # bits
_BASE = 1  # VER_FLG_BASE: names the file itself


@dataclass(frozen=True)
class Entry:
    """One entry of the dynamic symbol table; `version` is its raw one of .gnu.version."""

    name: str
    bind: str
    visible: bool
    section: int
    version: int

    @property
    def version_index(self) -> int:
        return self.version & ~VERSION_HIDDEN

    @property
    def is_default(self) -> bool:
        return not self.version & VERSION_HIDDEN

    @property
    def is_import(self) -> bool:
        return self.section == _UNDEFINED and bool(self.name) and bool(self.bind)


@dataclass(frozen=True)
class Definition:
    """A version node that the file defines."""

    index: int
    name: str
    name_at: int  # in the dynamic string table
    is_base: bool


@dataclass(frozen=True)
class Need:
    """A version node that the file needs of a library."""

    index: int
    name: str
    library: str


@dataclass(frozen=True)
class Table:
    """Where linked entries are: the first one, the last one, and behind them all."""

    start: int
    last: int
    end: int


@dataclass(frozen=True)
class ElfImage:
    """An ELF file's bytes; offsets are into them."""

    data: bytes

    @cached_property
    def elf(self) -> ELFFile:
        return ELFFile(io.BytesIO(self.data))

    @cached_property
    def order(self) -> str:
        return "<" if self.elf.little_endian else ">"

    @property
    def is_wide(self) -> bool:
        return self.elf.elfclass == _WIDE

    @cached_property
    def _all_segments(self) -> tuple[Segment, ...]:
        return tuple(self.elf.iter_segments())  # it makes them anew, slowly, each time

    def segments(self, kind: str) -> tuple[Segment, ...]:
        """Return the segments of a type, such as ``PT_LOAD``."""
        return tuple(found for found in self._all_segments if found["p_type"] == kind)

    @cached_property
    def _dynamic(self) -> DynamicSegment | None:
        segments = self.segments("PT_DYNAMIC")
        return next((found for found in segments if isinstance(found, DynamicSegment)), None)

    @property
    def is_dynamic(self) -> bool:
        """Whether there is a dynamic segment, with something in it."""
        return self._dynamic is not None and bool(self._dynamic["p_filesz"])

    @property
    def dynamic(self) -> DynamicSegment:
        if self._dynamic is None:
            raise ValueError("it has no dynamic segment")
        return self._dynamic

    @cached_property
    def tags(self) -> tuple[tuple[str | int, int], ...]:
        """The dynamic tags up to DT_NULL, by pyelftools' names, with their values."""
        return tuple((tag["d_tag"], tag["d_val"]) for tag in self.dynamic.iter_tags())

    def tag(self, name: str) -> int | None:
        return next((value for tag, value in self.tags if tag == name), None)

    def offset_of(self, tag: str) -> int | None:
        """Return the file offset of the table whose address a tag holds."""
        address = self.tag(tag)
        if address is None:
            return None
        offsets = (
            address - found["p_vaddr"] + found["p_offset"]
            for found in self.segments("PT_LOAD")
            if found["p_vaddr"] <= address < found["p_vaddr"] + found["p_filesz"]
        )
        return next(offsets, None)

    def unpack(self, form: str, offset: int) -> tuple[Any, ...]:
        return struct.unpack_from(self.order + form, self.data, offset)

    def string(self, offset: int) -> str:
        """Return the string at an offset of the dynamic string table."""
        start = self._strings + offset
        return self.data[start : self.data.index(0, start)].decode("utf-8", "replace")

    @cached_property
    def _strings(self) -> int:
        offset = self.offset_of("DT_STRTAB")
        if offset is None:
            raise ValueError("no dynamic string table")
        return offset

    @cached_property
    def symbols(self) -> tuple[Entry, ...]:
        start = self.offset_of("DT_SYMTAB")
        if start is None:
            return ()
        wide = self.is_wide
        form = struct.Struct(self.order + ("IBBHQQ" if wide else "IIIBBH"))
        table = self.data[start : start + form.size * self._count]
        fields = form.iter_unpack(table)
        picked = ((f[0], f[1], f[2], f[3]) if wide else (f[0], f[3], f[4], f[5]) for f in fields)
        return tuple(
            Entry(
                name=self.string(name),
                bind=_BINDS.get(info >> 4, ""),
                visible=other & 3 in _VISIBLE,
                section=section,
                version=version,
            )
            for (name, info, other, section), version in zip(picked, self._versions(), strict=False)
        )

    def _versions(self) -> Iterator[int]:
        start = self.offset_of("DT_VERSYM")
        if start is None:
            return iter([VERSION_GLOBAL] * self._count)
        return iter(self.unpack(f"{self._count}H", start))

    @cached_property
    def _count(self) -> int:
        return int(self.dynamic.num_symbols())

    def exports(self) -> Iterator[tuple[int, Entry]]:
        """Yield number and entry of each symbol that others can link to.

        Linkers make an absolute symbol for each version node, of the same name; it is none.
        """
        nodes = {definition.name for definition in self.definitions}
        for number, entry in enumerate(self.symbols):
            is_node = entry.section == _ABSOLUTE and entry.name in nodes
            if entry.bind and entry.visible and entry.section != _UNDEFINED and not is_node:
                yield number, entry

    def imports(self) -> Iterator[tuple[int, Entry]]:
        """Yield number and entry of each symbol that others must define."""
        for number, entry in enumerate(self.symbols):
            if entry.is_import:
                yield number, entry

    @cached_property
    def definitions(self) -> tuple[Definition, ...]:
        """The version nodes of .gnu.version_d."""
        found = []
        for at in self._chain("DT_VERDEF", "DT_VERDEFNUM", 16):
            flags, index, _, _, aux = self.unpack("2xHHHII", at)
            (name_at,) = self.unpack("I", at + aux)
            found.append(Definition(index, self.string(name_at), name_at, bool(flags & _BASE)))
        return tuple(found)

    @cached_property
    def needs(self) -> tuple[Need, ...]:
        """The version nodes of .gnu.version_r."""
        return tuple(
            Need(index & ~VERSION_HIDDEN, self.string(name), self.string(library))
            for library, aux in self._needed_nodes()
            for index, name in [self.unpack("6xHI", aux)]
        )

    def _needed_nodes(self) -> Iterator[tuple[int, int]]:
        """Yield the name of the library, as an offset, and the place of each node."""
        for at in self._chain("DT_VERNEED", "DT_VERNEEDNUM", 12):
            count, library, aux = self.unpack("2xHII", at)
            place = at + aux
            for _ in range(count):
                yield library, place
                place += self.unpack("I", place + 12)[0]

    @cached_property
    def need_table(self) -> Table | None:
        places = list(self._chain("DT_VERNEED", "DT_VERNEEDNUM", 12))
        if not places:
            return None
        nodes = [place for _, place in self._needed_nodes()]
        return Table(places[0], places[-1], 16 + max(places + nodes))

    def _chain(self, tag: str, count_tag: str, next_at: int) -> Iterator[int]:
        """Yield the place of each entry of a table whose entries hold the step to the next."""
        place = self.offset_of(tag)
        if place is None:
            return
        for _ in range(self.tag(count_tag) or 0):
            yield place
            step = self.unpack("I", place + next_at)[0]
            if not step:
                return
            place += step
