"""Looks up symbols with their machine code, exported or not, in the binaries of Linux."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from elftools.elf.sections import Section

from libwheel.binaries import elf
from libwheel.binaries.elf_tables import ElfImage

_TABLES = ("SHT_SYMTAB", "SHT_DYNSYM")
_UNDEFINED, _RESERVED = 0, 0xFF00  # SHN_UNDEF, SHN_LORESERVE
_CODE = (0, 2, 10)  # STT_NOTYPE, which assembler sources leave, STT_FUNC, STT_GNU_IFUNC
_EXECUTABLE = 4  # SHF_EXECINSTR


@dataclass(frozen=True)
class _Place:
    """Where a symbol is: an address and a size in bytes, in a section by its number."""

    kind: int
    section: int
    address: int
    size: int


@dataclass(frozen=True)
class SymbolTable:
    """The symbols of a file as it was linked; a stripped file has only those it exports."""

    image: ElfImage

    @cached_property
    def is_stripped(self) -> bool:
        return not any(section["sh_type"] == "SHT_SYMTAB" for section in self._sections)

    @property
    def names(self) -> frozenset[str]:
        """The names of the symbols that are defined here."""
        return frozenset(self._places)

    def code(self, name: str) -> tuple[bytes, ...]:
        """Return the machine code of each function of that name, which may have no bytes.

        A function without a size ends where the next symbol of its section begins.
        """
        return tuple(code for code in map(self._bytes, self._places.get(name, ())) if code)

    @cached_property
    def _sections(self) -> tuple[Section, ...]:
        return tuple(self.image.elf.iter_sections())

    @cached_property
    def _places(self) -> dict[str, tuple[_Place, ...]]:
        found: dict[str, tuple[_Place, ...]] = {}
        for section in self._sections:
            if section["sh_type"] in _TABLES:
                for name, place in self._defined(section):
                    if place not in found.get(name, ()):
                        found[name] = (*found.get(name, ()), place)
        return found

    def _defined(self, table: Section) -> Iterator[tuple[str, _Place]]:
        wide = self.image.is_wide
        form = struct.Struct(self.image.order + ("IBBHQQ" if wide else "IIIBBH"))
        strings = self._sections[table["sh_link"]].data()
        for fields in form.iter_unpack(table.data()):
            if wide:
                name, info, _, section, address, size = fields
            else:
                name, address, size, info, _, section = fields
            if name and _UNDEFINED < section < _RESERVED:
                text = strings[name : strings.index(0, name)].decode("utf-8", "replace")
                yield text, _Place(info & 0xF, section, address, size)

    def _bytes(self, place: _Place) -> bytes:
        section = self._sections[place.section]
        if place.kind not in _CODE or not section["sh_flags"] & _EXECUTABLE:
            return b""
        size = place.size or self._next(place) - place.address
        start = place.address - section["sh_addr"] + section["sh_offset"]
        return self.image.data[start : start + size]

    def _next(self, place: _Place) -> int:
        section = self._sections[place.section]
        end = int(section["sh_addr"] + section["sh_size"])
        others = (other for places in self._places.values() for other in places)
        later = (o.address for o in others if o.section == place.section)
        return min((address for address in later if address > place.address), default=end)


def symbols(path: Path) -> SymbolTable:
    """Read the symbols of a shared library."""
    return SymbolTable(elf.image(path))
