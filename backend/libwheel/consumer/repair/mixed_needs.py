"""Finds consumers that mix what does not go together: sizes of integers, OpenMP runtimes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations

from libwheel import naming, policy
from libwheel.consumer import pools
from libwheel.consumer.pools import Pool
from libwheel.consumer.repair.elf_members import ElfMember
from libwheel.consumer.repair.library_needs import Library, Need
from libwheel.errors import BuildError
from libwheel.words import listed

# What libraries with 64-bit integers put behind their names; see OpenBLAS's SYMBOLSUFFIX.
_SUFFIXES = ("_64_", "64_", "_64")
# What compilers add to a link: none has names that a suffix could be lacking of.
_COMPILERS = ("libgcc_s.", "libgfortran", "libquadmath", "libstdc++")


def refuse(
    members: Sequence[ElfMember], own: Iterable[ElfMember], installed: Mapping[str, Library]
) -> None:
    """Raise BuildError where a member takes names of another variant, or two of one thing.

    What `own` members export, the wheel brings by itself.
    """
    brought = {member.file_name: member for member in own}
    problems = [
        problem
        for member in members
        for rule in (_other_names, _conflicts, _two_runtimes)
        for problem in rule(member, brought, installed)
    ]
    if problems:
        raise BuildError("\n".join(problems))


def warnings(members: Iterable[ElfMember], needs: Sequence[Need]) -> tuple[str, ...]:
    """Return what is not wrong in any one file, and not as its makers will have meant it."""
    return (*_idle_conflicts(needs), *_second_runtime(members, needs))


# Names of the other variant


def _other_names(
    member: ElfMember, brought: Mapping[str, ElfMember], installed: Mapping[str, Library]
) -> Iterator[str]:
    """Tell of names that no library has under which they are taken, but with a suffix, or without.

    The linker says nothing of them where it makes a shared library, and binds them to none.
    """
    libraries = [installed[name] for name in member.binary.needed if name in installed]
    if not libraries or any(
        _may_have_anything(n, brought, installed) for n in member.binary.needed
    ):
        return
    offered = {name for library in libraries for name in library.binary.exports_by_name}
    offered |= {symbol.name for one in brought.values() for symbol in one.binary.exports}
    unbound = [s.name for s in member.binary.imports if not (s.library or s.weak)]
    lacking = [name for name in unbound if name not in offered]
    for library in libraries:
        found = {n: twin for n in lacking if (twin := _twin(n, library.binary.exports_by_name))}
        if found:
            yield _other_name(member, library, found, installed)


def _may_have_anything(
    needed: str, brought: Mapping[str, ElfMember], installed: Mapping[str, Library]
) -> bool:
    is_known = needed in installed or needed in brought or needed.startswith(_COMPILERS)
    return not (is_known or pools.is_plain_openmp(needed) or policy.is_system_library(needed))


def _twin(name: str, exports: Iterable[str]) -> str | None:
    """Return the name with a suffix, or without the one that it has, if that is exported."""
    others = [name + suffix for suffix in _SUFFIXES]
    others += [name.removesuffix(suffix) for suffix in _SUFFIXES if name.endswith(suffix)]
    return next((other for other in others if other in exports), None)


def _other_name(
    member: ElfMember,
    library: Library,
    found: Mapping[str, str],
    installed: Mapping[str, Library],
) -> str:
    names, twins = list(found), list(found.values())
    is_short = len(twins[0]) > len(names[0])
    meant = "32-bit integers (LP64)" if is_short else "64-bit integers (ILP64)"
    siblings = [
        package
        for other in installed.values()
        if other.wheel is library.wheel and names[0] in other.binary.exports_by_name
        for package in _packages(other)
    ]
    link = f"link {listed(siblings)}" if siblings else f"link a library that has {names[0]}"
    are = "is" if len(names) == 1 else "are"
    return (
        f"{member.name}: {listed(names)} {are} not in {library.file} of {library.wheel}, which has "
        f"{listed(twins)}: was this built for {meant}? Then {link}; else compile with the names "
        f"that {library.file} has"
    )


def _packages(library: Library) -> list[str]:
    """Return the pkg-config names of what is in the library's file."""
    offers = library.wheel.constants.offers
    return [naming.pywheel(n) for n, offer in offers.items() if offer["file"] == library.file]


