"""Pack a recipe's sdist: the recipe, what builds it, and, if wanted, the upstream archives."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from libwheel.errors import BuildError, InternalError
from libwheel.files import replacing
from libwheel.metadata import Identity
from libwheel.naming import Tag
from libwheel.patterns import matches_any
from libwheel.version import __version__

SOURCES = "sources"  # where the upstream archives are, in an sdist that has them
PKG_INFO = "PKG-INFO"

_BACKEND = PurePosixPath("backend/libwheel")
_RECIPE = ("pyproject.toml", "recipe.toml", "smoke.c", "LICENSE*", "README*")
_VENDORED = (f"{_BACKEND.parent}/LICENSE", f"{_BACKEND}/**")
_SILENT = ("dist", SOURCES, PKG_INFO)  # at the top: products, and what we write


@dataclass(frozen=True)
class Member:
    """A file of the sdist, below its top folder."""

    name: PurePosixPath
    content: bytes


@dataclass(frozen=True)
class Choice:
    """What of a recipe's folder goes into its sdist; `left` is what a person should know of."""

    packed: tuple[str, ...]
    left: tuple[str, ...]


def choose(identity: Identity, patches: Iterable[str]) -> Choice:
    """Choose the recipe's own files: what lies beside them, as wheels do, is not packed.

    A folder of which nothing is packed is told of as a whole.
    """
    wanted = [PurePosixPath(name) for name in (identity.readme, *patches)]
    named = {str(name) for name in wanted if (identity.folder / name).is_file()}
    patterns = (*_RECIPE, *_VENDORED, *identity.backend)
    found = {str(name) for name in _files(identity.folder)}
    packed = named | {name for name in found if matches_any(name, patterns)}
    used = {PurePosixPath(name).parts[0] for name in packed}
    left = {name if name.partition("/")[0] in used else _top(name) for name in found - packed}
    return Choice(tuple(sorted(packed)), tuple(sorted(left)))


def file_name(tag: Tag) -> str:
    return f"{tag.release_stem}.tar.gz"


def members(
    identity: Identity, packed: Iterable[str], pkg_info: bytes, archives: Iterable[tuple[str, Path]]
) -> list[Member]:
    """Return every file, sorted; `archives` come with the names they shall have.

    `packed` are the recipe's own. Raises BuildError where two archives have one name.
    """
    found = [Member(PurePosixPath(PKG_INFO), pkg_info), *_archives(archives)]
    found += [Member(PurePosixPath(n), (identity.folder / n).read_bytes()) for n in packed]
    if identity.backend and not (identity.folder / _BACKEND).is_dir():
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
            info = tarfile.TarInfo(f"{tag.release_stem}/{member.name}")
            info.size, info.mtime, info.mode = len(member.content), epoch, 0o644
            archive.addfile(info, io.BytesIO(member.content))
    return path


def _files(folder: Path) -> Iterator[PurePosixPath]:
    """Yield what a recipe's author may have meant for the sdist."""
    for path in folder.rglob("*"):
        name = PurePosixPath(path.relative_to(folder))
        hidden = any(part.startswith(".") or part == "__pycache__" for part in name.parts)
        if path.is_file() and not hidden and name.parts[0] not in _SILENT:
            yield name


def _top(name: str) -> str:
    first, slash, _ = name.partition("/")
    return first + slash


def _archives(archives: Iterable[tuple[str, Path]]) -> list[Member]:
    named = dict.fromkeys(archives)  # one that is needed twice is there once
    twice = sorted(name for name, count in Counter(name for name, _ in named).items() if count > 1)
    if twice:
        raise BuildError(f"cannot bundle different archives of one name: {', '.join(twice)}")
    return [Member(PurePosixPath(SOURCES, name), path.read_bytes()) for name, path in named]


def _backend() -> Iterator[Member]:
    """Yield the running backend and its licence, so that recipe and backend never skew.

    A recipe that carries its backend runs it from a checkout, or from an sdist that has it.
    """
    package = Path(__file__).parent
    yield Member(_BACKEND.parent / "LICENSE", _license(package).read_bytes())
    for path in package.rglob("*"):
        if path.is_file() and path.parent.name != "__pycache__":
            yield Member(_BACKEND / path.relative_to(package), path.read_bytes())


def _license(package: Path) -> Path:
    """Return libwheel's licence: in a checkout, in a recipe's sdist, or where pip installs it."""
    beside = package.parent
    installed = beside.glob(f"libwheel-{__version__}.dist-info/licenses/LICENSE")
    places = (beside.parent / "LICENSE", beside / "LICENSE", *installed)
    found = [path for path in places if path.is_file()]
    if not found:
        raise InternalError(f"no licence of libwheel's own near {package}")
    return found[0]
