"""Reads Mach-O, the binaries of macOS.

The structures are those of Apple's <mach-o/loader.h> and <mach-o/nlist.h>. macholib reads the
load commands; the tables that they point to are read here. What is exported is taken from the
trie that dyld looks into, and what is imported from the symbol table, whose undefined symbols say
from which library: they stay when a library is stripped.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from macholib import mach_o
from macholib.MachO import MachO, MachOHeader

from libwheel.binaries import macho_signature
from libwheel.binaries.binary import Binary, Import, Symbol
from libwheel.errors import BuildError
from libwheel.target import Format, Version

_DAMAGE = (
    *(struct.error, ValueError, LookupError, TypeError, AttributeError, AssertionError),
    *(ArithmeticError, MemoryError, RecursionError, OSError),
)

_ARCHES = {0x01000007: "x86_64", 0x0100000C: "aarch64", 0x7: "i686", 0xC: "armv7l"}
_LOADED = {mach_o.MH_EXECUTE, mach_o.MH_DYLIB, mach_o.MH_BUNDLE}
_MUST_BE_SIGNED = "aarch64"

_ALLOW_STACK_EXECUTION, _BIND_AT_LOAD, _PIE = 0x20000, 0x8, 0x200000  # of the header's flags
_READ_ONLY_LATER = 0x10  # SG_READ_ONLY, of a segment's flags
_WRITABLE = 0x2  # VM_PROT_WRITE
_RELOCATIONS = 0x300  # S_ATTR_EXT_RELOC and S_ATTR_LOC_RELOC, of a section's flags
_NON_LAZY, _LAZY = 6, 7  # sections of pointers to symbols, by the type in their flags
_DYLIBS = {
    *(mach_o.LC_LOAD_DYLIB, mach_o.LC_LOAD_WEAK_DYLIB, mach_o.LC_REEXPORT_DYLIB),
    *(mach_o.LC_LAZY_LOAD_DYLIB, mach_o.LC_LOAD_UPWARD_DYLIB),
}
_EXPORT_TABLES = (mach_o.LC_DYLD_INFO, mach_o.LC_DYLD_INFO_ONLY)
_UNDEFINED, _EXTERNAL, _TYPE, _STAB = 0x0, 0x1, 0xE, 0xE0  # of n_type
_WEAK_REFERENCE = 0x40  # of n_desc
_BY_RPATH = "@rpath/"


def read_any(data: bytes, name: str) -> Binary | None:
    """Read the bytes of a Mach-O file; None where it is none that dyld loads.

    Raises BuildError, with the file's `name`, where it is damaged or for several machines.
    """
    try:
        headers = _Bytes(data).headers
        if len(headers) == 1:
            found = _Image(data[headers[0].offset :], headers[0])
            return _binary(found) if found.kind in _LOADED else None
    except _DAMAGE as error:
        raise BuildError(f"{name}: is not a sound Mach-O file: {error}") from error
    raise BuildError(f"{name}: is for {len(headers)} machines: a library wheel's are for one")


class _Bytes(MachO):  # type: ignore[misc]
    """Takes bytes in place of a file's name."""

    def __init__(self, data: bytes) -> None:
        self.filename, self.fat = "", None
        self.headers: list[MachOHeader] = []
        self.allow_unknown_load_commands = True
        self.load(io.BytesIO(data))


@dataclass(frozen=True)
class _Image:
    """The bytes of one machine's Mach-O file, and its load commands."""

    data: bytes
    macho: MachOHeader

    @property
    def kind(self) -> int:
        return int(self.macho.header.filetype)

    @property
    def flags(self) -> int:
        return int(self.macho.header.flags)

    @cached_property
    def arch(self) -> str:
        number = self.macho.header.cputype & 0xFFFFFFFF
        return _ARCHES.get(number, f"a machine of number {number:#x}")

    def commands(self, *kinds: int) -> Iterator[tuple[Any, Any, Any]]:
        return (found for found in self.macho.commands if found[0].cmd in kinds)

    def command(self, *kinds: int) -> Any:  # noqa: ANN401 (macholib's have no types)
        """Return the first command of one of these kinds; None: there is none."""
        return next((command for _, command, _ in self.commands(*kinds)), None)

    def texts(self, field: str, *kinds: int) -> Iterator[str]:
        """Yield the string of each such command; the field says where it is in the command."""
        for head, command, rest in self.commands(*kinds):
            start = getattr(command, field) - len(head.to_str()) - len(command.to_str())
            yield bytes(rest)[start:].partition(b"\0")[0].decode("utf-8", "replace")

    @cached_property
    def sections(self) -> tuple[tuple[Any, Any], ...]:
        """Each section, behind its segment."""
        segments = self.commands(mach_o.LC_SEGMENT, mach_o.LC_SEGMENT_64)
        return tuple((segment, section) for _, segment, found in segments for section in found)

    @cached_property
    def needed(self) -> tuple[str, ...]:
        return tuple(_loaded_name(name) for name in self.texts("name", *_DYLIBS))


