"""From a recipe to a library wheel: the steps, in order."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

from libwheel import (
    assembly,
    audit,
    header_names,
    locator,
    metadata,
    required,
    requirements,
    sdist,
    selection,
    symbol_names,
    tagging,
    toolchains,
    wheel,
    workspace,
)
from libwheel import task as tasks
from libwheel.audit import Subject
from libwheel.binaries import elf_strip, reading
from libwheel.building import installed_tree
from libwheel.console import Console
from libwheel.errors import InternalError, RefusedError
from libwheel.files import writing_to
from libwheel.metadata import Facts
from libwheel.process import Command, run
from libwheel.recipe_mistakes import named_patches
from libwheel.required import RequiredWheel
from libwheel.requirements import Installed, Resolution, Sibling
from libwheel.source import availability, unpack
from libwheel.source.fetch import Fetched, SourceError, fetch_all, places_for
from libwheel.staging import StagedTree
from libwheel.target import Format
from libwheel.task import Task
from libwheel.toolchains import zig
from libwheel.tools import Tools, build_requirements, find_tools
from libwheel.trees import InstalledTree
from libwheel.workspace import Workspace


def load(folder: Path, config: Mapping[str, str | Sequence[str]] | None) -> Task:
    """Read the recipe in `folder`, for this process's environment."""
    return tasks.load(folder, config, os.environ, Console())


def wheel_requirements(task: Task) -> list[str]:
    """Return what building the wheel needs, as PEP 508 requirements.

    That is programs, those for the wheels of sibling recipes as well, and library wheels that no
    sibling makes.
    """
    found = _resolution(task)
    programs = (name for built in (task, *found.siblings) for name in _programs(built))
    return sorted({*programs, *map(str, found.asked)})


def with_siblings(task: Task) -> tuple[Task, ...]:
    """Return the task, behind those for the wheels of sibling recipes that it is built on."""
    return (*_resolution(task).siblings, task)


def sdist_requirements(_task: Task) -> list[str]:
    """Return what building the sdist needs beyond the recipe's own requirements: nothing."""
    return []


def write_metadata(task: Task, folder: Path) -> str:
    """Write the wheel's dist-info folder into `folder`; return its name.

    Only a build proves the platform, so for the native target WHEEL names the machine's own,
    ``linux_x86_64``; the licence files and the bill of materials come with the source.
    """
    name = wheel.dist_info(task.tag)
    platform = audit.asked_tag(task.target)
    core = _core_metadata(task, _resolution(task))
    with writing_to(folder):
        (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / name / "METADATA").write_bytes(core)
        (folder / name / "WHEEL").write_text(wheel.wheel_text(task.tag, platform), "utf-8")
        (folder / name / "entry_points.txt").write_text(locator.entry_points(task.tag), "utf-8")
    return name


def build_wheel(task: Task, folder: Path, prepared: Path | None = None) -> str:
    """Build the library wheel into `folder`; return its file name.

    `prepared` is the dist-info folder that `write_metadata` has made before.
    """
    found = _resolution(task)
    found.stop_for_lacking()
    if prepared:
        _check_metadata(task, found, prepared)
    return _built(task, found, {}, folder)


def _built(task: Task, found: Resolution, ready: Mapping[str, RequiredWheel], folder: Path) -> str:
    """Build the wheel against others; those that are not `ready` are made so first."""
    _note(task)
    tagging.check(task.resolved, task.target)
    tools = find_tools(task)
    with _workspace(task, tools) as space:
        fetched = fetch_sources(task, to_build=True)
        against = _against(task, found, ready, space)
        installed = installed_tree(task, tools, fetched, space, against)
        with task.console.step("stage"):
            chosen = selection.select(task.resolved, installed.prefix)
            upstream = tagging.originals(chosen)
            names = symbol_names.renames(task.resolved, upstream)
            chosen = header_names.rewritten(task.resolved, chosen, names, space.stage)
            copied = _stripped(task, tools, chosen, space)
            if tools.patchelf:
                wanted = tagging.edits(upstream, copied, task.tag, names)
                tagging.apply(task.resolved, wanted, tools.patchelf.path)
            links = tagging.link_copies(task.resolved, chosen, task.tag, space.stage)
            tagged = tagging.libraries(task.resolved, copied, task.tag, links)
            libraries = assembly.with_foreign(tagged, against)
            texts = assembly.texts(task, libraries, fetched, against, found.ranges)
            written = assembly.write(texts, space.stage)
            tree = assembly.staged_tree(task, libraries, chosen, installed, written)
        with task.console.step("audit"):
            subject = replace(_subject(task, tree, chosen, installed, space), against=against)
            audit.check(subject)
        with task.console.step("pack"), writing_to(folder):
            return _packed(task, found, subject, folder)


