"""Give the chosen libraries their tagged names, in copies of their own."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter
from pathlib import Path, PurePosixPath

from libwheel.binaries import elf, elf_edit
from libwheel.binaries.binary import Binary
from libwheel.errors import BuildError, RecipeError
from libwheel.naming import Tag
from libwheel.recipe import Library, Resolved
from libwheel.selection import Selection
from libwheel.staging import Role, StagedFile, StagedLibrary

RPATH = "$ORIGIN"


def originals(selection: Selection) -> dict[str, Binary]:
    """Read each chosen library; one without a SONAME is known by its file's name."""
    found = {name: elf.read(path) for name, path in selection.binaries.items()}
    names = {name: path.name for name, path in selection.binaries.items()}
    return {name: replace(b, soname=b.soname or names[name]) for name, b in found.items()}


def sonames(selection: Selection) -> dict[str, str]:
    """Return upstream's SONAME of each chosen library, by the library's name."""
    return {name: binary.soname or "" for name, binary in originals(selection).items()}


def copies(resolved: Resolved, selection: Selection, tag: Tag, folder: Path) -> dict[str, Path]:
    """Copy each chosen library to its tagged name below `folder`; return them by name."""
    found = {}
    for library in resolved.library:
        if library.name in selection.binaries:
            goal = folder / "lib" / tag.library_file(library.stem)
            goal.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(selection.binaries[library.name], goal)
            goal.chmod(0o755)
            found[library.name] = goal
    return found


def edits(
    upstream: Mapping[str, Binary], copied: Mapping[str, Path], tag: Tag
) -> list[elf_edit.Edit]:
    """Return what has to change in each copy; `upstream` are the originals."""
    renamed = {binary.soname: copied[name].name for name, binary in upstream.items()}
    return [
        elf_edit.Edit(
            path=copied[name],
            soname=copied[name].name,
            renamed_needed={old: renamed[old] for old in original.needed if old in renamed},
            rpath=RPATH,
            version_node=tag.version_node,
        )
        for name, original in upstream.items()
    ]


def apply(resolved: Resolved, wanted: Sequence[elf_edit.Edit], patchelf: Path) -> None:
    """Edit the copies; raises RecipeError where they were linked so that this cannot be."""
    try:
        elf_edit.apply(wanted, patchelf)
    except RecipeError as error:
        raise RecipeError(resolved.problem(p.key, p.text) for p in error.problems) from None


def libraries(resolved: Resolved, copied: Mapping[str, Path]) -> tuple[StagedLibrary, ...]:
    """Return the tagged libraries, each behind those that it needs.

    Raises BuildError where they need each other.
    """
    names = {path.name: name for name, path in copied.items()}
    requires = {
        name: sorted(names[needed] for needed in elf.read(path).needed if needed in names)
        for name, path in copied.items()
    }
    promised = {library.name: library for library in resolved.library}
    try:
        order = tuple(TopologicalSorter(requires).static_order())
    except CycleError as error:
        raise BuildError(f"libraries need each other: {', '.join(error.args[1])}") from None
    return tuple(_library(promised[name], copied[name], tuple(requires[name])) for name in order)


def _library(library: Library, path: Path, requires: tuple[str, ...]) -> StagedLibrary:
    return StagedLibrary(
        name=library.name,
        description=library.description,
        stem=library.stem,
        file=StagedFile(Role.RUNTIME, PurePosixPath("lib", path.name), path),
        requires=requires,
    )