def _binary(found: _Image) -> Binary:
    flaw = macho_signature.flaw(found.data, found.command(mach_o.LC_CODE_SIGNATURE))
    may_be_unsigned = flaw == macho_signature.UNSIGNED and found.arch != _MUST_BE_SIGNED
    return Binary(
        arch=found.arch,
        soname=next(map(_loaded_name, found.texts("name", mach_o.LC_ID_DYLIB)), None),
        needed=found.needed,
        rpath=tuple(found.texts("path", mach_o.LC_RPATH)),
        runpath=(),
        exports=tuple(Symbol(name, None, is_default=True) for name in _exports(found)),
        imports=tuple(_imports(found)),
        version_nodes=(),
        requirements=(),
        executable_stack=bool(found.flags & _ALLOW_STACK_EXECUTION),
        relro=all(segment.flags & _READ_ONLY_LATER for segment in _pointers(found, _NON_LAZY)),
        bind_now=bool(found.flags & _BIND_AT_LOAD) or not any(_pointers(found, _LAZY)),
        text_relocations=any(
            not segment.initprot & _WRITABLE and section.flags & _RELOCATIONS
            for segment, section in found.sections
        ),
        format=Format.MACHO,
        minimum_os=_minimum_os(found),
        movable=found.kind != mach_o.MH_EXECUTE or bool(found.flags & _PIE),
        signature_flaw=None if may_be_unsigned else flaw,
    )


def _loaded_name(name: str) -> str:
    if name.startswith(_BY_RPATH):
        return name.removeprefix(_BY_RPATH)
    return name if "/" in name else f"./{name}"


def _pointers(found: _Image, kind: int) -> list[Any]:
    """Return the segments of the sections that hold pointers of a kind to symbols."""
    return [segment for segment, section in found.sections if section.flags & 0xFF == kind]


def _minimum_os(found: _Image) -> Version | None:
    build = found.command(mach_o.LC_BUILD_VERSION)
    old = found.command(mach_o.LC_VERSION_MIN_MACOSX)
    if build is None and old is None:
        return None
    version = int(build.minos if build is not None else old.version)
    return version >> 16, version >> 8 & 0xFF


def _exports(found: _Image) -> Iterator[str]:
    info = found.command(*_EXPORT_TABLES)
    table = found.command(mach_o.LC_DYLD_EXPORTS_TRIE)
    if table is not None:
        start, size = table.dataoff, table.datasize
    elif info is not None:
        start, size = info.export_off, info.export_size
    else:
        yield from (name for name, kind, _ in _symbols(found) if kind & _TYPE != _UNDEFINED)
        return
    if start + size > len(found.data):
        raise ValueError("its exports are behind its end")
    yield from (_c_name(name) for name in _Trie(found.data[start : start + size]).names())


@dataclass(frozen=True)
class _Trie:
    """The names that a library exports, which share their beginnings."""

    data: bytes

    def names(self) -> Iterator[str]:
        waiting = [(0, "")] if self.data else []
        seen = set()
        while waiting:
            at, name = waiting.pop()
            if at in seen:
                raise ValueError("its exports lead back to themselves")
            seen.add(at)
            size, at = self._number(at)
            if size:
                yield name
            waiting += reversed(list(self._children(at + size, name)))

    def _children(self, at: int, name: str) -> Iterator[tuple[int, str]]:
        count, at = self.data[at], at + 1
        for _ in range(count):
            end = self.data.index(0, at)
            longer = name + self.data[at:end].decode("utf-8", "replace")
            child, at = self._number(end + 1)
            yield child, longer

    def _number(self, at: int) -> tuple[int, int]:
        """Return an unsigned LEB128 number and what is behind it."""
        value, shift = 0, 0
        while self.data[at] & 0x80:
            value |= (self.data[at] & 0x7F) << shift
            shift, at = shift + 7, at + 1
        return value | self.data[at] << shift, at + 1


def _imports(found: _Image) -> Iterator[Import]:
    for name, kind, description in _symbols(found):
        if kind & _TYPE == _UNDEFINED:
            ordinal = description >> 8 & 0xFF
            library = found.needed[ordinal - 1] if 0 < ordinal <= len(found.needed) else None
            yield Import(name, None, library, weak=bool(description & _WEAK_REFERENCE))


def _symbols(found: _Image) -> Iterator[tuple[str, int, int]]:
    """Yield name, n_type and n_desc of what the symbol table has of other files or for them."""
    table = found.command(mach_o.LC_SYMTAB)
    if table is None:
        return
    wide = found.macho.MH_MAGIC in (mach_o.MH_MAGIC_64, mach_o.MH_CIGAM_64)
    form = struct.Struct(found.macho.endian + ("IBBHQ" if wide else "IBBHI"))
    entries = found.data[table.symoff : table.symoff + form.size * table.nsyms]
    strings = found.data[table.stroff : table.stroff + table.strsize]
    if len(entries) != form.size * table.nsyms or len(strings) != table.strsize:
        raise ValueError("its symbol table is behind its end")
    for at, kind, _, description, _ in form.iter_unpack(entries):
        if kind & _EXTERNAL and not kind & _STAB:
            name = strings[at : strings.index(0, at)].decode("utf-8", "replace")
            yield _c_name(name), kind, description


def _c_name(name: str) -> str:
    return name.removeprefix("_")
