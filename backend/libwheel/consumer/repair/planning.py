"""Decides what a consumer's wheel lacks to be fit to ship; changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from libwheel.binaries.binary import Binary
from libwheel.consumer.library_wheels import LibraryWheel
from libwheel.consumer.repair import layout, mixed_needs, platforms, wheel_metadata
from libwheel.consumer.repair.elf_members import ElfMember
from libwheel.consumer.repair.layout import LIBRARIES, Folder
from libwheel.consumer.repair.library_needs import Need
from libwheel.consumer.repair.wheel_file import WheelFile
from libwheel.errors import BuildError
from libwheel.words import listed


@dataclass(frozen=True, order=True)
class SearchPath:
    """Where the loader is to look for what a file needs; `is_rpath`: before LD_LIBRARY_PATH."""

    entries: tuple[str, ...]
    is_rpath: bool

    @property
    def alone(self) -> tuple[SearchPath, ...]:
        """What a file has that has this one: nothing where it has no entries."""
        return (self,) if self.entries else ()

    def __str__(self) -> str:
        kind = "RPATH" if self.is_rpath else "RUNPATH"
        return f"{kind} {':'.join(self.entries)}" if self.entries else f"no {kind}"


@dataclass(frozen=True)
class PathEdit:
    """Another search path for a member.

    `before` are those that it has: one, none, or an RPATH and the RUNPATH that makes it void.
    """

    member: str
    before: tuple[SearchPath, ...]
    after: SearchPath


@dataclass(frozen=True)
class Plan:
    """What is to be done to what auditwheel has made of a wheel.

    `grafted` members are new in it, `patched` ones are others than in the wheel. `platforms`
    are the tags that the result has, `new_platforms` tells whether the wheel has other ones.
    `dropped` are signatures of the wheel as it was.
    """

    grafted: tuple[str, ...]
    patched: tuple[str, ...]
    paths: tuple[PathEdit, ...]
    requirements: tuple[Requirement, ...]
    platforms: frozenset[str]
    new_platforms: bool
    dropped: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        edits = (self.grafted, self.patched, self.paths, self.requirements)
        return not any(edits) and not self.new_platforms

    def lines(self) -> Iterator[str]:
        """Yield each change, in words."""
        for name in self.grafted:
            yield f"{name}: added by auditwheel"
        for name in self.patched:
            yield f"{name}: changed by auditwheel"
        yield from self._path_lines()
        for requirement in self.requirements:
            yield f"Requires-Dist: {requirement}"
        if self.new_platforms:
            yield f"platform: {', '.join(sorted(self.platforms))}"
        if not self.is_empty:
            for name in self.dropped:
                yield f"{name}: dropped, it was the signature of the wheel as it was"

    def _path_lines(self) -> Iterator[str]:
        """Yield a line for all that get the same in place of the same."""
        alike: dict[tuple[tuple[SearchPath, ...], SearchPath], list[str]] = {}
        for edit in self.paths:
            alike.setdefault((edit.before, edit.after), []).append(edit.member)
        for (before, after), members in alike.items():
            was = listed([str(path) for path in before]) or "none"
            yield f"{listed(members)}: {after} (was: {was})"


def make(
    wheel: WheelFile,
    made: WheelFile,
    members: Sequence[ElfMember],
    needs: Sequence[Need],
    exact: bool,
) -> Plan:
    """Return what is to be done to `made`, which is what auditwheel has made of `wheel`.

    `members` are its ELF files, `needs` what they need of library wheels. `exact` asks for the
    installed version of a library wheel and no other. Raises BuildError where no plan can be.
    """
    before = {member.name: member.content for member in wheel.members}
    described = f"{wheel.info}/WHEEL"  # its tags are changed to and fro
    grafted = tuple(m.name for m in made.members if m.name not in before)
    changed = (m.name for m in made.members if before.get(m.name, m.content) != m.content)
    used = tuple({need.library.wheel.name: need.library.wheel for need in needs}.values())
    fit = platforms.fit(wheel.platforms, made.platforms, used)
    return Plan(
        grafted=grafted,
        patched=tuple(name for name in changed if name != described),
        paths=_path_edits(made, members, needs, grafted),
        requirements=_requirements(made.described("METADATA"), used, exact=exact),
        platforms=fit,
        new_platforms=fit != wheel.platforms,
        dropped=wheel.signatures,
        warnings=(
            *map(_plain_warning, filter(platforms.is_plain, used)),
            *mixed_needs.warnings(members, needs),
        ),
    )


def _plain_warning(wheel: LibraryWheel) -> str:
    return (
        f"{wheel} is tagged {', '.join(wheel.platforms)}, so the result is too, which "
        "package indexes do not take: they want a manylinux one"
    )


def _requirements(
    metadata: bytes, used: Iterable[LibraryWheel], *, exact: bool
) -> tuple[Requirement, ...]:
    wheels = sorted(used, key=lambda wheel: wheel.name)
    _refuse_contradictions(wheel_metadata.requirements(metadata), wheels)
    ranges = {w.name: f"=={w.version}" if exact else str(w.compatible) for w in wheels}
    wanted = [Requirement(f"{name}{specifier}") for name, specifier in ranges.items()]
    return wheel_metadata.lacking(metadata, wanted)


def _refuse_contradictions(there: Sequence[Requirement], wheels: Iterable[LibraryWheel]) -> None:
    problems = [
        f"METADATA requires {requirement}, and {wheel} is installed here: mend the "
        "dependencies of the consumer, or build it against what they ask for"
        for wheel in wheels
        for requirement in there
        if canonicalize_name(requirement.name) == wheel.name
        and not requirement.specifier.contains(wheel.version, prereleases=True)
    ]
    if problems:
        raise BuildError("\n".join(problems))


def _path_edits(
    made: WheelFile, members: Sequence[ElfMember], needs: Iterable[Need], grafted: Sequence[str]
) -> tuple[PathEdit, ...]:
    own = frozenset(layout.top_level(layout.folder_of(member.name)) for member in made.members)
    needing = {need.member.name for need in needs}
    folders = frozenset(member.folder for member in members)
    new = {member.file_name: member.folder for member in members if member.name in grafted}
    edits = []
    for member in members:
        before = search_paths(member.binary)
        entries = [
            *_kept(member, folders - {LIBRARIES} if member.name in needing else folders, own),
            *_ways_to_grafted(member, new),
            *([_way_to_libraries(member)] if member.name in needing else ()),
        ]
        is_rpath = member.name in needing or (bool(before) and before[-1].is_rpath)
        after = SearchPath(tuple(dict.fromkeys(entries)), is_rpath)
        if before != after.alone:
            edits.append(PathEdit(member.name, before, after))
    return tuple(edits)


def search_paths(binary: Binary) -> tuple[SearchPath, ...]:
    """Return what a file has: one, none or both."""
    rpath = SearchPath(binary.rpath, is_rpath=True)
    runpath = SearchPath(binary.runpath, is_rpath=False)
    return rpath.alone + runpath.alone


def _kept(
    member: ElfMember, folders: frozenset[Folder], own: frozenset[Folder | None]
) -> Iterator[str]:
    """Yield the entries that lead to libraries of the wheel, wherever it is installed.

    And to those of other distributions: to what is in site-packages and in none of the wheel's
    `own` top-level folders.
    """
    for entry in member.search_path:
        place = layout.led_to(member.folder, entry)
        if place is not None and (place in folders or _is_elsewhere(place, own)):
            yield entry


def _is_elsewhere(place: Folder, own: frozenset[Folder | None]) -> bool:
    top_level = layout.top_level(place)
    return top_level is not None and top_level not in own


def _ways_to_grafted(member: ElfMember, grafted: Mapping[str, Folder]) -> Iterator[str]:
    """Yield what leads to grafted libraries once installed.

    auditwheel goes by their places in the archive, where `data` and `platlib` are folders.
    """
    for name in member.binary.needed:
        if name in grafted:
            way = layout.way(member.folder, grafted[name])
            if way is None:
                raise BuildError(
                    f"{member.name} needs {name}, which auditwheel has put where no RPATH leads to "
                    "from there: link it statically, or install the file into the package"
                )
            yield way


def _way_to_libraries(member: ElfMember) -> str:
    way = layout.way(member.folder, LIBRARIES)
    assert way is not None, "every name of that folder is known"
    return way
