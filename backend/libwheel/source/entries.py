"""What is in an archive: tar (plain, gz, bz2, xz, zst) and zip as one shape.

Nothing is believed here; `dangers` says what must not be unpacked.
"""

from __future__ import annotations

import bz2
import calendar
import gzip
import lzma
import math
import stat
import sys
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from functools import partial
from pathlib import Path
from typing import IO, cast

from libwheel import files
from libwheel.errors import BuildError

KNOWN = "tar, tar.gz, tar.bz2, tar.xz, tar.zst and zip"

_BLOCK = 1 << 20
_TAR_BLOCK = 512
_LAST_TIME = 1 << 33  # seconds; what every file system can keep

Opener = Callable[[], IO[bytes]]


class Kind(Enum):
    """What an entry is; the value names it in messages."""

    FILE = "a file"
    FOLDER = "a folder"
    LINK = "a link"
    HARD_LINK = "a hard link"
    DEVICE = "a device"
    FIFO = "a fifo"
    OTHER = "of an unknown kind"


@dataclass(frozen=True)
class Entry:
    """One entry: `target` is where a link leads, `open` reads the bytes of a file."""

    name: str
    kind: Kind
    mode: int
    mtime: float
    target: str
    open: Opener


@contextmanager
def opened(path: Path, name: str, scratch: Path, hint: str = "") -> Iterator[tuple[Entry, ...]]:
    """Read the whole archive once and yield its entries.

    `name` is for messages; a temporary file in `scratch` holds what was compressed, so that
    damage is found before anything is unpacked, and `hint` is for where it cannot be written.
    Raises BuildError for what is no archive.
    """
    with path.open("rb") as stream:
        head = stream.read(_TAR_BLOCK)
        stream.seek(0)
        if head.startswith((b"PK\3\4", b"PK\5\6")):
            with _zip(stream, name) as entries:
                yield entries
            return
        unpacker = next((u for magic, u in _UNPACKERS.items() if head.startswith(magic)), None)
        tar = _plain(unpacker(stream), name, scratch, hint) if unpacker else stream
        with tar as plain, _tar(plain, name) as entries:
            yield entries


def needs_zstd(name: str) -> bool:
    """Tell from an archive's name whether the standard library may lack what it needs."""
    return name.endswith((".zst", ".tzst"))


@contextmanager
def _plain(blocks: Iterator[bytes], name: str, scratch: Path, hint: str) -> Iterator[IO[bytes]]:
    """Yield a temporary file of what `blocks` yields."""
    with tempfile.TemporaryFile(dir=scratch) as plain:
        with files.writing_to(scratch, hint):
            plain.writelines(_checked(blocks, name))
            plain.seek(0)
        yield plain


def _checked(blocks: Iterator[bytes], name: str) -> Iterator[bytes]:
    try:
        yield from blocks
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        raise BuildError(f"{name} is damaged or cut off: {error}") from None


def _gz(stream: IO[bytes]) -> Iterator[bytes]:
    with gzip.open(stream) as plain:
        yield from iter(partial(plain.read, _BLOCK), b"")


def _bz2(stream: IO[bytes]) -> Iterator[bytes]:
    with bz2.open(stream) as plain:
        yield from iter(partial(plain.read, _BLOCK), b"")


def _xz(stream: IO[bytes]) -> Iterator[bytes]:
    with lzma.open(stream) as plain:
        yield from iter(partial(plain.read, _BLOCK), b"")


def _zst(stream: IO[bytes]) -> Iterator[bytes]:
    try:
        if sys.version_info >= (3, 14):
            from compression import zstd  # noqa: PLC0415 (only where an archive needs it)
        else:
            from backports import zstd  # noqa: PLC0415
    except ImportError:
        raise BuildError(
            "a .zst archive needs Python 3.14 or the package backports.zstd: "
            "pip install backports.zstd"
        ) from None
    try:
        with zstd.open(stream) as plain:
            yield from iter(partial(plain.read, _BLOCK), b"")
    except zstd.ZstdError as error:
        raise EOFError(str(error)) from None


_UNPACKERS = {b"\x1f\x8b": _gz, b"BZh": _bz2, b"\xfd7zXZ\0": _xz, b"\x28\xb5\x2f\xfd": _zst}

_TAR_KINDS = {
    tarfile.DIRTYPE: Kind.FOLDER,
    tarfile.SYMTYPE: Kind.LINK,
    tarfile.LNKTYPE: Kind.HARD_LINK,
    tarfile.CHRTYPE: Kind.DEVICE,
    tarfile.BLKTYPE: Kind.DEVICE,
    tarfile.FIFOTYPE: Kind.FIFO,
}


@contextmanager
def _tar(stream: IO[bytes], name: str) -> Iterator[tuple[Entry, ...]]:
    try:
        archive = tarfile.open(fileobj=stream, mode="r:")  # noqa: SIM115 (closed below)
    except tarfile.TarError:
        raise BuildError(f"{name} is not an archive of a kind that is known: {KNOWN}") from None
    with archive:
        try:
            members = archive.getmembers()
        except tarfile.TarError as error:
            raise BuildError(f"{name} is damaged or cut off: {error}") from None
        _check_end(stream, archive.offset, name)
        yield tuple(_tar_entry(archive, member) for member in members)


def _check_end(stream: IO[bytes], offset: int, name: str) -> None:
    """Where tarfile meets a damaged header it stops without a word."""
    stream.seek(offset)
    if stream.read(_TAR_BLOCK).strip(b"\0"):
        raise BuildError(f"{name} is damaged or cut off: no header at byte {offset}")


def _tar_entry(archive: tarfile.TarFile, member: tarfile.TarInfo) -> Entry:
    kind = Kind.FILE if member.isreg() else _TAR_KINDS.get(member.type, Kind.OTHER)
    opener = partial(archive.extractfile, member)
    return Entry(
        name=member.name,
        kind=kind,
        mode=member.mode,
        mtime=_tar_time(member.mtime),
        target=member.linkname,
        open=cast("Opener", opener),
    )


def _tar_time(seconds: float) -> float:
    """Return a time that every file system can keep; a header may hold any number, or none."""
    return 0 if math.isnan(seconds) else min(max(seconds, 0), _LAST_TIME)


@contextmanager
def _zip(stream: IO[bytes], name: str) -> Iterator[tuple[Entry, ...]]:
    try:
        archive = zipfile.ZipFile(stream)
    except zipfile.BadZipFile as error:
        raise BuildError(f"{name} is damaged or cut off: {error}") from None
    with archive:
        try:
            damaged = archive.testzip()
        except (RuntimeError, NotImplementedError, EOFError, zlib.error) as error:
            raise BuildError(f"{name} cannot be unpacked: {error}") from None
        if damaged:
            raise BuildError(f"{name} is damaged: {damaged!r} has a wrong checksum")
        yield tuple(_zip_entry(archive, info) for info in archive.infolist())


def _zip_entry(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Entry:
    mode = info.external_attr >> 16
    kind = Kind.FOLDER if info.is_dir() else Kind.LINK if stat.S_ISLNK(mode) else Kind.FILE
    return Entry(
        name=info.filename,
        kind=kind,
        mode=mode,
        mtime=_zip_time(info),
        target=archive.read(info).decode("utf-8", "replace") if kind is Kind.LINK else "",
        open=partial(archive.open, info),
    )


def _zip_time(info: zipfile.ZipInfo) -> float:
    """Return the time as if it were UTC; zip does not say. Day and month may be 0, month 15."""
    year, month, day, *clock = info.date_time
    return calendar.timegm((year, min(max(month, 1), 12), max(day, 1), *clock))
