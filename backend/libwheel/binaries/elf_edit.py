"""Gives ELF libraries their tagged names, their RPATH and their version nodes.

Names, those of symbols too, and RPATH are patchelf's work. The nodes are ours. Each library was
linked with a version script of one empty node (``HDF5_PYWHEEL_310 { };``), which every build
system can be told to do and which stands beside a version script of upstream's own, if its nodes
have names: GNU ld takes no anonymous one (``{ global: f; local: *; };``) beside ours. So the node
stands in the file, and no symbol uses it. Here every exported symbol is put into it, and every
import from a library of the same wheel is bound to it: an import without a version would go to
whatever library of the process has that name first.

What upstream put into nodes of its own moves too; the nodes stay, with nothing in them but
versions that are not the default. patchelf goes first: it makes the segment that a longer table
of needed nodes is put into.
"""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from libwheel.binaries import elf
from libwheel.binaries.binary import Binary, Import
from libwheel.binaries.elf_needs import NewNeed, with_needs
from libwheel.binaries.elf_tables import VERSION_GLOBAL, ElfImage
from libwheel.errors import BuildError, InternalError, Problem, RecipeError


@dataclass(frozen=True)
class Edit:
    """What a library is to become: its names, where it finds others, its version node.

    `renamed_symbols` are those that it defines or imports, by their old names.
    """

    path: Path
    soname: str
    renamed_needed: Mapping[str, str]
    rpath: str
    version_node: str
    renamed_symbols: Mapping[str, str] = field(default_factory=dict)

    @property
    def symbol_file(self) -> Path:
        """Where patchelf reads the names of symbols, while it runs."""
        return self.path.with_name(f"{self.path.name}.symbols")


def apply(edits: Sequence[Edit], patchelf: Path) -> None:
    """Edit all libraries of a wheel, in place.

    They go together because each one's imports depend on the others' new versions. Raises
    RecipeError, with keys of a recipe but no path, where libraries were linked so that they
    cannot be edited; BuildError where there is no patchelf.
    """
    _check_nodes(edits)
    for edit in edits:
        _name(edit, patchelf)
    for edit in edits:
        _version_exports(edit)
    siblings = {edit.soname: Sibling(edit, elf.read(edit.path)) for edit in edits}
    for edit in edits:
        _version_imports(edit.path, siblings)


def patchelf_command(edit: Edit, patchelf: Path) -> tuple[str, ...]:
    renames = [
        word
        for old, new in sorted(edit.renamed_needed.items())
        for word in ("--replace-needed", old, new)
    ]
    rpath = ["--force-rpath", "--set-rpath", edit.rpath] if edit.rpath else ["--remove-rpath"]
    symbols = ["--rename-dynamic-symbols", str(edit.symbol_file)] if edit.renamed_symbols else []
    return (str(patchelf), "--set-soname", edit.soname, *renames, *rpath, *symbols, str(edit.path))


def _name(edit: Edit, patchelf: Path) -> None:
    if edit.renamed_symbols:
        lines = [f"{old} {new}\n" for old, new in sorted(edit.renamed_symbols.items())]
        edit.symbol_file.write_text("".join(lines), encoding="utf-8")
    try:
        _run(patchelf_command(edit, patchelf))
    finally:
        edit.symbol_file.unlink(missing_ok=True)


def _run(command: Sequence[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise BuildError(f"there is no program {command[0]!r}; install patchelf") from None
    if done.returncode:
        raise InternalError(f"patchelf failed: {done.stderr.strip()}: {' '.join(command)}")


def _check_nodes(edits: Iterable[Edit]) -> None:
    problems = [
        Problem(
            "",
            "build",
            f"{edit.path.name} has no version node {edit.version_node}: it was linked without the "
            "flags that libwheel gives. Does upstream's build ignore LDFLAGS?",
        )
        for edit in edits
        if edit.version_node not in elf.read(edit.path).version_nodes
    ]
    if problems:
        raise RecipeError(problems)


def _version_exports(edit: Edit) -> None:
    image = elf.image(edit.path)
    node = next(node for node in image.definitions if node.name == edit.version_node)
    numbers = [
        number
        for number, entry in image.exports()
        if entry.is_default and entry.version_index >= VERSION_GLOBAL
    ]
    data = bytearray(image.data)
    _set_versions(data, image, dict.fromkeys(numbers, node.index))
    edit.path.write_bytes(data)


def _set_versions(data: bytearray, image: ElfImage, versions: Mapping[int, int]) -> None:
    """Write the version of each symbol, by its number, into .gnu.version."""
    table = image.offset_of("DT_VERSYM")
    if table is None:
        raise InternalError("an ELF file with version nodes has no DT_VERSYM")
    for number, version in versions.items():
        struct.pack_into(f"{image.order}H", data, table + 2 * number, version)


@dataclass(frozen=True)
class Sibling:
    """A library of the same wheel, as it is after its exports have got their node."""

    edit: Edit
    binary: Binary

    def takes_over(self, symbol: Import) -> bool:
        """Tell whether an import is to be bound to our node; what is right already is not."""
        if symbol.library not in (None, self.edit.soname):
            return False
        found = self.binary.exports_by_name.get(symbol.name, ())
        return any(there.is_default for there in found) and all(
            there.version != symbol.version for there in found
        )


def _version_imports(path: Path, siblings: Mapping[str, Sibling]) -> None:
    image, binary = elf.image(path), elf.read(path)
    needed = [siblings[name] for name in binary.needed if name in siblings]
    bound: dict[str, list[int]] = {}
    for (number, _), symbol in zip(image.imports(), binary.imports, strict=True):
        sibling = next((s for s in needed if s.takes_over(symbol)), None)
        if sibling:
            bound.setdefault(sibling.edit.soname, []).append(number)
    if bound:
        nodes = {soname: siblings[soname].edit.version_node for soname in bound}
        path.write_bytes(_bound(image, nodes, bound))


def _bound(image: ElfImage, nodes: Mapping[str, str], bound: Mapping[str, Sequence[int]]) -> bytes:
    """Return the file with the imports of each library bound to that library's node."""
    used = [node.index for node in image.definitions] + [need.index for need in image.needs]
    indices = {soname: max(used) + step for step, soname in enumerate(bound, 1)}
    new = [NewNeed(soname, nodes[soname], index) for soname, index in indices.items()]
    data = bytearray(image.data)
    versions = {number: indices[soname] for soname, numbers in bound.items() for number in numbers}
    _set_versions(data, image, versions)
    return with_needs(ElfImage(bytes(data)), new)
