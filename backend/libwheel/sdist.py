"""Pack a recipe's sdist: the recipe, what builds it, and, if wanted, the upstream archives."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from libwheel.files import replacing
from libwheel.metadata import Identity
from libwheel.naming import Tag

SOURCES = "sources"  # where the upstream archives are, in an sdist that has them
PKG_INFO = "PKG-INFO"

_BACKEND = PurePosixPath("backend/libwheel")
_NOT_OURS = ("__pycache__", "dist", "build", SOURCES, PKG_INFO)


@dataclass(frozen=True)
class Member:
    """A file of the sdist, below its top folder."""

    name: PurePosixPath
    content: bytes


def file_name(tag: Tag) -> str:
    return f"{tag.stem}.tar.gz"


def members(
    identity: Identity, pkg_info: bytes, archives: Iterable[tuple[str, Path]]
) -> list[Member]:
    """Return every file, sorted; `archives` come with the names they shall have."""
    found = [Member(PurePosixPath(PKG_INFO), pkg_info), *_recipe(identity.folder)]
    found += [Member(PurePosixPath(SOURCES, name), path.read_bytes()) for name, path in archives]
    if identity.in_tree and not (identity.folder / _BACKEND).is_dir():
        found += _backend()
    return sorted(found, key=lambda member: member.name)


def pack(folder: Path, tag: Tag, content: Iterable[Member], epoch: int) -> Path:
    """Write the sdist into `folder`; `epoch` is the time of every member."""
    path = folder / file_name(tag)
    with (
        replacing(path) as stream,
        gzip.GzipFile("", "wb", 9, stream, mtime=epoch) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for member in content:
            info = tarfile.TarInfo(f"{tag.stem}/{member.name}")
            info.size, info.mtime, info.mode = len(member.content), epoch, 0o644
            archive.addfile(info, io.BytesIO(member.content))
    return path


def _recipe(folder: Path) -> Iterator[Member]:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        hidden = any(part.startswith(".") or part in _NOT_OURS for part in name.parts)
        if path.is_file() and not hidden:
            yield Member(PurePosixPath(name), path.read_bytes())


def _backend() -> Iterator[Member]:
    """Yield the running backend and its licence, so that recipe and backend never skew.

    A recipe that carries its backend runs it from a checkout, or from an sdist that has it.
    """
    package = Path(__file__).parent
    checkout = package.parent.parent
    for path in [checkout / "LICENSE", *sorted(package.rglob("*"))]:
        name = Path("backend", path.name) if path.parent == checkout else path.relative_to(checkout)
        if path.is_file() and "__pycache__" not in name.parts:
            yield Member(PurePosixPath(name), path.read_bytes())
