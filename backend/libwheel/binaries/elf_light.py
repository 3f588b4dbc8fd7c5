"""A quick look at ELF files, for hundreds at a time: what the loader asks, and strong names.

`elf` reads everything in one of them; this reads the few tables that it needs where they are.
The structures are those of the System V ABI and of the GNU hash section.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

from libwheel.binaries.elf import MAGIC
from libwheel.errors import BuildError

_NEEDED, _HASH, _STRINGS, _SYMBOLS, _STRINGS_SIZE, _SONAME, _RPATH = 1, 4, 5, 6, 10, 14, 15
_RUNPATH, _GNU_HASH, _VERDEF = 29, 0x6FFFFEF5, 0x6FFFFFFC
_PT_LOAD, _PT_DYNAMIC = 1, 2
_GLOBAL = 1  # STB_GLOBAL: weak and unique ones are what any user of a C++ header has
_VISIBLE = (0, 3)  # STV_DEFAULT, STV_PROTECTED
_BASE = 1  # VER_FLG_BASE: not a node, the file's own name
_NOWHERE = (0, 0xFFF1)  # undefined; absolute, as the linker makes one for each version node
_ORDERS = {1: "<", 2: ">"}


class Machine(NamedTuple):
    """What the loader compares before it takes a file: EI_CLASS, EI_DATA, e_machine."""

    bits: int
    order: int
    number: int


@dataclass(frozen=True)
class Glance:
    """What the dynamic section says.

    A RUNPATH, be it empty, makes the RPATH void, and the loaders' RPATHs too; `runpath` is None
    where there is none. An empty part of either is the current folder; one of no parts at all
    names no folder.
    """

    machine: Machine
    soname: str
    needed: tuple[str, ...]
    rpath: tuple[str, ...]
    runpath: tuple[str, ...] | None


def glance(path: Path) -> Glance:
    """Return what the dynamic section says; BuildError where the file is damaged or no ELF."""
    with _opened(path) as image:
        runpath = image.texts(_RUNPATH)
        return Glance(
            machine=image.machine,
            soname=next(iter(image.texts(_SONAME)), ""),
            needed=image.texts(_NEEDED),
            rpath=() if runpath else _folders(image.texts(_RPATH)),
            runpath=_folders(runpath) if runpath else None,
        )


def is_static(path: Path) -> bool:
    """Tell whether the file has no dynamic section, as no static program; BuildError as above."""
    with _opened(path) as image:
        return not any(kind == _PT_DYNAMIC for kind, *_ in image.segments)


def strong_exports(path: Path) -> frozenset[str]:
    """Return the names of the global symbols that others can link to; BuildError as above."""
    with _opened(path) as image:
        return frozenset(image.strong_exports())


def imports(path: Path) -> frozenset[str]:
    """Return the names of the symbols that others must define; BuildError as above."""
    with _opened(path) as image:
        return frozenset(image.imports())


def version_nodes(path: Path) -> tuple[str, ...]:
    """Return the version nodes that the file defines; BuildError as above."""
    with _opened(path) as image:
        return tuple(image.version_nodes())


@contextmanager
def _opened(path: Path) -> Iterator[_Image]:
    try:
        with (
            path.open("rb") as stream,
            mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data,
        ):
            yield _Image(data)
    except (OSError, struct.error, ValueError, LookupError, OverflowError, MemoryError) as error:
        raise BuildError(f"{path}: is not a sound ELF file: {error}") from error


def _folders(paths: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(folder for path in paths if path for folder in path.split(":"))


class _Format(NamedTuple):
    """What differs between 32 and 64 bits: struct forms, and which of their fields count."""

    program_table: str  # e_phoff, e_phentsize, e_phnum, with what is between them
    segment: str
    segment_fields: tuple[int, int, int]  # p_offset, p_vaddr, p_filesz
    tag: str
    symbol: str
    symbol_fields: tuple[int, int, int]  # st_info, st_other, st_shndx
    bloom_word: int  # bytes


_FORMATS = {
    1: _Format("28xI10xHH", "IIIIIIII", (1, 2, 4), "iI", "IIIBBH", (3, 4, 5), 4),
    2: _Format("32xQ14xHH", "IIQQQQQQ", (2, 3, 5), "qQ", "IBBHQQ", (1, 2, 3), 8),
}


@dataclass(frozen=True)
class _Image:
    data: mmap.mmap

    @cached_property
    def machine(self) -> Machine:
        if self.data[: len(MAGIC)] != MAGIC or self.data[5] not in _ORDERS:
            raise ValueError("it does not begin as one does")
        order = _ORDERS[self.data[5]]
        return Machine(
            self.data[4], self.data[5], struct.unpack_from(order + "H", self.data, 18)[0]
        )

    @cached_property
    def format(self) -> _Format:
        return _FORMATS[self.machine.bits]

    def unpack(self, form: str, offset: int) -> tuple[int, ...]:
        return struct.unpack_from(_ORDERS[self.machine.order] + form, self.data, offset)

    @cached_property
    def segments(self) -> tuple[tuple[int, int, int, int], ...]:
        """The kind, offset, address and size in the file of each."""
        start, step, count = self.unpack(self.format.program_table, 0)
        offset, address, size = self.format.segment_fields
        found = (self.unpack(self.format.segment, start + n * step) for n in range(count))
        return tuple((f[0], f[offset], f[address], f[size]) for f in found)

    @cached_property
    def tags(self) -> tuple[tuple[int, int], ...]:
        form = struct.Struct(_ORDERS[self.machine.order] + self.format.tag)
        for kind, offset, _, size in self.segments:
            if kind == _PT_DYNAMIC:
                table = self.data[offset : offset + size]
                pairs = form.iter_unpack(table[: len(table) // form.size * form.size])
                return tuple(takewhile(lambda pair: pair[0] != 0, pairs))
        raise ValueError("it has no dynamic section")

    def tag(self, wanted: int) -> int | None:
        return next((value for tag, value in self.tags if tag == wanted), None)

    def place(self, wanted: int) -> int | None:
        """Return the offset of the table whose address a tag holds."""
        address = self.tag(wanted)
        if address is None:
            return None
        for kind, offset, start, size in self.segments:
            if kind == _PT_LOAD and start <= address < start + size:
                return address - start + offset
        raise ValueError("a table is outside of the file")

    @cached_property
    def strings(self) -> bytes:
        start = self.place(_STRINGS)
        if start is None:
            raise ValueError("it has no dynamic string table")
        return self.data[start : start + (self.tag(_STRINGS_SIZE) or 0)]

    def string(self, offset: int) -> str:
        return self.strings[offset : self.strings.index(0, offset)].decode("utf-8", "replace")

    def texts(self, wanted: int) -> tuple[str, ...]:
        return tuple(self.string(value) for tag, value in self.tags if tag == wanted)

    def strong_exports(self) -> Iterator[str]:
        info, other, section = self.format.symbol_fields
        for fields in self.symbols(*self.numbers()):
            is_strong = fields[info] >> 4 == _GLOBAL
            is_here = fields[section] not in _NOWHERE
            if is_strong and is_here and fields[other] & 3 in _VISIBLE:
                yield self.string(fields[0])

    def imports(self) -> Iterator[str]:
        """Yield what is undefined: before the first exported one, where the table is sorted so."""
        first, end = self.numbers()
        section = self.format.symbol_fields[2]
        for fields in self.symbols(1, first if first > 1 else end):
            if fields[section] == 0:
                yield self.string(fields[0])

    def symbols(self, first: int, end: int) -> Iterator[tuple[int, ...]]:
        """Yield the entries of the symbol table from one number to before another."""
        start = self.place(_SYMBOLS)
        if start is None:
            return
        form = struct.Struct(_ORDERS[self.machine.order] + self.format.symbol)
        yield from form.iter_unpack(self.data[start + form.size * first : start + form.size * end])

    def version_nodes(self) -> Iterator[str]:
        at, following = self.place(_VERDEF) or 0, 1
        while at and following:
            flags, first_name, following = self.unpack("2xH8xII", at)
            if not flags & _BASE:
                yield self.string(self.unpack("I", at + first_name)[0])
            at += following

    def numbers(self) -> tuple[int, int]:
        """Return the numbers of the first exported symbol and of the one behind the last."""
        gnu = self.place(_GNU_HASH)
        if gnu is None:
            plain = self.place(_HASH)
            return 1, self.unpack("II", plain)[1] if plain is not None else 1
        count, first, bloom, _ = self.unpack("IIII", gnu)
        buckets = gnu + 16 + bloom * self.format.bloom_word
        last = max(self.unpack(f"{count}I", buckets), default=0)
        if last < first:
            return first, first
        chains = buckets + 4 * count
        while not self.unpack("I", chains + 4 * (last - first))[0] & 1:
            last += 1
        return first, last + 1
