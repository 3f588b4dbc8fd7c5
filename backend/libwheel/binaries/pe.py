"""Reads PE, the binaries of Windows, with pefile.

The structures and the flags are those of Microsoft's "PE Format"
(https://learn.microsoft.com/windows/win32/debug/pe-format).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

import pefile

from libwheel.binaries.binary import Binary, Import, Symbol
from libwheel.errors import BuildError
from libwheel.target import Format

_DAMAGE = (
    *(pefile.PEFormatError, struct.error, ValueError, LookupError, TypeError, AttributeError),
    *(AssertionError, ArithmeticError, MemoryError, RecursionError),
)

_ARCHES = {0x8664: "x86_64", 0x14C: "i686", 0xAA64: "aarch64", 0x1C4: "armv7l"}
_EXECUTABLE_IMAGE = 0x2  # of the file header's characteristics
_HIGH_ENTROPY, _DYNAMIC_BASE, _NX = 0x20, 0x40, 0x100  # of DllCharacteristics
_EXECUTE, _WRITE = 0x20000000, 0x80000000  # of a section's
_TABLES = ("EXPORT", "IMPORT", "DELAY_IMPORT")
# How warnings of pefile's begin: of what is not there, and of what malware does too.
_BROKEN_SECTION, _OPINION = "Error parsing section ", "Imported symbols contain entries typical of "
_MOST_EXPORTS = 0xFFFF  # an ordinal has 16 bits


def read_any(data: bytes, name: str) -> Binary | None:
    """Read the bytes of a PE file; None where it is none that Windows loads.

    Raises BuildError, with the file's `name`, where it is damaged.
    """
    try:
        found = pefile.PE(data=data, fast_load=True, max_symbol_exports=_MOST_EXPORTS)
        if not found.FILE_HEADER.Characteristics & _EXECUTABLE_IMAGE:
            return None
        _read_tables(found)
        return _binary(found)
    except _DAMAGE as error:
        raise BuildError(f"{name}: is not a sound PE file: {error}") from error


def _read_tables(found: pefile.PE) -> None:
    """Read imports and exports; of what pefile only warns of, what is broken is damage to us."""
    head = [text for text in found.get_warnings() if text.startswith(_BROKEN_SECTION)]
    known = len(found.get_warnings())
    directory = pefile.DIRECTORY_ENTRY
    found.parse_data_directories([directory[f"IMAGE_DIRECTORY_ENTRY_{name}"] for name in _TABLES])
    tables = [text for text in found.get_warnings()[known:] if not text.startswith(_OPINION)]
    if head or tables:
        raise ValueError("; ".join((*head, *tables)))


def _binary(found: pefile.PE) -> Binary:
    optional = found.OPTIONAL_HEADER
    features = optional.DllCharacteristics
    machine = found.FILE_HEADER.Machine
    movable = _DYNAMIC_BASE | _HIGH_ENTROPY
    return Binary(
        arch=_ARCHES.get(machine, f"a machine of number {machine:#x}"),
        soname=_name(found),
        needed=tuple(dict.fromkeys(library for library, _ in _imported(found))),
        rpath=(),
        runpath=(),
        exports=tuple(_exports(found)),
        imports=tuple(
            Import(_text(symbol.name, symbol.ordinal), None, library, weak=False)
            for library, symbols in _imported(found)
            for symbol in symbols
        ),
        version_nodes=(),
        requirements=(),
        executable_stack=not features & _NX,
        relro=True,
        bind_now=not hasattr(found, "DIRECTORY_ENTRY_DELAY_IMPORT"),
        text_relocations=any(
            section.Characteristics & _EXECUTE and section.Characteristics & _WRITE
            for section in found.sections
        ),
        format=Format.PE,
        minimum_os=(optional.MajorSubsystemVersion, optional.MinorSubsystemVersion),
        movable=features & movable == movable,
    )


def _name(found: pefile.PE) -> str | None:
    table = getattr(found, "DIRECTORY_ENTRY_EXPORT", None)
    return table.name.decode("utf-8", "replace") if table and table.name else None


def _exports(found: pefile.PE) -> Iterator[Symbol]:
    table = getattr(found, "DIRECTORY_ENTRY_EXPORT", None)
    for symbol in table.symbols if table else ():
        yield Symbol(_text(symbol.name, symbol.ordinal), None, is_default=True)


def _imported(found: pefile.PE) -> Iterator[tuple[str, list[Any]]]:
    """Yield each library that is needed, and what is taken from it."""
    for kind in ("IMPORT", "DELAY_IMPORT"):
        for library in getattr(found, f"DIRECTORY_ENTRY_{kind}", ()):
            yield library.dll.decode("utf-8", "replace"), library.imports


def _text(name: bytes | None, ordinal: int | None) -> str:
    """Return the name of a symbol, or its number as ``#12``, where it has no name."""
    return name.decode("utf-8", "replace") if name else f"#{ordinal}"
