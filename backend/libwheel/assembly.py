"""Put the staged tree together: tagged libraries, headers, licences and what we write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from packaging.version import Version

from libwheel import cmake_config, locator, metadata, pkgconfig, sbom
from libwheel.binaries import reading
from libwheel.building import applied_patches
from libwheel.recipe import Archive, Source
from libwheel.required import RequiredWheel
from libwheel.sbom import Component, Patch
from libwheel.selection import Selection
from libwheel.source.fetch import Fetched
from libwheel.staging import ForeignLibrary, Role, StagedFile, StagedLibrary, StagedTree
from libwheel.task import Task
from libwheel.trees import InstalledTree

Texts = Mapping[tuple[Role, PurePosixPath], str]


def with_foreign(
    libraries: tuple[StagedLibrary, ...], required: Sequence[RequiredWheel]
) -> tuple[StagedLibrary, ...]:
    """Return the libraries with what each needs of the wheels that they are built against."""
    offered = {one.file: one for wheel in required for one in _offered(wheel)}
    needed = {library: reading.read(library.file.bytes_at).needed for library in libraries}
    return tuple(
        replace(library, foreign=tuple(offered[name] for name in names if name in offered))
        for library, names in needed.items()
    )


def texts(
    task: Task,
    libraries: tuple[StagedLibrary, ...],
    fetched: Sequence[Fetched],
    required: Sequence[RequiredWheel],
    requires: Mapping[str, str],
) -> Texts:
    """Return every file that we write: discovery files, the locator, the bill of materials.

    `required` are the wheels that it is built against; `requires` has, of those that it runs
    with, the versions.
    """
    tag = task.tag
    packages = pkgconfig.packages(tag, metadata.homepage(task.identity), libraries)
    modules = locator.modules(tag, task.resolved.compatible_range, libraries, requires)
    return {
        **pkgconfig.texts(packages, tag),
        **cmake_config.texts(tag, libraries, task.target.pointer_size),
        **{(Role.LOCATOR, path): text for path, text in modules.items()},
        (Role.SBOM, sbom.path(tag)): _bill(task, fetched, required),
    }


def write(found: Texts, folder: Path) -> list[StagedFile]:
    """Write the texts below `folder`."""
    written = []
    for (role, path), text in found.items():
        goal = folder / role.name.lower() / path
        goal.parent.mkdir(parents=True, exist_ok=True)
        goal.write_text(text, encoding="utf-8")
        written.append(StagedFile(role, path, goal))
    return written


def staged_tree(
    task: Task,
    libraries: tuple[StagedLibrary, ...],
    chosen: Selection,
    installed: InstalledTree,
    written: Iterable[StagedFile],
) -> StagedTree:
    """Return everything that ships, sorted by role and path."""
    include = PurePosixPath(task.tag.include_folder)
    files = list(dict.fromkeys(file for library in libraries for file in library.files))
    files += [StagedFile(Role.HEADER, include / n, p) for n, p in chosen.headers.items()]
    files += [
        StagedFile(Role.LICENSE, PurePosixPath(name), installed.licenses / name)
        for name in task.resolved.license_files
    ]
    return StagedTree(tuple(sorted([*files, *written])), libraries)


def _offered(wheel: RequiredWheel) -> Iterator[ForeignLibrary]:
    """Return its libraries; of several that have one file, the one that NEEDED leads to is last."""
    release, offers = Version(wheel.version).public, wheel.constants.offers
    for name in reversed(list(offers)):
        yield ForeignLibrary(wheel.name, release, name, offers[name]["file"])


def _bill(task: Task, fetched: Sequence[Fetched], required: Sequence[RequiredWheel]) -> str:
    used = {item.archive for item in fetched}
    resolved = task.resolved
    patches = tuple(
        Patch(path.relative_to(resolved.folder).as_posix(), path.read_text(encoding="utf-8"))
        for path in applied_patches(task, fetched)
    )
    upstream = Component(
        task.tag.wheel,
        task.tag.version,
        resolved.license,
        _used(resolved.release.source, used),
        patches,
    )
    static = [
        Component(library.name, library.version, library.license, _used(library.placed, used))
        for library in resolved.bundled
    ]
    others = [sbom.Other(wheel.name, wheel.version) for wheel in required if wheel.is_direct]
    return sbom.text(task.tag, upstream, static, others)


def _used(sources: Iterable[Source], used: set[Archive]) -> tuple[Archive, ...]:
    return tuple(a for source in sources for a in source.archives if a in used)
