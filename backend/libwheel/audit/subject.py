"""What the audit looks at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from libwheel.binaries import elf
from libwheel.binaries.binary import Binary
from libwheel.naming import Tag
from libwheel.recipe import Resolved
from libwheel.staging import StagedTree
from libwheel.target import Target

# Returns the host's library of a SONAME, None where there is none.
SystemLibraries = Callable[[str], Binary | None]


@dataclass(frozen=True)
class Subject:
    """A staged tree, what was promised of it, and what is known of its build.

    `binaries` are the tree's, by staged path. `sonames` are those that upstream gave the
    libraries, by the library's name. `private` are folders that no shipped file may name: the
    build tree, the home folder. `unspoken` are the mistakes that choosing the files found.
    """

    recipe: Resolved
    tag: Tag
    target: Target
    tree: StagedTree
    binaries: Mapping[PurePosixPath, Binary]
    sonames: Mapping[str, str]
    private: tuple[Path, ...]
    unused_options: tuple[str, ...]
    unspoken: tuple[str, ...]
    system: SystemLibraries

    @cached_property
    def siblings(self) -> Mapping[str, Binary]:
        """The binaries of the tree by the name that NEEDED has for them."""
        return {path.name: binary for path, binary in self.binaries.items()}

    def needed_siblings(self, binary: Binary) -> Iterator[tuple[str, Binary]]:
        return ((name, self.siblings[name]) for name in binary.needed if name in self.siblings)


def read_binaries(tree: StagedTree) -> Mapping[PurePosixPath, Binary]:
    """Read the binaries among the tree's files."""
    return {
        file.path: elf.read(file.bytes_at)
        for file in tree.files
        if file.bytes_at.is_file() and elf.is_elf(file.bytes_at)
    }
