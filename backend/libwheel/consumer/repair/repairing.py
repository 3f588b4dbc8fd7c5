"""Makes a consumer's wheel fit to ship: read it, decide what it lacks, write the result."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from libwheel.binaries import elf
from libwheel.consumer.library_wheels import LibraryWheel
from libwheel.consumer.repair import (
    disguise,
    elf_members,
    grafting,
    library_needs,
    mixed_needs,
    plain_needs,
    planning,
    platforms,
    wheel_file,
    wheel_identity,
    wheel_metadata,
)
from libwheel.consumer.repair.elf_members import ElfMember
from libwheel.consumer.repair.grafting import Auditwheel
from libwheel.consumer.repair.library_needs import Library, Need
from libwheel.consumer.repair.planning import PathEdit, Plan, SearchPath
from libwheel.consumer.repair.temporary import refuse_full, temporary
from libwheel.consumer.repair.wheel_file import WheelFile
from libwheel.errors import BuildError, InternalError
from libwheel.files import explain_os_error, replacing, writing_to
from libwheel.wheel import ZIP_EPOCH, Member, pack
from libwheel.words import listed


@dataclass(frozen=True)
class Tools:
    """The programs that repair wheels."""

    auditwheel: Auditwheel
    patchelf: Path


@dataclass(frozen=True)
class Proposal:
    """What is to become of the wheel at `path`: the members of `made`, changed by the plan.

    Without a plan it needs no library wheel.
    """

    path: Path
    made: WheelFile
    plan: Plan | None

    @property
    def name(self) -> str:
        """The name of the result."""
        if self.plan is None or self.is_fit:
            return self.path.name
        return _name(self.path.name, self.plan.platforms)

    @property
    def changes(self) -> tuple[str, ...]:
        """What is to be done, in words."""
        return tuple(self.plan.lines()) if self.plan else ()

    @property
    def is_plain_linux(self) -> bool:
        """Whether the wheel is as a build leaves it, for the machine that it was built on."""
        return any(tag.startswith("linux_") for tag in self.made.platforms)

    @property
    def is_fit(self) -> bool:
        """Whether the wheel is fit to ship as it is."""
        return self.plan is None or self.plan.is_empty


def propose(
    path: Path,
    installed: Iterable[LibraryWheel],
    find_tools: Callable[[], Tools],
    *,
    exact: bool = False,
) -> Proposal:
    """Decide what is to be done to a wheel; writes nothing that stays.

    Raises BuildError, with the wheel's name, where it cannot be repaired; also where it has to
    be and `find_tools` raises one.
    """
    wheel = wheel_file.read(path)
    try:
        made, plan = _decided(path, wheel, library_needs.libraries(installed), find_tools, exact)
    except BuildError as error:
        raise BuildError(f"{wheel.name}: {error}") from error
    return Proposal(path, made, plan)


def _decided(
    path: Path,
    wheel: WheelFile,
    libraries: Mapping[str, Library],
    find_tools: Callable[[], Tools],
    exact: bool,
) -> tuple[WheelFile, Plan | None]:
    """Return what auditwheel makes of the wheel and what is to be done to that.

    What needs no library wheel stays as it is.
    """
    wheel_identity.refuse_contradictions(wheel)
    _refuse_foreign(wheel)
    members = elf_members.read(wheel.members, is_pure=wheel.is_pure)
    found = _needs(members, members, libraries)
    if not found:
        return wheel, None
    _refuse_other_arch(wheel, found)
    excluded = elf_members.found_within(members).union(libraries)
    hidden = disguise.nodes(members)
    made = _grafted(path, wheel, excluded, hidden, find_tools().auditwheel)
    now = elf_members.read(made.members, members, is_pure=wheel.is_pure)
    needs = _needs(now, members, libraries)
    return made, planning.make(wheel, made, now, needs, exact=exact)


def _refuse_foreign(wheel: WheelFile) -> None:
    systems = platforms.foreign(wheel.platforms)
    if systems:
        raise BuildError(
            f"it is for {listed(systems)}; libwheel repairs wheels for Linux with glibc"
        )


def _refuse_other_arch(wheel: WheelFile, needs: Iterable[Need]) -> None:
    said = platforms.arches(wheel.platforms)
    members = {need.member.name: need.member.binary.arch for need in needs}
    others = {name: arch for name, arch in members.items() if said and arch not in said}
    if others:
        raise BuildError(
            f"it is tagged for {listed(sorted(said))}, and holds binaries for "
            f"{listed(sorted(set(others.values())))} ({listed(list(others))}): build it again, "
            "with the tag of what the compiler makes"
        )


def _needs(
    members: Sequence[ElfMember], own: Sequence[ElfMember], libraries: Mapping[str, Library]
) -> tuple[Need, ...]:
    plain_needs.refuse(members, own, libraries)
    found = library_needs.find(members, libraries)
    mixed_needs.refuse(members, own, libraries)
    return found


def _grafted(
    path: Path,
    wheel: WheelFile,
    excluded: Iterable[str],
    hidden: frozenset[str],
    auditwheel: Auditwheel,
) -> WheelFile:
    """Return what auditwheel makes of the wheel under a name whose platform promises nothing.

    It keeps the platforms of a name without asking whether they are true. The `hidden` version
    nodes it does not see.
    """
    with temporary() as folder:
        given = folder / _name(wheel.name, platforms.plain(wheel.platforms))
        if hidden:
            content = disguise.put_on(wheel.members, hidden)
            pack(folder, given.name, wheel.info, content, ZIP_EPOCH)
        else:
            given.symlink_to(path.absolute())
        made = wheel_file.read(grafting.graft(given, excluded, folder, auditwheel))
        return replace(made, members=disguise.taken_off(made.members, hidden))


def refuse_unwritable(folder: Path) -> None:
    """Raise BuildError where nothing can be written to a folder, which need not be there yet."""
    there = next(path for path in (folder, *folder.parents) if os.path.lexists(path))
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        raise BuildError(explain_os_error(error, folder)) from error


def write(proposal: Proposal, folder: Path, tools: Callable[[], Tools], epoch: int) -> Path:
    """Write the result into `folder`; return its path.

    A wheel that is fit is copied as it is. Raises BuildError where the folder cannot be written
    to, or the result would take the place of the wheel itself.
    """
    with writing_to(folder):
        if proposal.is_fit:
            return _copied(proposal.path, folder)
        return _packed(proposal, folder, tools(), epoch)


def _copied(path: Path, folder: Path) -> Path:
    goal = folder / path.name
    if not _is_same(path, goal):
        with path.open("rb") as source, replacing(goal) as stream:
            shutil.copyfileobj(source, stream)
    return goal


def _is_same(path: Path, goal: Path) -> bool:
    return goal.exists() and goal.samefile(path)


def _packed(proposal: Proposal, folder: Path, tools: Tools, epoch: int) -> Path:
    assert proposal.plan is not None, "without a plan a wheel is fit"
    goal = folder / proposal.name
    if _is_same(proposal.path, goal):
        raise BuildError(f"{goal} would be replaced by its repaired self: choose another --outdir")
    content = applied(proposal.plan, proposal.made, tools.patchelf)
    return pack(folder, goal.name, proposal.made.info, content, epoch)


def _name(name: str, tags: frozenset[str]) -> str:
    return f"{name.rpartition('-')[0]}-{'.'.join(sorted(tags))}.whl"


def applied(plan: Plan, made: WheelFile, patchelf: Path) -> list[Member]:
    """Return the members of the result, sorted, the dist-info folder last."""
    metadata, described = f"{made.info}/METADATA", f"{made.info}/WHEEL"
    contents = {member.name: member.content for member in made.members}
    contents |= _with_paths(plan.paths, contents, patchelf)
    contents[metadata] = wheel_metadata.with_requirements(contents[metadata], plan.requirements)
    contents[described] = wheel_metadata.with_platforms(contents[described], plan.platforms)
    members = (replace(member, content=contents[member.name]) for member in made.members)
    return sorted(members, key=lambda m: (m.name.startswith(f"{made.info}/"), m.name))


def _with_paths(
    edits: Sequence[PathEdit], contents: Mapping[str, bytes], patchelf: Path
) -> dict[str, bytes]:
    """Return the contents of the members that get another search path.

    Those that get the same are edited by one process. What has both kinds loses them first:
    patchelf sets one, and leaves the other as it was.
    """
    with temporary() as folder:
        files = {edit.member: folder / str(n) for n, edit in enumerate(edits)}
        for name, path in files.items():
            path.write_bytes(contents[name])
        both = [files[edit.member] for edit in edits if len(edit.before) > 1]
        if both:
            _patch(patchelf, SearchPath((), is_rpath=False), both)
        for wanted in sorted({edit.after for edit in edits}):
            _patch(patchelf, wanted, [files[e.member] for e in edits if e.after == wanted])
        for edit in edits:
            _check(edit, files[edit.member])
        return {name: path.read_bytes() for name, path in files.items()}


def _check(edit: PathEdit, path: Path) -> None:
    found = planning.search_paths(elf.read(path))
    if found != edit.after.alone:
        has = listed([str(path) for path in found]) or "none"
        raise InternalError(f"{edit.member}: {edit.after} was to be set, it has {has}")


def _patch(patchelf: Path, wanted: SearchPath, files: Sequence[Path]) -> None:
    kind = ["--force-rpath"] if wanted.is_rpath else []
    change = ["--set-rpath", ":".join(wanted.entries)] if wanted.entries else ["--remove-rpath"]
    command = [str(word) for word in (patchelf, *kind, *change, *files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        refuse_full(files[0].parent, done.stderr)
        raise InternalError(f"patchelf failed: {done.stderr.strip()}: {command}")
