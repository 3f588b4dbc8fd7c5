"""Give the chosen libraries their tagged names, in copies of their own.

Those of Linux are edited then. Those of macOS and Windows have got their names when they were
linked (see `toolchains`): an edit would make a signature void, or an import library untrue.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter
from pathlib import Path, PurePosixPath

from libwheel import symbol_names
from libwheel.binaries import elf_edit, reading
from libwheel.binaries.binary import Binary
from libwheel.errors import BuildError, RecipeError
from libwheel.naming import Tag
from libwheel.recipe import Library, Resolved
from libwheel.selection import Selection
from libwheel.staging import Role, StagedFile, StagedLibrary
from libwheel.symbol_names import Names
from libwheel.target import Format, Target

RPATH = "$ORIGIN"


def check(resolved: Resolved, target: Target) -> None:
    """Raise RecipeError for what a recipe wants of its libraries and the target's cannot have."""
    problems = [
        resolved.problem(
            f"library[{number}].suffix",
            f"{library.suffix!r} cannot be given to the symbols of {target}: only those of "
            "Linux can be renamed. Let `when` leave the library out, or let upstream's own build "
            "name them",
        )
        for number, library in enumerate(resolved.library, 1)
        if library.suffix and target.format is not Format.ELF
    ]
    if problems:
        raise RecipeError(problems)


def originals(selection: Selection) -> dict[str, Binary]:
    """Read each chosen library; one without a SONAME is known by its file's name."""
    found = {name: reading.read(path) for name, path in selection.binaries.items()}
    names = {name: path.name for name, path in selection.binaries.items()}
    return {name: replace(b, soname=b.soname or names[name]) for name, b in found.items()}


def sonames(selection: Selection) -> dict[str, str]:
    """Return upstream's SONAME of each chosen library, by the library's name."""
    return {name: binary.soname or "" for name, binary in originals(selection).items()}


def copies(resolved: Resolved, selection: Selection, tag: Tag, folder: Path) -> dict[str, Path]:
    """Copy each chosen library to its tagged name below `folder`; return them by name."""
    layout = tag.layout
    return {
        library.name: _copy(
            selection.binaries[library.name],
            folder / layout.runtime / tag.library_file(library.stem),
            0o755,
        )
        for library in resolved.library
        if library.name in selection.binaries
    }


def link_copies(
    resolved: Resolved, selection: Selection, tag: Tag, folder: Path
) -> dict[str, Path]:
    """Copy, as above, what is linked with where that is not the library itself."""
    names = {one.name: tag.import_library_file(one.stem) for one in resolved.library}
    return {
        library: _copy(selection.link_files[library], folder / tag.layout.library / name, 0o644)
        for library, name in names.items()
        if name and library in selection.link_files
    }


def _copy(path: Path, goal: Path, mode: int) -> Path:
    goal.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, goal)
    goal.chmod(mode)
    return goal


def edits(
    upstream: Mapping[str, Binary],
    copied: Mapping[str, Path],
    tag: Tag,
    names: Mapping[str, Names],
) -> list[elf_edit.Edit]:
    """Return what has to change in each copy, of which libraries may share one.

    `upstream` are the originals, `names` the new names of symbols, both by library. Nothing has to
    where names were given by the linker.
    """
    if tag.os.binary_format is not Format.ELF:
        return []
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


def libraries(
    resolved: Resolved, copied: Mapping[str, Path], tag: Tag, links: Mapping[str, Path]
) -> tuple[StagedLibrary, ...]:
    """Return the tagged libraries, each behind those that it needs.

    `links` is what is linked with, by library, where that is not the library itself. Of libraries
    that share a file, others need the first. Raises BuildError where libraries need each other.
    """
    names = _first_of_each(copied)
    requires = {
        name: sorted(names[needed] for needed in reading.read(path).needed if needed in names)
        for name, path in copied.items()
    }
    suffixes = symbol_names.suffixes(resolved)
    promised = {one.name: replace(one, suffix=suffixes[one.name]) for one in resolved.library}
    try:
        order = tuple(TopologicalSorter(requires).static_order())
    except CycleError as error:
        raise BuildError(f"libraries need each other: {', '.join(error.args[1])}") from None
    staged = _staged(copied, tag.layout.runtime, Role.RUNTIME)
    linked = _staged(links, tag.layout.library, Role.LINK)
    return tuple(
        _library(promised[name], staged[name], tuple(requires[name]), linked.get(name))
        for name in order
    )


def _staged(paths: Mapping[str, Path], folder: str, role: Role) -> dict[str, StagedFile]:
    return {
        name: StagedFile(role, PurePosixPath(folder, path.name), path)
        for name, path in paths.items()
    }


def _first_of_each(copied: Mapping[str, Path]) -> dict[str, str]:
    """Return, by the name of each file, the first of the libraries that share it."""
    found: dict[str, str] = {}
    for name, path in copied.items():
        found.setdefault(path.name, name)
    return found


def _library(
    library: Library, file: StagedFile, requires: tuple[str, ...], link_file: StagedFile | None
) -> StagedLibrary:
    return StagedLibrary(
        name=library.name,
        description=library.description,
        stem=library.stem,
        file=file,
        requires=requires,
        link_file=link_file,
        include=library.include,
        suffix=library.suffix,
        cflags=library.cflags,
        libs=library.libs,
        conflicts=library.conflicts,
    )