# Libraries that conflict


def _conflicts(
    member: ElfMember, _: Mapping[str, ElfMember], installed: Mapping[str, Library]
) -> Iterator[str]:
    libraries = [installed[name] for name in member.binary.needed if name in installed]
    for one, other in _conflicting(libraries):
        if _is_used(member, one) and _is_used(member, other):
            yield (
                f"{member.name}: takes symbols of {one.file} and of {other.file}, of which one "
                f"extension may use one ({one.wheel} says so: they differ, as in the size of their "
                "integers). Link one of them; several extensions of a package may differ in that"
            )


def _idle_conflicts(needs: Iterable[Need]) -> Iterator[str]:
    """Tell of what is linked and not used; what is used is refused."""
    by_member: dict[str, list[Need]] = {}
    for need in needs:
        by_member.setdefault(need.member.name, []).append(need)
    for its in by_member.values():
        for pair in _conflicting([need.library for need in its]):
            idle = [library.file for library in pair if not _is_used(its[0].member, library)]
            yield (
                f"{its[0].member.name} needs {listed([library.file for library in pair])}, of "
                f"which an extension may have one, and takes nothing of {listed(idle)}: link "
                "without it, or with -Wl,--as-needed"
            )


def _conflicting(libraries: Iterable[Library]) -> Iterator[tuple[Library, Library]]:
    for one, other in combinations(libraries, 2):
        if one.wheel is other.wheel and (_names(one, other) or _names(other, one)):
            yield one, other


def _names(one: Library, other: Library) -> bool:
    """Tell whether the wheel says of the one that it conflicts with the other."""
    offers = one.wheel.constants.offers
    named = {
        n for offer in offers.values() if offer["file"] == one.file for n in offer["conflicts"]
    }
    return any(offers[name]["file"] == other.file for name in named if name in offers)


def _is_used(member: ElfMember, library: Library) -> bool:
    """Tell whether the member takes a symbol of it; it may where symbols carry no versions."""
    if not library.binary.version_nodes:
        return True
    return any(taken.library == library.file for taken in member.binary.imports)


# OpenMP runtimes


def _two_runtimes(
    member: ElfMember, _: Mapping[str, ElfMember], installed: Mapping[str, Library]
) -> Iterator[str]:
    plain = list(filter(pools.is_plain_openmp, member.binary.needed))
    ours = [n for n in member.binary.needed if n in installed and _is_openmp(installed[n])]
    if plain and ours:
        yield (
            f"{member.name}: needs {listed([*plain, *ours])}, two OpenMP runtimes: -fopenmp on the "
            f"link line adds the compiler's own. Compile with -fopenmp and link {ours[0]} without "
            f"it, as {_compiling(installed[ours[0]])} of pkg-config has it; or put -Wl,--as-needed "
            "before everything else"
        )


def _compiling(library: Library) -> str:
    """Return the pkg-config names that say -fopenmp to the compiler as well, if any do."""
    offers = library.wheel.constants.offers
    says = {naming.pywheel(name) for name, offer in offers.items() if offer["cflags"]}
    names = _packages(library)
    return listed([name for name in names if name in says] or names) or library.wheel.name


def _is_openmp(library: Library) -> bool:
    return pools.pool_of(library.binary.exports_by_name.keys()) is Pool.OPENMP


def _second_runtime(members: Iterable[ElfMember], needs: Iterable[Need]) -> Iterator[str]:
    """Tell of members that need another runtime than the wheel's library wheels run on."""
    plain = {
        member.name: [name for name in member.binary.needed if pools.is_plain_openmp(name)]
        for member in members
    }
    users = [name for name, needed in plain.items() if needed]
    libraries = {need.library.file: need.library for need in needs} if users else {}
    ours = [lib for lib in libraries.values() if _is_openmp(lib) or _runs_on_openmp(lib)]
    if ours:
        names = dict.fromkeys(name for needed in plain.values() for name in needed)
        yield (
            f"{listed(users)}: {listed(list(names))} is an OpenMP runtime beside the one of "
            f"{listed([library.file for library in ours])}: two pools of threads for the same "
            "processors. Build it against the library wheel openmp (openmp-pywheel of pkg-config)"
        )


def _runs_on_openmp(library: Library) -> bool:
    return any(map(pools.is_of_llvm, library.binary.needed))
