"""The staged tree: the files that will ship, each with a role."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath


class Role(StrEnum):
    """What a staged file is for, and by that where a wheel installer puts it."""

    RUNTIME = "runtime"
    LINK = "import library"
    HEADER = "header"
    PKGCONFIG = "pkg-config"
    CMAKE = "cmake"
    LOCATOR = "locator"
    LICENSE = "licence"
    SBOM = "sbom"


@dataclass(frozen=True, order=True)
class StagedFile:
    """One file: its role, its path below the role's place, and where its bytes are now.

    `path` is relative to the installation prefix (runtime, import library, header, pkg-config,
    cmake), to site-packages (locator), or to the dist-info folder (licence, sbom).
    """

    role: Role
    path: PurePosixPath
    bytes_at: Path


@dataclass(frozen=True)
class ForeignLibrary:
    """A library of another library wheel that one of ours needs, as its own files name it.

    `wheel` is the distribution, `name` the library in that wheel's recipe: with both, `naming`
    makes the .pc name and the CMake target. `version` is the release of it that ours was linked
    to. `file` is its file name, which is its SONAME.
    """

    wheel: str
    version: str
    name: str
    file: str


@dataclass(frozen=True)
class StagedLibrary:
    """A promised library under its tagged name.

    `stem` is what its file's name has before the tag, without `lib`. `file` is the staged binary,
    `link_file` what is linked with where that is another file, the import library of Windows;
    `requires` names the sibling libraries that it needs, by their names in the recipe, and
    `foreign` those of other library wheels. `include` is the folder for `-I`, below the wheel's
    own; `suffix` is what its symbols' names end with, beyond upstream's. `cflags` and `libs` are
    what consumers are told beyond that; `conflicts` names the libraries of this wheel that no
    consumer may use beside it.
    """

    name: str
    description: str
    stem: str
    file: StagedFile
    requires: tuple[str, ...]
    link_file: StagedFile | None = None
    foreign: tuple[ForeignLibrary, ...] = ()
    include: str = "."
    suffix: str = ""
    cflags: tuple[str, ...] = ()
    libs: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()

    def link_words(self, link_name: str) -> tuple[str, ...]:
        """Return all that the linker needs: the library itself is first, or where `libs` has it."""
        itself = f"-l{self.stem}"
        words = self.libs if itself in self.libs else (itself, *self.libs)
        return tuple(f"-l{link_name}" if word == itself else word for word in words)

    @property
    def files(self) -> tuple[StagedFile, ...]:
        """The binary, and what is linked with where that is another file."""
        return (self.file, self.link_file) if self.link_file else (self.file,)

    @property
    def link_flags(self) -> tuple[str, ...]:
        """What the linker needs beside the library itself."""
        return tuple(word for word in self.libs if word != f"-l{self.stem}")


@dataclass(frozen=True)
class StagedTree:
    """Everything that goes into the wheel but the metadata that describes the wheel."""

    files: tuple[StagedFile, ...]
    libraries: tuple[StagedLibrary, ...]
