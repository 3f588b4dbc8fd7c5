"""Give the chosen libraries their tagged names, in copies of their own."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path, PurePosixPath

from libwheel.binaries import elf, elf_edit
from libwheel.errors import BuildError
from libwheel.naming import Tag
from libwheel.recipe import Library, Resolved
from libwheel.selection import Selection
from libwheel.staging import Role, StagedFile, StagedLibrary

RPATH = "$ORIGIN"


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


def edits(selection: Selection, copied: Mapping[str, Path], tag: Tag) -> list[elf_edit.Edit]:
    """Return what has to change in each copy."""
    originals = {name: elf.read(selection.binaries[name]) for name in copied}
    sonames = {name: b.soname or selection.binaries[name].name for name, b in originals.items()}
    renamed = {soname: copied[name].name for name, soname in sonames.items()}
    return [
        elf_edit.Edit(
            path=copied[name],
            soname=copied[name].name,
            renamed_needed={old: renamed[old] for old in original.needed if old in renamed},
            rpath=RPATH,
            version_node=tag.version_node,
        )
        for name, original in originals.items()
    ]


def libraries(
    resolved: Resolved, copied: Mapping[str, Path], tag: Tag
) -> tuple[StagedLibrary, ...]:
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
    return tuple(
        _library(promised[name], copied[name], tag, tuple(requires[name])) for name in order
    )


def _library(library: Library, path: Path, tag: Tag, requires: tuple[str, ...]) -> StagedLibrary:
    return StagedLibrary(
        name=library.name,
        description=library.description,
        link_name=tag.link_name(library.stem),
        file=StagedFile(Role.RUNTIME, PurePosixPath("lib", path.name), path),
        requires=requires,
    )