def build_sdist(task: Task, folder: Path) -> str:
    """Build the recipe's sdist into `folder`; return its file name."""
    archives = []
    if task.settings.bundle_sources:
        fetched = fetch_sources(task, whole=True)
        archives = [(item.archive.file_names[0], item.path) for item in fetched]
    pkg_info = metadata.pkg_info(task.identity, _facts(task))
    chosen = sdist.choose(task.identity, named_patches(task.recipe))
    if chosen.left:
        task.console.note(f"not packed: {', '.join(chosen.left)}")
    content = sdist.members(task.identity, chosen.packed, pkg_info, archives)
    with writing_to(folder):
        return sdist.pack(folder, task.tag, content, task.epoch).name


def fetch_sources(
    task: Task, *, to_build: bool = False, whole: bool = False
) -> tuple[Fetched, ...]:
    """Return the verified archives that the task needs, downloaded where necessary.

    `to_build`: only sources whose programs this machine has. `whole`: of an archive with `only`
    all of it, not what is chosen.
    """
    bundled = (task.resolved.folder / sdist.SOURCES,)
    unfit = zig.LACKS if task.toolchain == "zig" else frozenset[str]()
    places = places_for(task.environment, task.console, bundled, to_build=to_build)
    places = replace(places, whole=whole, unfit=unfit)
    with task.console.step("fetch"):
        try:
            return fetch_all(task.needs, places)
        except SourceError as error:
            others = availability.others(error.attempts, task.other_needs, places)
            told = SourceError(error.attempts, others)
        if told.unfit:
            head = f"{task.tag} cannot be built for {task.target} here: {told.unfit}"
            raise RefusedError("\n".join([head, str(told), *toolchains.way_out(task.target)]))
        raise told


def _programs(task: Task) -> set[str]:
    reader = reading.REQUIRES[task.target.format]
    return {*build_requirements(task), *reader, *unpack.requirements(task.archive_names)}


def _resolution(task: Task) -> Resolution:
    return requirements.resolve(task, map(Path, sys.path))


def _against(
    task: Task, found: Resolution, ready: Mapping[str, RequiredWheel], space: Workspace
) -> tuple[RequiredWheel, ...]:
    """Make everything ready that is required, and put it into the workspace's prefix."""
    wheels = dict(ready)
    for name, one in found.found.items():
        if name in wheels:
            continue
        if isinstance(one, Installed):
            task.console.note(f"against {one}, {one.place}")
            wheels[name] = required.installed(one.wheel)
        else:
            wheels[name] = _sibling(one, found, wheels, space)
    chosen = tuple(replace(wheels[name], is_direct=name in found.direct) for name in found.found)
    required.write_prefix(chosen, space.requires)
    return chosen


def _sibling(
    sibling: Sibling, found: Resolution, ready: Mapping[str, RequiredWheel], space: Workspace
) -> RequiredWheel:
    """Build the wheel of a sibling recipe, in a workspace of its own; unpack it into ours."""
    task = sibling.task
    task.console.heading(f"{sibling}, which is required: from {task.resolved.folder}")
    space.wheels.mkdir(exist_ok=True)
    name = _built(task, found.of(sibling), ready, space.wheels)
    return required.unpacked(space.wheels / name, task.tag, space.wheels / task.tag.wheel)


