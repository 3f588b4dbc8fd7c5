"""What doctor finds in an environment, as data: for the table, for JSON, for the page.

The names of the fields are the keys of `libwheel doctor --json`, and stay: fields may be added.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from libwheel.consumer.pools import Pool


class Severity(StrEnum):
    """A fault makes the exit status 1; a note does not."""

    FAULT = "fault"
    NOTE = "note"


class About(StrEnum):
    """What the subject of a diagnosis is the path or the name of."""

    FILE = "file"
    DISTRIBUTION = "distribution"
    LIBRARY = "library"
    MODULE = "module"


class Rule(StrEnum):
    """The stable name of each kind of thing that may be wrong."""

    FILES_MISSING = "files-missing"
    FILE_CHANGED = "file-changed"
    LIBRARY_NOT_FOUND = "library-not-found"
    LIBRARY_ELSEWHERE = "library-elsewhere"
    WRONG_ABI = "wrong-abi"
    WRONG_VERSION = "wrong-version"
    TOO_OLD = "too-old"
    UNSAFE_RPATH = "unsafe-rpath"
    SEVERAL_COPIES = "several-copies"
    SEVERAL_OPENMP = "several-openmp"
    SEVERAL_BLAS = "several-blas"
    SEVERAL_POOLS = "several-pools"
    IMPORT_FAILED = "import-failed"
    MAPPED_TWICE = "mapped-twice"
    NO_REQUIREMENT = "no-requirement"
    MISSING_LIBRARY = "missing-library"
    REPEATED_FILE = "repeated-file"
    NOT_LOOKED_AT = "not-looked-at"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, order=True)
class Diagnosis:
    """One thing that is wrong or worth knowing: what, about what, and what to do.

    A distribution and a library may have the
    same name: only `about` and `subject` together say what is meant.
    """

    severity: Severity
    rule: Rule
    about: About
    subject: str
    message: str
    remedy: str


@dataclass(frozen=True)
class Copy:
    """A shared library in the environment, beside which there may be others of its kind.

    `library` is what it is a copy of (``hdf5``). `owner` is the distribution whose RECORD lists
    it, `version` that distribution's. `shared` tells a library wheel's file from a private,
    vendored one. `size` in bytes. `linked_in`: the file is another library or an extension module
    that holds a copy, and `size` is all of it; one file can hold copies of several libraries.
    `nodes` are the version nodes that the file defines. `pool` tells an OpenMP runtime or BLAS.
    """

    library: str
    path: Path
    soname: str
    owner: str
    version: str
    shared: bool
    size: int
    linked_in: bool = False
    nodes: tuple[str, ...] = ()
    pool: Pool | None = None

    @property
    def file(self) -> str:
        """The same for files of which one process loads one: those of one folder and SONAME."""
        return f"{self.path.parent}/{self.soname or self.path.name}"


@dataclass(frozen=True)
class Use:
    """A distribution loads a copy: by `extension`, one of its files, or through another copy."""

    consumer: str
    extension: Path
    copy: Path


@dataclass(frozen=True)
class Mapped:
    """A shared library that was mapped into the process that did the imports.

    `imported` is the module whose import mapped it; `needed_by` are the mapped files that name
    it in NEEDED; where an earlier import has mapped another of that name, they get that one.
    `size` in bytes on disk. `copy` is the path of the `Copy` that it is, if any. `library` is
    what it is a copy of: that of the `Copy`, or of one that exports the same, else by its name.
    `pool` tells an OpenMP runtime or BLAS.
    """

    path: Path
    soname: str
    size: int
    imported: str
    needed_by: tuple[Path, ...]
    copy: Path | None
    library: str
    pool: Pool | None = None


@dataclass(frozen=True)
class FailedImport:
    """A module that could not be imported, and the last line of why."""

    module: str
    reason: str


@dataclass(frozen=True)
class Imports:
    """What happened in the child process: `modules` in the order in which they were imported."""

    modules: tuple[str, ...]
    mapped: tuple[Mapped, ...]
    failed: tuple[FailedImport, ...]


@dataclass(frozen=True)
class LibraryRow:
    """A library wheel of the environment, and the distributions that use it.

    `files` are those of its libraries that are there.
    """

    name: str
    version: str
    platforms: tuple[str, ...]
    files: tuple[Path, ...]
    consumers: tuple[str, ...]


@dataclass(frozen=True)
class Report:
    """What doctor found. `imports` is None where no module was to be imported."""

    python: Path
    prefix: Path
    distributions: int
    library_wheels: tuple[LibraryRow, ...]
    copies: tuple[Copy, ...]
    uses: tuple[Use, ...]
    diagnoses: tuple[Diagnosis, ...]
    imports: Imports | None

    @property
    def libraries(self) -> int:
        """How many shared libraries are here, without what only holds copies of them."""
        return len({copy.path for copy in self.copies if not copy.linked_in})

    @property
    def is_sound(self) -> bool:
        return all(found.severity is not Severity.FAULT for found in self.diagnoses)
