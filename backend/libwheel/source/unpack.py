"""Unpack archives into the source tree, all of an archive or, if it is unsafe, nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from libwheel import files
from libwheel.errors import BuildError, Problem, RecipeError, nearest
from libwheel.patterns import matches_any, unmatched
from libwheel.source.dangers import Parts, Placed, bad_names, bad_places, split
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
            _stop_for(bad_names(entries), name)
            everything = _stripped(entries)
            chosen = _chosen(everything, only, name)
            _stop_for(bad_places(chosen, everything), name)
            _stop_for_what_is_there(list(_in_the_way(chosen, place)), name, place)
            contents = {item.parts: item.entry for item in everything}
            _write(chosen, contents, place)


def _stop_for(faults: Iterable[str], name: str) -> None:
    if found := list(dict.fromkeys(faults)):
        lines = "\n  ".join(found)
        raise BuildError(f"{name} is not safe to unpack; nothing of it was:\n  {lines}")


def _stop_for_what_is_there(names: Sequence[str], name: str, place: Path) -> None:
    if not names:
        return
    count = "1 file is" if len(names) == 1 else f"{len(names)} files are"
    among = ", among them" if len(names) > _NAMED else ":"
    shown = ", ".join(map(repr, names[:_NAMED]))
    raise BuildError(
        f"{name} cannot be unpacked into {place}: {count} there already{among} {shown}"
    )


def _stripped(entries: Iterable[Entry]) -> list[Placed]:
    """Return the entries with their places, less the folder that all of them are in."""
    named = [(split(entry.name), entry) for entry in entries]
    tops = {parts[:1] for parts, _ in named if parts}
    alone = all(len(parts) > 1 or entry.kind is Kind.FOLDER for parts, entry in named if parts)
    skip = 1 if len(tops) == 1 and alone else 0
    return [
        Placed(entry, parts[skip:], split(entry.target)[skip:])
        for parts, entry in named
        if parts[skip:]
    ]


def _chosen(everything: list[Placed], only: Sequence[str], name: str) -> list[Placed]:
    if not only:
        return everything
    places = {"/".join(item.parts[:n]) for item in everything for n in _depths(item)}
    if missing := unmatched(only, places):
        texts = (f"{m!r} is not in the archive{nearest(m, places)}" for m in missing)
        raise RecipeError(Problem(name, "only", text) for text in texts)
    return [
        i for i in everything if any(matches_any("/".join(i.parts[:n]), only) for n in _depths(i))
    ]


def _depths(item: Placed) -> range:
    """Return how many parts each folder above an item has, and the item itself."""
    return range(1, len(item.parts) + 1)


def _in_the_way(chosen: Iterable[Placed], place: Path) -> Iterator[str]:
    """Yield what another archive has unpacked already."""
    for parts, is_folder in _places(chosen).items():
        path = place.joinpath(*parts)
        if os.path.lexists(path) and not (is_folder and path.is_dir() and not path.is_symlink()):
            yield "/".join(parts)


def _places(chosen: Iterable[Placed]) -> dict[Parts, bool]:
    """Return every place with whether a folder is to be there, parents first."""
    places: dict[Parts, bool] = {}
    for item in chosen:
        for length in range(1, len(item.parts)):
            places[item.parts[:length]] = True
        places[item.parts] = item.entry.kind is Kind.FOLDER
    return places


def _write(chosen: Iterable[Placed], contents: Mapping[Parts, Entry], place: Path) -> None:
    """Write the entries; of a file that is there twice, the last, as tar itself does."""
    last = {item.parts: item for item in chosen}
    for parts, is_folder in _places(chosen).items():
        path = place.joinpath(*parts)
        if is_folder:
            path.mkdir(exist_ok=True)
            path.chmod(0o755)
        elif last[parts].entry.kind is Kind.LINK:
            path.symlink_to(last[parts].entry.target)
        elif last[parts].entry.kind is Kind.HARD_LINK:
            _write_file(contents[last[parts].goal], path)
        else:
            _write_file(last[parts].entry, path)


def _write_file(entry: Entry, path: Path) -> None:
    with entry.open() as source, path.open("wb") as goal:
        shutil.copyfileobj(source, goal, _BLOCK)
    path.chmod(0o755 if entry.mode & 0o111 else 0o644)
    os.utime(path, (entry.mtime, entry.mtime))