def _check_metadata(task: Task, found: Resolution, prepared: Path) -> None:
    if (prepared / "METADATA").read_bytes() != _core_metadata(task, found):
        raise InternalError(f"{prepared / 'METADATA'} is not what this build makes")


def _note(task: Task) -> None:
    """Say what the person who builds should know before it begins."""
    if warning := task.resolved.release.warning:
        task.console.warn(f"{task.tag}: {warning}")
    if left_out := task.resolved.left_out:
        task.console.warn(
            f"{task.tag} has no {', '.join(left_out)}, but takes the "
            f"place of {task.tag.version}, which does: not for an index whose consumers need that"
        )
    if names := task.environment.ignored:
        verb = "is" if len(names) == 1 else "are"
        why = "a recipe's flags stand in the recipe"
        task.console.note(f"{', '.join(names)} {verb} set and not used: {why}")
    if task.toolchain == "zig" and task.is_native and not task.settings.toolchain:
        task.console.note(f"no C compiler on PATH: zig compiles, for {task.target}")
    if task.toolchain == "zig" and (task.environment.cc or task.environment.cxx):
        task.console.note("CC and CXX name native compilers and are not used: zig compiles")


def _workspace(task: Task, tools: Tools) -> AbstractContextManager[Workspace]:
    """Return the folders of the build: in the same place each time where a cache may know them."""
    if task.settings.work_dir:
        return workspace.kept(task.settings.work_dir)
    stem = task.tag.release_stem
    place = f"{stem} {task.target}" if tools.toolchain.launcher else ""
    return workspace.temporary(stem, task.environment.cache / "logs", place)


def _stripped(
    task: Task, tools: Tools, chosen: selection.Selection, space: Workspace
) -> dict[str, Path]:
    """Copy the chosen libraries to their tagged names, and strip them; return them by name."""
    copied = tagging.copies(task.resolved, chosen, task.tag, space.stage)
    for path in dict.fromkeys(copied.values()):
        if strip := tools.toolchain.strip:
            argv = (*strip, "--strip-unneeded", str(path))
            run(Command("strip", argv, space.stage), space.logs / "strip.log", task.console)
        elif task.target.format is Format.ELF:  # those of other formats are, when they are linked
            elf_strip.strip(path)
    return copied


def _packed(task: Task, found: Resolution, subject: Subject, folder: Path) -> str:
    platform = _platform(task, subject)
    core = _core_metadata(task, found)
    entry_points = locator.entry_points(task.tag)
    content = wheel.members(subject.tree, task.tag, platform, core, entry_points)
    name = wheel.file_name(task.tag, platform)
    return wheel.pack(folder, name, wheel.dist_info(task.tag), content, task.epoch).name


def _platform(task: Task, subject: Subject) -> str:
    """Return the platform tag, and say why it is not a manylinux one where it is none."""
    binaries, others = subject.binaries.values(), subject.required
    platform = audit.platform_tag(binaries, task.target, others)
    for reason in audit.unproved(binaries, task.target, others):
        task.console.warn(f"the wheel is tagged {platform}: {reason}")
    return platform


def _subject(
    task: Task,
    tree: StagedTree,
    chosen: selection.Selection,
    installed: InstalledTree,
    space: Workspace,
) -> Subject:
    home = task.environment.home
    return Subject(
        recipe=task.resolved,
        tag=task.tag,
        target=task.target,
        tree=tree,
        binaries=audit.read_binaries(tree),
        sonames=tagging.sonames(chosen),
        originals=chosen.binaries,
        private=(space.root, installed.built_in, *([home] if home else [])),
        unused_options=installed.unused,
        unspoken=chosen.mistakes,
        system=audit.system_libraries(task.target),
    )


def _core_metadata(task: Task, found: Resolution) -> bytes:
    dependencies = tuple(f"{name}{versions}" for name, versions in found.ranges.items())
    facts = replace(_facts(task), dependencies=dependencies)
    return metadata.core_metadata(task.identity, facts)


def _facts(task: Task) -> Facts:
    resolved = task.resolved
    licenses = tuple(resolved.license_files)
    return Facts(task.tag.full_version, resolved.license_expression, licenses)
