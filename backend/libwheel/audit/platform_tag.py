"""The platform tag of a wheel, proved from what its binaries need of the system (PEP 600)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from libwheel import policy
from libwheel.binaries.binary import Binary
from libwheel.policy import Floor
from libwheel.target import Libc, Target


@dataclass(frozen=True)
class _Need:
    """What a binary needs of the system, in words, and its floor; None: no floor has it."""

    text: str
    floor: Floor | None


def platform_tag(binaries: Collection[Binary], target: Target, others: Collection[str] = ()) -> str:
    """Return the lowest manylinux tag that the binaries prove, else the plain `linux` one.

    `others` are libraries of the wheels that this one requires: no part of the system.
    """
    floors = [need.floor for need in _needs(binaries, target, others) if need.floor]
    if not binaries or unproved(binaries, target, others):
        return f"linux_{target.arch}"
    major, minor = max(floors)
    return f"manylinux_{major}_{minor}_{target.arch}"


def unproved(
    binaries: Collection[Binary], target: Target, others: Collection[str] = ()
) -> tuple[str, ...]:
    """Say what there is in the way of a manylinux tag: what no manylinux platform promises."""
    texts = (need.text for need in _needs(binaries, target, others) if need.floor is None)
    return tuple(dict.fromkeys(texts))


def _needs(
    binaries: Collection[Binary], target: Target, others: Collection[str]
) -> Iterator[_Need]:
    lowest = policy.LOWEST.get(target.arch) if target.libc is Libc.GLIBC else None
    yield _Need(f"there is no manylinux platform for {target}", lowest)
    siblings = {*(binary.soname for binary in binaries), *others}
    for binary in binaries:
        if binary.arch != target.arch:
            yield _Need(f"{binary.soname} is built for {binary.arch}", None)
        for text, floor in _floors(binary, siblings):
            yield _Need(f"{binary.soname} needs {text}, which no manylinux platform has", floor)


def _floors(binary: Binary, siblings: Collection[str | None]) -> Iterator[tuple[str, Floor | None]]:
    """Yield each need of a binary and the floor that it asks for."""
    for name in binary.needed:
        if name not in siblings:
            yield name, policy.floor_of_library(name)
    for need in binary.requirements:
        if need.library not in siblings and not policy.is_loader(need.library):
            floor = policy.floor_of_node(need.version, binary.arch)
            yield f"{need.version} of {need.library}", floor
    for symbol in binary.imports:
        if not symbol.weak and symbol.library not in siblings:
            yield symbol.name, policy.floor_of_symbol(symbol.name)
