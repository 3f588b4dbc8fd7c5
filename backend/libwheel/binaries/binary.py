"""The one shape that every binary format is read into."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

# Older GNU linkers export these from every library.
LINKER_MADE = frozenset({"_init", "_fini", "_edata", "_end", "__bss_start"})


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

    `library` is the NEEDED file that the linker bound it to, known where it has a version.
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

    `arch` is spelled as by ``uname -m``. `rpath` is searched before LD_LIBRARY_PATH,
    `runpath` after it. `version_nodes` are those that it defines, `requirements` those of
    others. `executable_stack` is what the kernel would grant, so also where nothing is said.
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

    @cached_property
    def exports_by_name(self) -> Mapping[str, tuple[Symbol, ...]]:
        """The symbols of each name: its default version and the others."""
        found: dict[str, tuple[Symbol, ...]] = {}
        for symbol in self.exports:
            found[symbol.name] = (*found.get(symbol.name, ()), symbol)
        return found
