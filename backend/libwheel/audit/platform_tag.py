"""The platform tag of a wheel, proved from what its binaries need of the system.

For the native target that is the lowest manylinux tag that they prove (PEP 600). A target with a
floor has the tag of that floor, never a lower one, and the rules prove that no binary needs more:
with a finding of theirs there is no wheel. musllinux tags are those of PEP 656.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from libwheel import policy
from libwheel.binaries.binary import Binary
from libwheel.policy import Floor
from libwheel.target import Libc, Os, Target


@dataclass(frozen=True)
class _Need:
    """What a binary needs of the system, in words, and its floor; None: no floor has it."""

    text: str
    floor: Floor | None


def platform_tag(binaries: Collection[Binary], target: Target, others: Collection[str] = ()) -> str:
    """Return the target's tag; without a floor the lowest manylinux one that the binaries prove.

    Where they prove none that is the plain `linux` one. `others` are libraries of the wheels that
    this one requires: no part of the system.
    """
    if target.floor:
        return asked_tag(target)
    floors = [need.floor for need in _needs(binaries, target, others) if need.floor]
    if not binaries or unproved(binaries, target, others):
        return f"linux_{target.arch}"
    major, minor = max(floors)
    return f"manylinux_{major}_{minor}_{target.arch}"


def asked_tag(target: Target) -> str:
    """Return the tag of the target's floor, or the plain `linux` one where it has none.

    From macOS 11 on installers know no minor version: a floor with one is the next major's.
    """
    if target.floor is None:
        return f"linux_{target.arch}"
    major, minor = target.floor
    if target.os is Os.MACOS:
        arch = "arm64" if target.arch == "aarch64" else target.arch
        return f"macosx_{major + bool(minor)}_0_{arch}"
    if target.os is Os.WINDOWS:
        return "win_amd64"
    kind = "musllinux" if target.libc is Libc.MUSL else "manylinux"
    return f"{kind}_{major}_{minor}_{target.arch}"


def unproved(
    binaries: Collection[Binary], target: Target, others: Collection[str] = ()
) -> tuple[str, ...]:
    """Say what there is in the way of a manylinux tag: what no manylinux platform promises.

    Nothing where the target has a floor: there it is for the rules to say.
    """
    if target.floor:
        return ()
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
