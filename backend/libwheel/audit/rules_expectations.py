"""Rules for what a library must hold as upstream made it: builds degrade in silence."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from libwheel.audit.subject import Subject
from libwheel.binaries import arm_code, elf_code, reading, x86_code
from libwheel.binaries.binary import Binary
from libwheel.binaries.elf_code import SymbolTable
from libwheel.errors import nearest
from libwheel.recipe import Expectation, Library
from libwheel.staging import Role
from libwheel.target import Format

# By the names of recipe_checks.INSTRUCTION_SETS.
_DETECTORS: Mapping[str, Callable[[bytes], bool]] = {
    "avx": x86_code.has_256_bit_vectors,
    "avx512": x86_code.has_512_bit_vectors,
    "sve": arm_code.has_sve,
}
_ON_LINUX = 'ask for it where `when = { os = "linux" }`'
_ALIKE = 0.3  # of 1: how much of a line must be like another to be named with it


def unmet_expectation(subject: Subject) -> Iterator[tuple[str, str]]:
    """Look at the libraries that upstream installed: the wheel's are stripped and renamed."""
    staged = {library.name: str(library.file.path) for library in subject.tree.libraries}
    for library in subject.recipe.library:
        if library.name in subject.originals:
            path = subject.originals[library.name]
            for message in _unmet_symbols(library, path):
                yield staged[library.name], message


def unmet_header_line(subject: Subject) -> Iterator[tuple[str, str]]:
    """Look at the headers that ship: what they say of the library, its users compile with."""
    folder = PurePosixPath(subject.tag.include_folder)
    headers = {
        str(file.path.relative_to(folder)): file.bytes_at
        for file in subject.tree.files
        if file.role is Role.HEADER and file.bytes_at.is_file()
    }
    for library in subject.recipe.library:
        for expected in library.expect:
            if expected.header and (message := _unmet_line(headers, expected)):
                yield str(folder / expected.header), message


def _unmet_symbols(library: Library, path: Path) -> Iterator[str]:
    wanted = [expected for expected in library.expect if expected.symbol]
    if not wanted:
        return
    binary = reading.read(path)
    if binary.format is Format.ELF:
        symbols = elf_code.symbols(path)
        found = (_unmet(symbols, path, expected) for expected in wanted)
    else:
        found = (_unmet_export(binary, path, expected) for expected in wanted)
    yield from filter(None, found)


def _unmet(symbols: SymbolTable, path: Path, expected: Expectation) -> str | None:
    name = expected.symbol
    if name not in symbols.names:
        if symbols.is_stripped:
            return (
                f"upstream's {path.name} does not export {name!r}, which [[library.expect]] asks "
                "for, and is stripped, so that nobody can tell whether it defines it: turn "
                "upstream's stripping off"
            )
        return (
            f"upstream's {path.name} does not define {name!r}{nearest(name, symbols.names)}, which "
            "[[library.expect]] asks for"
        )
    if not expected.instructions:
        return None
    code = symbols.code(name)
    if any(map(_DETECTORS[expected.instructions], code)):
        return None
    return (
        f"{name!r} of upstream's {path.name} {_held(code)} {expected.instructions} instructions, "
        "which [[library.expect]] asks for: was the compiler told not to, or too old?"
    )


def _unmet_export(binary: Binary, path: Path, expected: Expectation) -> str | None:
    """Look at what is exported: the other symbols of such a file go when it is linked."""
    name, exported = expected.symbol, binary.exports_by_name.keys()
    if name not in exported:
        return (
            f"upstream's {path.name} does not export {name!r}{nearest(name, exported)}, which "
            f"[[library.expect]] asks for. Of what a {binary.format} file does not export, the "
            f"names go when it is linked: if that is why, {_ON_LINUX}"
        )
    if not expected.instructions:
        return None
    return (
        f"nobody can tell whether {name!r} of upstream's {path.name} uses {expected.instructions} "
        f"instructions: symbols of a {binary.format} file do not say where they end; {_ON_LINUX}"
    )


def _held(code: tuple[bytes, ...]) -> str:
    if not code:
        return "is no function, so that it has no"
    return f"has, in {sum(map(len, code))} bytes of code, no"


def _unmet_line(headers: Mapping[str, Path], expected: Expectation) -> str | None:
    path = headers.get(expected.header)
    if path is None:
        return (
            f"is not shipped{nearest(expected.header, headers)}, and [[library.expect]] asks for "
            f"its line {expected.line!r}"
        )
    lines = [line.strip() for line in path.read_text("utf-8", errors="replace").splitlines()]
    if expected.line in lines:
        return None
    return (
        f"has no line {expected.line!r}, which [[library.expect]] asks for"
        f"{_nearest_line(expected.line, lines)}: was the feature turned off, or not found?"
    )


def _nearest_line(wanted: str, lines: list[str]) -> str:
    """Return the line nearest to one, of those that have its longest word if any has."""
    word = max(re.findall(r"\w+", wanted), key=len, default="")
    having = [line for line in lines if re.search(rf"\b{re.escape(word)}\b", line)]
    found = difflib.get_close_matches(wanted, having or lines, n=1, cutoff=_ALIKE)
    return f" (the nearest is {found[0]!r})" if found else ""
