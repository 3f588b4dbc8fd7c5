"""Reads a wheel whole, and takes none that is not what its RECORD says."""

from __future__ import annotations

import base64
import binascii
import csv
import hashlib
import io
import re
import stat
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from packaging.utils import (
    InvalidWheelFilename,
    canonicalize_name,
    canonicalize_version,
    parse_wheel_filename,
)

from libwheel.errors import BuildError
from libwheel.wheel import Member

SUFFIX = ".dist-info"
_SIGNATURES = ("RECORD.jws", "RECORD.p7s")
_DESCRIBING = ("METADATA", "WHEEL", "RECORD")
_WEAK = ("md5", "sha1")  # which the wheel format forbids
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")

# What a damaged archive makes zipfile raise.
_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, LookupError),
    *(NotImplementedError, RuntimeError),  # a compression that it does not know, a password
)


@dataclass(frozen=True)
class WheelFile:
    """A wheel's name and what is in it.

    `info` is its dist-info folder. `members` are all files but RECORD and the `signatures`,
    which hold for the RECORD only that they were made for.
    """

    name: str
    info: str
    members: tuple[Member, ...]
    signatures: tuple[str, ...]

    @property
    def platforms(self) -> frozenset[str]:
        return frozenset(tag.platform for tag in parse_wheel_filename(self.name)[3])

    @property
    def is_pure(self) -> bool:
        return self.platforms == {"any"}

    def described(self, name: str) -> bytes:
        """Return the content of a file of the dist-info folder, such as METADATA."""
        path = f"{self.info}/{name}"
        return next(member.content for member in self.members if member.name == path)


def read(path: Path) -> WheelFile:
    """Read a wheel; raises BuildError, with the wheel's name, where it is not a sound one."""
    with _opened(path) as stream:
        name, version = _identity(path)
        contents, modes = _unzipped(path, stream)
    info = _info_folder(path, contents, name, version)
    record = f"{info}/RECORD"
    signatures = tuple(n for n in (f"{info}/{s}" for s in _SIGNATURES) if n in contents)
    files = {n: content for n, content in contents.items() if n not in (record, *signatures)}
    _refuse(path, _record_problems(contents[record], files, (record, *signatures)))
    members = tuple(Member(n, content, modes[n]) for n, content in files.items())
    return WheelFile(path.name, info, members, signatures)


def _identity(path: Path) -> tuple[str, str]:
    """Return the distribution's name and version, as the file's name has them."""
    try:
        name, version, _, _ = parse_wheel_filename(path.name)
    except InvalidWheelFilename as error:
        raise BuildError(f"{path}: this is no wheel's name: {error}") from None
    return name, str(version)


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except FileNotFoundError:
        raise BuildError(f"{path} is not there") from None
    except OSError as error:
        raise BuildError(f"{path} cannot be read: {error.strerror}") from None


def _unzipped(path: Path, stream: BinaryIO) -> tuple[dict[str, bytes], dict[str, bool]]:
    """Return each file's content, and whether it is executable."""
    try:
        with zipfile.ZipFile(stream) as archive:
            listed = [info for info in archive.infolist() if not info.is_dir()]
            _refuse(path, _name_problems(listed))
            contents = {info.filename: archive.read(info) for info in listed}
    except _DAMAGE as error:
        raise BuildError(f"{path}: the archive is damaged: {error}") from error
    return contents, {info.filename: _is_executable(info) for info in listed}


def _is_executable(info: zipfile.ZipInfo) -> bool:
    return bool((info.external_attr >> 16) & 0o111)


def _name_problems(listed: Iterable[zipfile.ZipInfo]) -> Iterator[str]:
    listed = list(listed)
    for name, count in Counter(info.filename for info in listed).items():
        if count > 1:
            yield f"{name!r} is in it {count} times"
        if _is_unsafe(name):
            yield f"{name!r} would be installed outside the environment"
        if _CONTROL.search(name):
            yield f"{name!r} is a name with control characters"
    for info in listed:
        if stat.S_ISLNK(info.external_attr >> 16):
            yield f"{info.filename!r} is a link, which installers make a text file of"


def _is_unsafe(name: str) -> bool:
    path = PurePosixPath(name)
    return path.is_absolute() or ".." in path.parts or "\\" in name or name[1:2] == ":"


def _info_folder(path: Path, names: Iterable[str], name: str, version: str) -> str:
    folders = sorted({n.partition("/")[0] for n in names if n.partition("/")[0].endswith(SUFFIX)})
    if len(folders) != 1:
        found = f": {', '.join(folders)}" if folders else ""
        raise BuildError(f"{path}: a wheel has one {SUFFIX} folder, this has {len(folders)}{found}")
    [info] = folders
    its_name, _, its_version = info.removesuffix(SUFFIX).rpartition("-")
    same_name = canonicalize_name(its_name) == canonicalize_name(name)
    if not same_name or canonicalize_version(its_version) != canonicalize_version(version):
        raise BuildError(f"{path}: is named {name} {version}, and holds {info}")
    _refuse(path, (f"there is no {info}/{n}" for n in _DESCRIBING if f"{info}/{n}" not in names))
    return info


def _record_problems(
    record: bytes, files: Mapping[str, bytes], unlisted: Sequence[str]
) -> Iterator[str]:
    """Say what RECORD and the archive do not agree about."""
    try:
        rows = list(csv.reader(io.StringIO(record.decode("utf-8"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        yield f"its RECORD cannot be read: {error}"
        return
    hashes = {row[0]: row[1] if len(row) > 1 else "" for row in rows if row}
    for name, content in files.items():
        if name not in hashes:
            yield f"{name!r} is not in RECORD"
        elif not _fits(content, hashes[name]):
            yield f"{name!r} is not the file that RECORD has the hash of"
    for name in hashes:
        if name not in files and name not in unlisted:
            yield f"{name!r} is in RECORD only"


def _fits(content: bytes, recorded: str) -> bool:
    algorithm, _, digest = recorded.partition("=")
    if algorithm not in hashlib.algorithms_guaranteed or algorithm in _WEAK:
        return False
    try:
        wanted = base64.urlsafe_b64decode(digest + "=" * (-len(digest) % 4))
        return hashlib.new(algorithm, content).digest() == wanted
    except (binascii.Error, TypeError, ValueError):  # not base64; a hash of no fixed length
        return False


def _refuse(path: Path, problems: Iterable[str]) -> None:
    found = list(problems)
    if found:
        lines = "\n".join(f"  {problem}" for problem in found)
        raise BuildError(
            f"{path}: the wheel is damaged, or was changed after it was made:\n{lines}"
        )
