"""Platform tags of wheels: which a consumer may have that needs these library wheels."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from libwheel.consumer.library_wheels import LibraryWheel
from libwheel.policy import Floor

# The names from before PEP 600, which gave them these floors.
_OLD_NAMES: dict[str, Floor] = {
    "manylinux1": (2, 5),
    "manylinux2010": (2, 12),
    "manylinux2014": (2, 17),
}
_LINUX = re.compile(r"(linux|manylinux1|manylinux2010|manylinux2014|manylinux_(\d+)_(\d+))_(\w+)")
_ANY = "any"
_FOREIGN = {
    "musllinux": "Linux with musl",
    "macosx": "macOS",
    "win": "Windows",
    "android": "Android",
    "ios": "iOS",
}


@dataclass(frozen=True)
class Platform:
    """What a tag of Linux says; a plain `linux` tag has no floor."""

    arch: str
    floor: Floor | None


def parse(tag: str) -> Platform | None:
    match = _LINUX.fullmatch(tag)
    if not match:
        return None
    numbers = (int(match[2]), int(match[3])) if match[2] else None
    return Platform(match[4], numbers or _OLD_NAMES.get(match[1]))


def foreign(tags: Iterable[str]) -> tuple[str, ...]:
    """Name the systems that are not Linux with glibc, which is what can be repaired."""
    others = sorted(tag for tag in tags if tag != _ANY and not parse(tag))
    return tuple(dict.fromkeys(_system(tag) for tag in others))


def _system(tag: str) -> str:
    return next((name for prefix, name in _FOREIGN.items() if tag.startswith(prefix)), tag)


def arches(tags: Iterable[str]) -> frozenset[str]:
    return frozenset(platform.arch for tag in tags for platform in [parse(tag)] if platform)


def plain(tags: Collection[str]) -> frozenset[str]:
    """Return tags that promise nothing in place of those of Linux."""
    return frozenset(f"linux_{arch}" for arch in arches(tags)) or frozenset(tags)


def is_plain(wheel: LibraryWheel) -> bool:
    """Tell whether a library wheel promises to run on the machine only where it was built."""
    return not _by_floor(wheel.platforms)


def fit(
    said: frozenset[str], proved: frozenset[str], wheels: Iterable[LibraryWheel]
) -> frozenset[str]:
    """Return the tags of a consumer: what is true of those that it has and what is `proved`.

    A tag is true where what is proved and its library wheels have no higher floor. Where all of
    them are too low, it gets the tags of the library wheel with the highest floor. Where nothing
    is proved, of it or of a library wheel, it promises nothing.
    """
    sides: list[Collection[str]] = [proved, *(wheel.platforms for wheel in wheels)]
    floors = [_by_floor(tags) for tags in sides]
    if not all(floors):
        return plain({tag for tags in sides for tag in tags})
    lowest = max(map(min, floors))
    own = {tag for tags in floors for tag in tags.get(lowest, ())}
    true = {t for floor, tags in _by_floor(said | proved).items() if floor >= lowest for t in tags}
    return frozenset(true or own)


def _by_floor(tags: Iterable[str]) -> dict[Floor, list[str]]:
    found: dict[Floor, list[str]] = {}
    for tag in tags:
        platform = parse(tag)
        if platform and platform.floor:
            found.setdefault(platform.floor, []).append(tag)
    return found
