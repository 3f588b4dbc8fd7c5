"""The platform tag of a wheel, proved from what its binaries need of the system (PEP 600)."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from libwheel import policy
from libwheel.binaries.binary import Binary
from libwheel.policy import Floor
from libwheel.target import Libc, Target


def platform_tag(binaries: Collection[Binary], target: Target) -> str:
    """Return the lowest manylinux tag that the binaries prove, else the plain `linux` one."""
    floor = _proved(binaries, target)
    if floor is None:
        return f"linux_{target.arch}"
    return f"manylinux_{floor[0]}_{floor[1]}_{target.arch}"


def _proved(binaries: Collection[Binary], target: Target) -> Floor | None:
    """Return the floor; None where something is needed that no manylinux platform promises."""
    lowest = policy.LOWEST.get(target.arch)
    if not binaries or lowest is None or target.libc is not Libc.GLIBC:
        return None
    siblings = {binary.soname for binary in binaries}
    floors = [lowest]
    for binary in binaries:
        for floor in _floors(binary, siblings):
            if floor is None or binary.arch != target.arch:
                return None
            floors.append(floor)
    return max(floors)


def _floors(binary: Binary, siblings: Collection[str | None]) -> Iterator[Floor | None]:
    """Yield the floor that each need of a binary asks for; None: no floor has it."""
    for name in binary.needed:
        if name not in siblings:
            yield policy.floor_of_library(name)
    for need in binary.requirements:
        if need.library not in siblings and not policy.is_loader(need.library):
            yield policy.floor_of_node(need.version, binary.arch)
    for symbol in binary.imports:
        if not symbol.weak and symbol.library not in siblings:
            yield policy.floor_of_symbol(symbol.name)
