"""The staged tree: the files that will ship, each with a role."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath


class Role(StrEnum):
    """What a staged file is for, and by that where a wheel installer puts it."""

    RUNTIME = "runtime"
    HEADER = "header"
    PKGCONFIG = "pkg-config"
    CMAKE = "cmake"
    LOCATOR = "locator"
    LICENSE = "licence"
    SBOM = "sbom"


@dataclass(frozen=True, order=True)
class StagedFile:
    """One file: its role, its path below the role's place, and where its bytes are now.

    `path` is relative to the installation prefix (runtime, header, pkg-config, cmake), to
    site-packages (locator), or to the dist-info folder (licence, sbom).
    """

    role: Role
    path: PurePosixPath
    bytes_at: Path


@dataclass(frozen=True)
class StagedLibrary:
    """A promised library under its tagged name.

    `stem` is what its file's name has between `lib` and the tag. `file` is the staged binary;
    `requires` names the sibling libraries that it needs, by their names in the recipe.
    """

    name: str
    description: str
    stem: str
    file: StagedFile
    requires: tuple[str, ...]


@dataclass(frozen=True)
class StagedTree:
    """Everything that goes into the wheel but the metadata that describes the wheel."""

    files: tuple[StagedFile, ...]
    libraries: tuple[StagedLibrary, ...]
