"""The distributions of an environment: their metadata, and the files that RECORD lists.

As `importlib.metadata` has them, but quickly, for hundreds at a time. The formats are those of
the PyPA specifications "Core metadata" and "Recording installed projects".
"""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from packaging.requirements import Requirement

from libwheel import naming

_NAME = re.compile(r"\s*([\w.-]+)")  # of a requirement: it stands first
NO_RECORD = "it has no RECORD"


@dataclass(frozen=True)
class Recorded:
    """A line of RECORD: `name` is relative to the site folder; `digest` is as it stands there."""

    name: str
    digest: str


@dataclass(frozen=True)
class Package:
    """An installed distribution; `requires` are the lines of Requires-Dist.

    `info` is its dist-info. `problem` says why its files are not known, if they should be.
    """

    name: str
    version: str
    info: Path
    requires: tuple[str, ...]
    files: tuple[Recorded, ...]
    problem: str = ""

    def __str__(self) -> str:
        return f"{self.name} {self.version}"

    @cached_property
    def key(self) -> str:
        return naming.canonical(self.name)

    @property
    def site(self) -> Path:
        return self.info.parent

    def path(self, name: str) -> Path:
        """Return where the file is that RECORD calls `name`, by its true folder."""
        folder, file = os.path.split(self.site / name)
        return Path(os.path.realpath(folder)) / file

    def requirements(self, name: str, markers: Mapping[str, str]) -> Iterator[Requirement]:
        """Yield what it requires, without extras, of the distribution with this canonical name.

        A line that makes no sense is none of them. Lines about others are not even parsed.
        """
        for line in self.requires:
            start = _NAME.match(line)
            if start and naming.canonical(start[1]) == name:
                yield from _applicable(line, {**markers, "extra": ""})


def _applicable(line: str, markers: Mapping[str, str]) -> Iterator[Requirement]:
    try:
        requirement = Requirement(line)
        applies = requirement.marker is None or requirement.marker.evaluate({**markers})
    except (ValueError, KeyError):  # so packaging's errors are, of every version and kind
        return
    if applies:
        yield requirement


def exists(path: Path) -> bool:
    """Tell whether a file is there, as far as we may know: what is hidden from us counts."""
    try:
        path.stat()
    except PermissionError:
        return True
    except (OSError, ValueError):
        return False
    return True


def installed(folders: Iterable[Path]) -> tuple[Package, ...]:
    """Return what each folder has, in turn; a name that an earlier one has hides a later one."""
    found: dict[str, Package] = {}
    for folder in folders:
        for info in sorted(folder.glob("*.dist-info")):
            package = _read(info)
            found.setdefault(package.key, package)
    return tuple(found.values())


def _read(info: Path) -> Package:
    name, _, version = info.name.removesuffix(".dist-info").partition("-")
    headers = list(_headers(info / "METADATA"))
    files, problem = _record(info / "RECORD")
    return Package(
        name=next((value for key, value in headers if key == "name"), name),
        version=next((value for key, value in headers if key == "version"), version),
        info=info,
        requires=tuple(value for key, value in headers if key == "requires-dist"),
        files=files,
        problem=problem,
    )


def _headers(metadata: Path) -> Iterator[tuple[str, str]]:
    """Yield the headers that fit on their line, up to the body."""
    try:
        with metadata.open(encoding="utf-8", errors="replace") as stream:
            for line in stream:
                if not line.strip():
                    return
                key, _, value = line.partition(":")
                yield key.lower(), value.strip()
    except OSError:
        return


def _record(record: Path) -> tuple[tuple[Recorded, ...], str]:
    try:
        with record.open(encoding="utf-8", newline="") as stream:
            rows = [row for row in csv.reader(stream) if row]
    except FileNotFoundError:
        return (), _lack_of_record(record.parent)
    except (OSError, ValueError, csv.Error) as error:
        return (), f"{record.name} cannot be read: {error}"
    if any(len(row) != len(("path", "hash", "size")) or "\0" in row[0] for row in rows):
        return (), f"{record.name} has lines that are not path, hash and size"
    return tuple(Recorded(path, digest) for path, digest, _ in rows), ""


def _lack_of_record(info: Path) -> str:
    """Say so of a library wheel, whose locator needs it.

    An operating system's packages have none either, as the specification allows.
    """
    name = naming.canonical(info.name.partition("-")[0])
    return NO_RECORD if exists(info.parent / naming.import_name(name)) else ""
