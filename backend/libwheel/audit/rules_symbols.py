"""Rules for symbols: what is exported, under which version, and who defines what is used.

Version nodes are ELF's alone. In Mach-O and PE each import says which library it is from, so that
no other of the process can take its place.
"""

from __future__ import annotations

from collections.abc import Iterator

from libwheel import policy, symbol_names
from libwheel.audit import floors
from libwheel.audit.finding import listing
from libwheel.audit.subject import Subject
from libwheel.binaries.binary import LINKER_MADE, Binary, Import
from libwheel.patterns import matches_any
from libwheel.target import Format, Libc


def export_without_version_node(subject: Subject, binary: Binary) -> str | None:
    """Other versions of a name than its default one are for old programs, and stay."""
    if binary.format is not Format.ELF:
        return None
    node = subject.tag.version_node
    names = sorted(s.name for s in binary.exports if s.is_default and s.version != node)
    if not names:
        return None
    return (
        f"exports {listing(names)} without the version node {node}: another library of the "
        "process could take their place"
    )


def import_without_version_node(subject: Subject, binary: Binary) -> str | None:
    if binary.format is not Format.ELF:
        return None
    loose = {symbol.name for symbol in binary.imports if symbol.version is None}
    taken = [
        f"{listing(names)} from {sibling}"
        for sibling, library in subject.needed_siblings(binary)
        if (names := sorted(loose & library.exports_by_name.keys()))
    ]
    if not taken:
        return None
    return (
        f"takes {', '.join(taken)} without a version: it could get another library's of the process"
    )


def undefined_symbol(subject: Subject, binary: Binary) -> str | None:
    """Leave to `newer_system` what a newer glibc than the target's defines."""
    newer = floors.newer_symbols(binary, subject.target, subject.beside, subject.system)
    undefined = (s.name for s in binary.imports if not _is_defined(subject, binary, s))
    names = sorted(name for name in undefined if name not in newer)
    if not names:
        return None
    return (
        f"uses {listing(names)}, which no library defines that it needs "
        f"({', '.join(binary.needed) or 'it needs none'}): link with the library that does"
        f"{_or_a_newer_floor(subject)}"
    )


def foreign_export(subject: Subject) -> Iterator[tuple[str, str]]:
    """Compare with upstream's names, which have no suffix."""
    patterns = {library.name: library.exports for library in subject.recipe.library}
    suffixes = symbol_names.suffixes(subject.recipe)
    for library in subject.tree.libraries:
        binary = subject.binaries.get(library.file.path)
        own = patterns.get(library.name, ())
        if binary is None or not own:
            continue
        exported = {s.name for s in binary.exports} - LINKER_MADE
        names = sorted(name.removesuffix(suffixes[library.name]) for name in exported)
        foreign = [name for name in names if not matches_any(name, own)]
        if foreign:
            yield (
                str(library.file.path),
                (
                    f"exports {listing(foreign)}, which fit none of `exports` ({', '.join(own)}): "
                    "compile what is linked in statically with -fvisibility=hidden"
                ),
            )


def _is_defined(subject: Subject, binary: Binary, symbol: Import) -> bool:
    """Tell whether a needed library defines a symbol.

    What has a version of a library was bound to it by the linker, which looked there; and so it was
    in Mach-O and PE. Whether it may need such a library, `undeclared_needed` says. musl has no
    versions: there the linker is told to refuse whatever no library defines (`plan`), and that it
    was told, the version node shows, a flag beside that one.
    """
    if symbol.weak:
        return True
    for name, sibling in subject.needed_siblings(binary):
        if symbol.library in (None, name) and _exports(sibling, symbol):
            return True
    system = [name for name in binary.needed if policy.is_promised(name, subject.target)]
    if subject.target.libc is Libc.MUSL and symbol.version is None:
        return bool(system) and subject.tag.version_node in binary.version_nodes
    if symbol.library is not None:
        return symbol.library in binary.needed and symbol.library not in subject.beside
    if subject.target.floor:
        return False  # every symbol of glibc's has a version
    found = (subject.system(name) for name in system)
    return any(library is not None and _exports(library, symbol) for library in found)


def _or_a_newer_floor(subject: Subject) -> str:
    """Say what is left where this machine has no glibc, or none that is new enough to tell."""
    has_newer = subject.target.libc is Libc.GLIBC and subject.target.floor
    return ", or build for a newer floor if that is glibc" if has_newer else ""


def _exports(library: Binary, symbol: Import) -> bool:
    versions = {there.version for there in library.exports_by_name.get(symbol.name, ())}
    return bool(versions) and symbol.version in {None, *versions}
