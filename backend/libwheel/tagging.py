"""Give the chosen libraries their tagged names, in copies of their own."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter
from pathlib import Path, PurePosixPath

from libwheel import symbol_names
from libwheel.binaries import elf, elf_edit
from libwheel.binaries.binary import Binary
from libwheel.errors import BuildError, RecipeError
from libwheel.naming import Tag
from libwheel.recipe import Library, Resolved
from libwheel.selection import Selection
from libwheel.staging import Role, StagedFile, StagedLibrary
from libwheel.symbol_names import Names

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
    upstream: Mapping[str, Binary],
    copied: Mapping[str, Path],
    tag: Tag,
    names: Mapping[str, Names],
) -> list[elf_edit.Edit]:
    """Return what has to change in each copy, of which libraries may share one.

    `upstream` are the originals, `names` the new names of symbols, both by library.
    """
    renamed = {binary.soname: copied[name].name for name, binary in upstream.items()}
    first = _first_of_each(copied)
    return [
        elf_edit.Edit(
            path=copied[name],
            soname=copied[name].name,
            renamed_needed={old: renamed[old] for old in original.needed if old in renamed},
            rpath=RPATH,
            version_node=tag.version_node,
            renamed_symbols=symbol_names.present(names[name], original),
        )
        for name, original in upstream.items()
        if first[copied[name].name] == name
    ]


def apply(resolved: Resolved, wanted: Sequence[elf_edit.Edit], patchelf: Path) -> None:
    """Edit the copies; raises RecipeError where they were linked so that this cannot be."""
    try:
        elf_edit.apply(wanted, patchelf)
    except RecipeError as error:
        raise RecipeError(resolved.problem(p.key, p.text) for p in error.problems) from None


def libraries(resolved: Resolved, copied: Mapping[str, Path]) -> tuple[StagedLibrary, ...]:
    """Return the tagged libraries, each behind those that it needs.

    Of libraries that share a file, others need the first. Raises BuildError where libraries need
    each other.
    """
    names = _first_of_each(copied)
    requires = {
        name: sorted(names[needed] for needed in elf.read(path).needed if needed in names)
        for name, path in copied.items()
    }
    suffixes = symbol_names.suffixes(resolved)
    promised = {one.name: replace(one, suffix=suffixes[one.name]) for one in resolved.library}
    try:
        order = tuple(TopologicalSorter(requires).static_order())
    except CycleError as error:
        raise BuildError(f"libraries need each other: {', '.join(error.args[1])}") from None
    return tuple(_library(promised[name], copied, tuple(requires[name])) for name in order)


def _first_of_each(copied: Mapping[str, Path]) -> dict[str, str]:
    """Return, by the name of each file, the first of the libraries that share it."""
    found: dict[str, str] = {}
    for name, path in copied.items():
        found.setdefault(path.name, name)
    return found


def _library(
    library: Library, copied: Mapping[str, Path], requires: tuple[str, ...]
) -> StagedLibrary:
    path = copied[library.name]
    return StagedLibrary(
        name=library.name,
        description=library.description,
        stem=library.stem,
        file=StagedFile(Role.RUNTIME, PurePosixPath("lib", path.name), path),
        requires=requires,
        include=library.include,
        suffix=library.suffix,
        cflags=library.cflags,
        libs=library.libs,
        conflicts=library.conflicts,
    )
