"""What in an archive must not be unpacked, because it would reach outside the source tree."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from libwheel.source.entries import Entry, Kind

Parts = tuple[str, ...]

_HOPS = 40  # links in one path, as Linux counts them
_SPECIAL = (Kind.DEVICE, Kind.FIFO, Kind.OTHER)


@dataclass(frozen=True)
class Placed:
    """An entry and its place below the folder that the archive is unpacked into.

    `goal` is the place of the file that a hard link leads to.
    """

    entry: Entry
    parts: Parts
    goal: Parts = ()


def split(name: str) -> Parts:
    return tuple(part for part in name.split("/") if part not in ("", "."))


def bad_names(entries: Iterable[Entry]) -> Iterator[str]:
    for entry in entries:
        if entry.name.startswith("/"):
            yield f"{entry.name!r} is an absolute path"
        elif ".." in split(entry.name):
            yield f"{entry.name!r} leads out of the tree"
        if "\0" in entry.name + entry.target:
            yield f"{entry.name!r} has a zero byte in its name or target"


def bad_places(chosen: Sequence[Placed], everything: Iterable[Placed]) -> Iterator[str]:
    """Yield what is wrong with the entries that are to be unpacked, taken together."""
    first: dict[Parts, Entry] = {}
    for item in chosen:
        entry, before = item.entry, first.setdefault(item.parts, item.entry)
        if before.kind is not entry.kind:
            yield f"{entry.name!r} is there twice: {before.kind.value} and {entry.kind.value}"
        elif entry.kind is Kind.LINK and entry.target != before.target:
            yield f"{entry.name!r} is there twice: a link to {before.target!r}, then another"
    links = {parts: entry.target for parts, entry in first.items() if entry.kind is Kind.LINK}
    files = {item.parts for item in everything if item.entry.kind is Kind.FILE}
    for item in chosen:
        yield from _through(item, first)
        yield from _bad_kind(item, links, files)


def _through(item: Placed, first: Mapping[Parts, Entry]) -> Iterator[str]:
    for length in range(1, len(item.parts)):
        above = first.get(item.parts[:length])
        if above and above.kind is not Kind.FOLDER:
            yield f"{item.entry.name!r} goes through {above.name!r}, which is {above.kind.value}"


def _bad_kind(item: Placed, links: Mapping[Parts, str], files: Container[Parts]) -> Iterator[str]:
    entry = item.entry
    if entry.kind in _SPECIAL:
        yield f"{entry.name!r} is {entry.kind.value}"
    elif entry.kind is Kind.LINK and _leaves(item.parts[:-1], entry.target, links):
        yield f"{entry.name!r} is a link out of the tree, to {entry.target!r}"
    elif entry.kind is Kind.HARD_LINK and item.goal not in files:
        yield f"{entry.name!r} is a hard link to {entry.target!r}, no file of this archive"


def _leaves(folder: Parts, target: str, links: Mapping[Parts, str]) -> bool:
    """Follow a link, through other links too, without looking at the disk.

    A loop leads nowhere, so it stays.
    """
    place = list(folder)
    rest = _steps(target)
    hops = 0
    while rest and hops <= _HOPS:
        step = rest.pop()
        if step == "/" or (step == ".." and not place):
            return True
        if step == "..":
            place.pop()
        elif (onward := links.get((*place, step))) is not None:
            rest += _steps(onward)
            hops += 1
        else:
            place.append(step)
    return False


def _steps(target: str) -> list[str]:
    """Return the steps of a path, the last one first."""
    root = ["/"] if target.startswith("/") else []
    return [*reversed(split(target)), *root]
