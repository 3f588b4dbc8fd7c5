"""The system libraries of the machine that builds.

For the native target they are evidence of who defines a symbol that carries no version. For a
target with a floor they prove nothing, since what this machine has says nothing of one that has
less; they only tell since when glibc has a symbol.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from libwheel.binaries import elf
from libwheel.binaries.binary import Binary
from libwheel.target import Target

# Returns this machine's library of a SONAME, None where there is none.
SystemLibraries = Callable[[str], Binary | None]

_PATTERNS = ("lib*/*-linux-*", "usr/lib*/*-linux-*", "lib*", "usr/lib*")


@dataclass(frozen=True)
class HostLibraries:
    """Looks in the folders of Debian, Fedora, Arch and Alpine below `root`, once a library."""

    arch: str
    root: Path = Path("/")
    _known: dict[str, Binary | None] = field(default_factory=dict, init=False, compare=False)

    def __call__(self, soname: str) -> Binary | None:
        if soname not in self._known:
            self._known[soname] = self._read(soname)
        return self._known[soname]

    def _read(self, soname: str) -> Binary | None:
        found = (elf.read(path) for path in self._files(soname) if elf.is_elf(path))
        return next((binary for binary in found if binary.arch == self.arch), None)

    def _files(self, soname: str) -> Iterator[Path]:
        return (folder / soname for folder in self._folders if (folder / soname).is_file())

    @cached_property
    def _folders(self) -> tuple[Path, ...]:
        return tuple(f for pattern in _PATTERNS for f in sorted(self.root.glob(pattern)))


def system_libraries(target: Target) -> SystemLibraries:
    """Return what finds the system's libraries for the native target, else this machine's own."""
    return HostLibraries(target.arch if target.floor is None else platform.machine())
