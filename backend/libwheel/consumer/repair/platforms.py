"""Platform tags of wheels: which a consumer may have that needs these library wheels."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
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


def is_plain(wheel: LibraryWheel) -> bool:
    """Tell whether a library wheel promises to run on the machine only where it was built."""
    return not any(floor for floor, _ in _floors(wheel))


def lifted(proved: frozenset[str], wheels: Iterable[LibraryWheel]) -> frozenset[str]:
    """Return the tags of a consumer: of those `proved` by itself, what its library wheels allow.

    Where all of them are too low, the tags of the library wheel with the highest floor.
    """
    wheels = list(wheels)
    if any(map(is_plain, wheels)):
        return frozenset(f"linux_{arch}" for wheel in wheels for arch in arches(wheel.platforms))
    lowest = max((min(_floors(wheel)) for wheel in wheels), default=((0, 0), ""))[0]
    kept = {tag for tag in proved if _is_at_least(tag, lowest)}
    own = {tag for wheel in wheels for floor, tag in _floors(wheel) if floor == lowest}
    return frozenset(kept or own)


def _floors(wheel: LibraryWheel) -> Iterator[tuple[Floor, str]]:
    for tag in wheel.platforms:
        platform = parse(tag)
        if platform and platform.floor:
            yield platform.floor, tag


def _is_at_least(tag: str, lowest: Floor) -> bool:
    platform = parse(tag)
    return bool(platform and platform.floor and platform.floor >= lowest)
