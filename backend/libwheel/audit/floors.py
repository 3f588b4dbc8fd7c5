"""What a binary needs of a system that is newer than the oldest one that the wheel is for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from libwheel import policy
from libwheel.audit.host import SystemLibraries
from libwheel.binaries.binary import Binary, Requirement, Symbol
from libwheel.target import Format, Libc, Os, Target

SYSTEMS = {Os.LINUX: "Linux", Os.MACOS: "macOS", Os.WINDOWS: "Windows"}

# Where new functions of glibc are.  A linker that has found none of its symbols at the floor does
# not let a binary need such a library at all (--as-needed).
_GLIBC = ("libc.so.6", "libm.so.6")

_SHOWN = 3


def name(target: Target) -> str:
    """Return ``glibc 2.17``: the oldest system that the target is for."""
    return f"{_system(target)} {_dotted(target.floor or (0, 0))}"


def above(
    binary: Binary, target: Target, others: Mapping[str, Binary], host: SystemLibraries
) -> Iterator[str]:
    """Yield what a binary needs that the target's floor has not, in words.

    `others` are the libraries of this wheel and of those that it requires, none of the system's,
    by the names in `needed`; `host` finds the system's libraries on this machine. Nothing where
    the target has no floor.
    """
    if target.floor is None or binary.format is not target.format:
        return
    if binary.format is Format.ELF:
        yield from _of_elf(binary, target, others)
        yield from newer_symbols(binary, target, others, host).values()
    elif binary.minimum_os is None:
        yield f"some {_system(target)}, it does not say which is the oldest"
    elif binary.minimum_os > target.floor:
        yield f"{_system(target)} {_dotted(binary.minimum_os)}"


def newer_symbols(
    binary: Binary, target: Target, others: Mapping[str, Binary], host: SystemLibraries
) -> Mapping[str, str]:
    """Return the imports that glibc has, but not at the floor, each with what explains it.

    A linker that knows the floor's glibc binds them to no version. Which one they have, this
    machine's glibc tells, as far as it is new enough: it is the same on every machine. What it has
    in an older version too is none of them: that came to libc from a library of its own.
    """
    if target.libc is not Libc.GLIBC or target.floor is None:
        return {}
    own = {name for library in _beside(binary, others) for name in library.exports_by_name}
    loose = {s.name for s in binary.imports if s.version is None and not s.weak} - own
    names = dict.fromkeys((*filter(policy.is_system_library, binary.needed), *_GLIBC))
    system = [(soname, library) for soname in names if (library := host(soname))]
    return {
        name: f"{name}@{version} of {soname}"
        for soname, library in system
        for name in sorted(loose)
        if (version := _newer_version(library.exports_by_name.get(name, ()), target))
    }


def _newer_version(symbols: Iterable[Symbol], target: Target) -> str | None:
    """Return the version that one name has; None: the floor has one of its versions."""
    versions = {s.version: s.is_default for s in symbols if s.version}
    if any(_has_version(version, target) for version in versions):
        return None
    return next((version for version, is_default in versions.items() if is_default), None)


def _beside(binary: Binary, others: Mapping[str, Binary]) -> list[Binary]:
    return [others[name] for name in binary.needed if name in others]


def _of_elf(binary: Binary, target: Target, others: Mapping[str, Binary]) -> Iterator[str]:
    for need in binary.requirements:
        if need.library not in others and not _has(need, target):
            names = [symbol.name for symbol in binary.imports if symbol.version == need.version]
            yield from _needed(need, names)
    if target.libc is Libc.GLIBC:
        yield from _newer_than_their_version(binary, target, others)
    elif target.libc is Libc.MUSL:
        yield from _newer_than_musl(binary, others)


def _has(need: Requirement, target: Target) -> bool:
    """Tell whether the target's floor has a version node of a library."""
    if target.libc is not Libc.GLIBC:
        return False  # musl has none
    return policy.is_loader(need.library) or _has_version(need.version, target)


def _has_version(version: str, target: Target) -> bool:
    return target.floor is not None and policy.has_node(version, target.arch, target.floor)


def _needed(need: Requirement, names: list[str]) -> Iterator[str]:
    shown = [f"{name}@{need.version} of {need.library}" for name in names[:_SHOWN]]
    yield from shown or [f"{need.version} of {need.library}"]
    if len(names) > _SHOWN:
        yield f"{len(names) - _SHOWN} more of {need.version}"


def _newer_than_their_version(
    binary: Binary, target: Target, others: Mapping[str, Binary]
) -> Iterator[str]:
    """Yield what distributions of the floor lack although they have the version, or the library."""
    floor = target.floor or (0, 0)
    for library in binary.needed:
        since = policy.floor_of_library(library)
        if library not in others and since and since > floor:
            yield f"{library}, which is there from glibc {_dotted(since)} on"
    for symbol in binary.imports:
        since = policy.floor_of_symbol(symbol.name)
        if not symbol.weak and symbol.library not in others and since > floor:
            yield f"{symbol.name}, which every glibc has from {_dotted(since)} on"


def _newer_than_musl(binary: Binary, others: Mapping[str, Binary]) -> Iterator[str]:
    beside = _beside(binary, others)
    for symbol in binary.imports:
        since = policy.musl_of_symbol(symbol.name)
        own = any(symbol.name in library.exports_by_name for library in beside)
        if since and symbol.version is None and not symbol.weak and not own:
            yield f"{symbol.name}, which musl has from {since} on"


def _system(target: Target) -> str:
    return str(target.libc) if target.libc else SYSTEMS[target.os]


def _dotted(version: policy.Floor) -> str:
    return ".".join(map(str, version))
