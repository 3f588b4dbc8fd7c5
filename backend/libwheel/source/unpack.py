"""Unpack archives into the source tree, all of an archive or, if it is unsafe, nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from libwheel import files
from libwheel.errors import BuildError
from libwheel.source.choice import Choice, choose
from libwheel.source.dangers import Parts
from libwheel.source.entries import Entry, Kind, needs_zstd, opened
from libwheel.source.fetch import Fetched

_BLOCK = 1 << 20
_NAMED = 5  # files that an error names


def requirements(names: Iterable[str]) -> list[str]:
    """Return the packages that unpacking archives of these names needs beyond Python's own."""
    return ["backports.zstd; python_version < '3.14'"] if any(map(needs_zstd, names)) else []


def unpack(fetched: Fetched, tree: Path) -> None:
    """Unpack an archive into its place in `tree`, less its single top folder.

    Files are 644 or 755 and keep their times: autotools compares them. Raises BuildError for
    what is no archive or would reach outside, RecipeError where `only` names what is not there.
    """
    place = tree / fetched.archive.into
    if not place.resolve().is_relative_to(tree.resolve()):
        raise BuildError(f"{place} leads out of the source tree: {place.resolve()}")
    _unpack(fetched.path, fetched.name, place, fetched.archive.only)


def take_local(path: Path, tree: Path) -> None:
    """Copy a folder, less its .git, or unpack an archive into `tree`."""
    if path.is_dir():
        _copy(path, tree)
    else:
        _unpack(path, str(path), tree, ())


def _copy(folder: Path, tree: Path) -> None:
    def left_out(where: str, names: list[str]) -> list[str]:
        itself = [n for n in names if n == tree.name and Path(where, n).resolve() == tree.resolve()]
        return [*itself, ".git"]

    with files.writing_to(tree):
        files.copy_tree(folder, tree, left_out)


def _unpack(path: Path, name: str, place: Path, only: Sequence[str]) -> None:
    with files.writing_to(place):
        place.mkdir(parents=True, exist_ok=True)
        with opened(path, name, scratch=place) as entries:
            choice = choose(entries, only, name)
            _stop_for_what_is_there(list(_in_the_way(choice, place)), name, place)
            _write(choice, place)


def _stop_for_what_is_there(names: Sequence[str], name: str, place: Path) -> None:
    if not names:
        return
    count = "1 file is" if len(names) == 1 else f"{len(names)} files are"
    among = ", among them" if len(names) > _NAMED else ":"
    shown = ", ".join(map(repr, names[:_NAMED]))
    raise BuildError(
        f"{name} cannot be unpacked into {place}: {count} there already{among} {shown}"
    )


def _in_the_way(choice: Choice, place: Path) -> Iterator[str]:
    """Yield what another archive has unpacked already."""
    for parts, is_folder in _places(choice).items():
        path = place.joinpath(*parts)
        if os.path.lexists(path) and not (is_folder and path.is_dir() and not path.is_symlink()):
            yield "/".join(parts)


def _places(choice: Choice) -> dict[Parts, bool]:
    """Return every place with whether a folder is to be there, parents first."""
    places: dict[Parts, bool] = {}
    for parts, item in choice.placed.items():
        for length in range(1, len(parts)):
            places[parts[:length]] = True
        places[parts] = item.entry.kind is Kind.FOLDER
    return places


def _write(choice: Choice, place: Path) -> None:
    for parts, is_folder in _places(choice).items():
        path = place.joinpath(*parts)
        if is_folder:
            path.mkdir(exist_ok=True)
            path.chmod(0o755)
        elif choice.placed[parts].entry.kind is Kind.LINK:
            path.symlink_to(choice.placed[parts].entry.target)
        else:
            _write_file(choice.content(choice.placed[parts]), path)


def _write_file(entry: Entry, path: Path) -> None:
    with entry.open() as source, path.open("wb") as goal:
        shutil.copyfileobj(source, goal, _BLOCK)
    path.chmod(0o755 if entry.mode & 0o111 else 0o644)
    os.utime(path, (entry.mtime, entry.mtime))
