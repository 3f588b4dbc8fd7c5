"""What of an archive is unpacked, and where: the entries that `only` chooses, if they are safe."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from libwheel.errors import BuildError, Problem, RecipeError, nearest
from libwheel.patterns import matches_any, unmatched
from libwheel.source.dangers import Parts, Placed, bad_names, bad_places, split
from libwheel.source.entries import Entry, Kind


@dataclass(frozen=True)
class Choice:
    """The entries by their places; of a file that is there twice, the last, as tar itself does.

    `files` are all of the archive's: a hard link may lead to one that is not chosen.
    """

    placed: Mapping[Parts, Placed]
    files: Mapping[Parts, Entry]

    def content(self, item: Placed) -> Entry:
        """Return the entry that has the bytes of a file, or of what a hard link leads to."""
        return self.files[item.goal] if item.entry.kind is Kind.HARD_LINK else item.entry


def choose(entries: Sequence[Entry], only: Sequence[str], name: str) -> Choice:
    """Choose what is unpacked, less the single top folder; everything where `only` is empty.

    Raises BuildError where an entry would reach outside the tree, RecipeError where `only` names
    what is not there; `name` is the archive's.
    """
    _stop_for(bad_names(entries), name)
    everything = _stripped(entries)
    chosen = _chosen(everything, only, name)
    _stop_for(bad_places(chosen, everything), name)
    return Choice(
        {item.parts: item for item in chosen}, {item.parts: item.entry for item in everything}
    )


def _stop_for(faults: Iterable[str], name: str) -> None:
    if found := list(dict.fromkeys(faults)):
        lines = "\n  ".join(found)
        raise BuildError(f"{name} is not safe to unpack; nothing of it was:\n  {lines}")


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
