"""Makes a consumer's wheel fit to ship: read it, decide what it lacks, write the result."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from libwheel.consumer.library_wheels import LibraryWheel
from libwheel.consumer.repair import (
    elf_members,
    grafting,
    library_needs,
    plain_needs,
    planning,
    platforms,
    wheel_file,
    wheel_metadata,
)
from libwheel.consumer.repair.elf_members import ElfMember
from libwheel.consumer.repair.grafting import Auditwheel
from libwheel.consumer.repair.library_needs import Library, Need
from libwheel.consumer.repair.planning import PathEdit, Plan
from libwheel.consumer.repair.wheel_file import WheelFile
from libwheel.errors import BuildError, InternalError
from libwheel.files import replacing, writing_to
from libwheel.wheel import Member, pack


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
    def changes(self) -> tuple[str, ...]:
        """What is to be done, in words."""
        return tuple(self.plan.lines()) if self.plan else ()

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

    Raises BuildError where the wheel cannot be repaired, and what `find_tools` raises where it
    has to be.
    """
    wheel = wheel_file.read(path)
    libraries = library_needs.libraries(installed)
    _refuse_foreign(wheel)
    members = elf_members.read(wheel.members)
    needs = _needs(path, members, members, libraries)
    if not needs:
        return Proposal(path, wheel, None)
    excluded = elf_members.found_within(members).union(libraries)
    made = _grafted(path, excluded, find_tools().auditwheel)
    now = elf_members.read(made.members, members)
    needs = _needs(path, now, members, libraries)
    return Proposal(path, made, planning.make(wheel, made, now, needs, exact=exact))


def _refuse_foreign(wheel: WheelFile) -> None:
    systems = platforms.foreign(wheel.platforms)
    if systems:
        raise BuildError(
            f"{wheel.name}: it is for {' and '.join(systems)}; libwheel repairs wheels for Linux "
            "with glibc"
        )


def _needs(
    path: Path,
    members: Sequence[ElfMember],
    own: Sequence[ElfMember],
    libraries: Mapping[str, Library],
) -> tuple[Need, ...]:
    try:
        plain_needs.refuse(members, own, libraries)
        return library_needs.find(members, libraries)
    except BuildError as error:
        raise BuildError(f"{path.name}: {error}") from None


def _grafted(path: Path, excluded: Iterable[str], auditwheel: Auditwheel) -> WheelFile:
    with tempfile.TemporaryDirectory(prefix="libwheel-") as folder:
        return wheel_file.read(grafting.graft(path, excluded, Path(folder), auditwheel))


def write(proposal: Proposal, folder: Path, tools: Callable[[], Tools], epoch: int) -> Path:
    """Write the result into `folder`; return its path.

    A wheel that is fit is copied as it is. Raises BuildError where the folder cannot be written
    to, or the result would take the place of the wheel itself.
    """
    with writing_to(folder):
        folder.mkdir(parents=True, exist_ok=True)
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
    name = _name(proposal.path.name, proposal.plan.platforms)
    if _is_same(proposal.path, folder / name):
        raise BuildError(
            f"{folder / name} would be replaced by its repaired self: choose another --outdir"
        )
    content = applied(proposal.plan, proposal.made, tools.patchelf)
    return pack(folder, name, proposal.made.info, content, epoch)


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

    Those that get the same are edited by one process.
    """
    with tempfile.TemporaryDirectory(prefix="libwheel-") as folder:
        files = {edit.member: Path(folder, str(n)) for n, edit in enumerate(edits)}
        for name, path in files.items():
            path.write_bytes(contents[name])
        for wanted in sorted({edit.after for edit in edits}):
            paths = [files[edit.member] for edit in edits if edit.after == wanted]
            _patch(patchelf, wanted, paths)
        return {name: path.read_bytes() for name, path in files.items()}


def _patch(patchelf: Path, wanted: planning.SearchPath, files: Sequence[Path]) -> None:
    kind = ["--force-rpath"] if wanted.is_rpath else []
    change = ["--set-rpath", ":".join(wanted.entries)] if wanted.entries else ["--remove-rpath"]
    command = [str(word) for word in (patchelf, *kind, *change, *files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise InternalError(f"patchelf failed: {done.stderr.strip()}: {command}")
