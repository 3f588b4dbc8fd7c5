"""What the audit looks at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from libwheel.audit.host import SystemLibraries
from libwheel.binaries import reading
from libwheel.binaries.binary import Binary
from libwheel.naming import Tag
from libwheel.recipe import Resolved
from libwheel.required import RequiredWheel
from libwheel.staging import StagedTree
from libwheel.target import Target


@dataclass(frozen=True)
class Subject:
    """A staged tree, what was promised of it, and what is known of its build.

    `binaries` are the tree's, by staged path. `sonames` are those that upstream gave the
    libraries, by the library's name, and `originals` the files that it installed. `private` are
    folders that no shipped file may name: the build tree, the home folder. `unspoken` are the
    mistakes that choosing the files found. `system` finds libraries of this machine, see `host`.
    `against` are the library wheels that this one was
    built on.
    """

    recipe: Resolved
    tag: Tag
    target: Target
    tree: StagedTree
    binaries: Mapping[PurePosixPath, Binary]
    sonames: Mapping[str, str]
    originals: Mapping[str, Path]
    private: tuple[Path, ...]
    unused_options: tuple[str, ...]
    unspoken: tuple[str, ...]
    system: SystemLibraries
    against: tuple[RequiredWheel, ...] = ()

    @cached_property
    def siblings(self) -> Mapping[str, Binary]:
        """The binaries of the tree by the name that NEEDED has for them."""
        return {path.name: binary for path, binary in self.binaries.items()}

    @cached_property
    def required(self) -> Mapping[str, Binary]:
        """The libraries of the wheels that the recipe requires, by the name in NEEDED."""
        direct = (wheel for wheel in self.against if wheel.is_direct)
        return {name: binary for wheel in direct for name, binary in wheel.libraries.items()}

    @cached_property
    def beside(self) -> Mapping[str, Binary]:
        """Everything that is no part of the system: of this wheel and of those that it requires."""
        return {**self.required, **self.siblings}

    def needed_siblings(self, binary: Binary) -> Iterator[tuple[str, Binary]]:
        """Yield what will be beside a binary: of this wheel, and of those that it requires."""
        return ((name, self.beside[name]) for name in binary.needed if name in self.beside)


def read_binaries(tree: StagedTree) -> Mapping[PurePosixPath, Binary]:
    """Read the binaries among the tree's files."""
    return {
        file.path: reading.read(file.bytes_at)
        for file in tree.files
        if file.bytes_at.is_file() and reading.is_binary(file.bytes_at)
    }
