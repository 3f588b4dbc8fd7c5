"""The distributions of an environment: their metadata, and the files that RECORD lists.

As `importlib.metadata` has them, but quickly, for hundreds at a time. The formats are those of
the PyPA specifications "Core metadata", "Recording installed projects" and "Recording the Direct
URL Origin of installed distributions".
"""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from email import message_from_string
from email.message import Message
from functools import cached_property
from pathlib import Path

from packaging.requirements import Requirement

from libwheel import naming

_NAME = re.compile(r"\s*([\w.-]+)")  # of a requirement: it stands first
_ALGORITHMS = ("sha256", "sha384", "sha512")  # what the specification allows; no weaker one
NO_RECORD = "it has no RECORD"
_RECORDING = ("pip", "uv")  # installers that write one, by what they call themselves


@dataclass(frozen=True)
class Recorded:
    """A line of RECORD: `name` is relative to the site folder; `digest` is as it stands there."""

    name: str
    digest: str

    def is_of(self, path: Path) -> bool:
        """Compare as the specification says: urlsafe base64, no padding. Raises OSError."""
        algorithm, _, wanted = self.digest.partition("=")
        if algorithm not in _ALGORITHMS:
            return True
        with path.open("rb") as stream:
            found = hashlib.file_digest(stream, algorithm).digest()
        return base64.urlsafe_b64encode(found).rstrip(b"=").decode() == wanted.rstrip("=")


@dataclass(frozen=True)
class Package:
    """An installed distribution; `requires` are the lines of Requires-Dist.

    `info` is its dist-info. `problem` says why its files are not known, if they should be.
    `is_editable`: it is imported from its own source folder, of which RECORD lists nothing.
    """

    name: str
    version: str
    info: Path
    requires: tuple[str, ...]
    files: tuple[Recorded, ...]
    problem: str = ""
    is_editable: bool = False

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
    return layered(folders)[0]


def layered(folders: Iterable[Path]) -> tuple[tuple[Package, ...], tuple[Package, ...]]:
    """Return what Python finds, and what is hidden by an earlier folder's of the same name."""
    found: dict[str, Package] = {}
    hidden: list[Package] = []
    for folder in folders:
        for info in _infos(folder):
            package = _read(info)
            if found.setdefault(package.key, package) is not package:
                hidden.append(package)
    return tuple(found.values()), tuple(hidden)


def _infos(folder: Path) -> list[Path]:
    try:
        return sorted(folder.glob("*.dist-info"))
    except PermissionError:  # `unreadable` tells
        return []


def unreadable(folders: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    """Yield the folders in which there may be packages that we may not see, and why."""
    for folder in folders:
        try:
            next(folder.iterdir(), None)
        except OSError as error:
            yield folder, error.strerror or str(error)


def _read(info: Path) -> Package:
    name, _, version = info.name.removesuffix(".dist-info").partition("-")
    metadata = _metadata(info / "METADATA")
    files, problem = _record(info / "RECORD")
    return Package(
        name=_unfolded(metadata.get("Name", name)),
        version=_unfolded(metadata.get("Version", version)),
        info=info,
        requires=tuple(map(_unfolded, metadata.get_all("Requires-Dist", []))),
        files=files,
        problem=problem,
        is_editable=_is_editable(info / "direct_url.json"),
    )


def _metadata(path: Path) -> Message:
    """Read the headers as installers do; there are none where the file cannot be read."""
    try:
        return message_from_string(path.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return Message()


def _unfolded(value: str) -> str:
    return " ".join(value.split())


def _is_editable(direct_url: Path) -> bool:
    try:
        return json.loads(direct_url.read_bytes())["dir_info"]["editable"] is True
    except (OSError, ValueError, LookupError, TypeError):
        return False


def _record(record: Path) -> tuple[tuple[Recorded, ...], str]:
    try:
        with record.open(encoding="utf-8", newline="") as stream:
            rows = [row for row in csv.reader(stream) if row]
    except FileNotFoundError:
        return (), _lack_of_record(record.parent)
    except OSError as error:
        return (), f"{record.name} cannot be read: {error.strerror}"
    except (ValueError, csv.Error) as error:
        return (), f"{record.name} cannot be read: {error}"
    if any(len(row) != len(("path", "hash", "size")) or "\0" in row[0] for row in rows):
        return (), f"{record.name} has lines that are not path, hash and size"
    return tuple(Recorded(path, digest) for path, digest, _ in rows), ""


def _lack_of_record(info: Path) -> str:
    """Say so of what pip or uv has installed, which write one, and of any library wheel.

    An operating system's packages have none, as the specification allows.
    """
    name = naming.canonical(info.name.partition("-")[0])
    is_library_wheel = exists(info.parent / naming.import_name(name))
    return NO_RECORD if is_library_wheel or _installer(info) in _RECORDING else ""


def _installer(info: Path) -> str:
    try:
        return (info / "INSTALLER").read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return ""
