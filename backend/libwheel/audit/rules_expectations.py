"""Rules for what a library must hold as upstream linked it: builds degrade in silence."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from libwheel.audit.subject import Subject
from libwheel.binaries import elf_code, x86_code
from libwheel.binaries.elf_code import SymbolTable
from libwheel.errors import nearest
from libwheel.recipe import Expectation

# By the names of recipe_checks.INSTRUCTION_SETS.
_DETECTORS: Mapping[str, Callable[[bytes], bool]] = {"avx512": x86_code.has_512_bit_vectors}


def unmet_expectation(subject: Subject) -> Iterator[tuple[str, str]]:
    """Look at the files that upstream installed: the wheel's are stripped and renamed."""
    staged = {library.name: str(library.file.path) for library in subject.tree.libraries}
    for library in subject.recipe.library:
        if library.expect and library.name in subject.originals:
            path = subject.originals[library.name]
            symbols = elf_code.symbols(path)
            for expected in library.expect:
                if message := _unmet(symbols, path, expected):
                    yield staged[library.name], message


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


def _held(code: tuple[bytes, ...]) -> str:
    if not code:
        return "is no function, so that it has no"
    return f"has, in {sum(map(len, code))} bytes of code, no"
