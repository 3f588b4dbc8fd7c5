"""The one shape that every binary format is read into."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from libwheel.target import Format, Version

# Linkers export these from every library: older GNU ones, and zig's in Mach-O.
LINKER_MADE = frozenset(
    {"_init", "_fini", "_edata", "_end", "__bss_start", "_mh_dylib_header", "__dso_handle"}
)


@dataclass(frozen=True)
class Symbol:
    """A symbol that others can link to.

    `version` is the version node it belongs to. A symbol that is not the default of its
    name is there for programs that were linked long ago; no new one can be linked to it.
    """

    name: str
    version: str | None
    is_default: bool


@dataclass(frozen=True)
class Import:
    """A symbol that others must define.

    `library` is the NEEDED file that the linker bound it to. In ELF it is known where the symbol
    has a version; in Mach-O and PE always, but for what dyld is to look up wherever it is.
    """

    name: str
    version: str | None
    library: str | None
    weak: bool


@dataclass(frozen=True)
class Requirement:
    """A version node that a NEEDED library must define, or the loader refuses."""

    library: str
    version: str


@dataclass(frozen=True)
class Binary:
    """A shared library or program, as the loader sees it.

    `arch` is spelled as by ``uname -m``. `soname` is the name that others need it by: SONAME,
    install name, or the DLL's name in its export table. `needed` are such names. In Mach-O one
    that is found by the RPATH stands without its ``@rpath/``, and any other whole:
    ``/usr/lib/libSystem.B.dylib``, or ``./libx.dylib`` for one of no folder at all, which dyld
    takes from the current one. Names of symbols are those of C: without Mach-O's underscore.

    `rpath` is searched before LD_LIBRARY_PATH, `runpath` after it. `version_nodes` are those that
    it defines, `requirements` those of others: ELF alone has either. `minimum_os` is the oldest
    macOS or Windows that takes the file.

    `executable_stack` is what the kernel would grant, so also where nothing is said. `relro`: what
    the loader writes before the first call, it makes read-only then; `bind_now`: that is all that
    it ever writes. `text_relocations`: code is written to, or can be. `movable`: the loader may put
    it at any address. `signature_flaw` says why macOS would not take its signature, if so.
    """

    arch: str
    soname: str | None
    needed: tuple[str, ...]
    rpath: tuple[str, ...]
    runpath: tuple[str, ...]
    exports: tuple[Symbol, ...]
    imports: tuple[Import, ...]
    version_nodes: tuple[str, ...]
    requirements: tuple[Requirement, ...]
    executable_stack: bool
    relro: bool
    bind_now: bool
    text_relocations: bool
    format: Format = Format.ELF
    minimum_os: Version | None = None
    movable: bool = True
    signature_flaw: str | None = None

    @cached_property
    def exports_by_name(self) -> Mapping[str, tuple[Symbol, ...]]:
        """The symbols of each name: its default version and the others."""
        found: dict[str, tuple[Symbol, ...]] = {}
        for symbol in self.exports:
            found[symbol.name] = (*found.get(symbol.name, ()), symbol)
        return found
