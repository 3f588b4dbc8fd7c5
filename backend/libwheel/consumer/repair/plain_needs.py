"""Finds consumers that were built against a plain library where its library wheel is installed.

auditwheel would put a private copy of the plain one into the wheel, which is what library wheels
are there to end.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from libwheel import naming
from libwheel.binaries.binary import Binary
from libwheel.consumer.repair.elf_members import ElfMember
from libwheel.consumer.repair.library_needs import Library
from libwheel.errors import BuildError
from libwheel.words import counted, listed


def refuse(
    members: Sequence[ElfMember], own: Iterable[ElfMember], installed: Mapping[str, Library]
) -> None:
    """Raise BuildError where members take symbols of a library wheel from a plain library.

    What `own` members export, the wheel brings by itself.
    """
    brought = frozenset(symbol.name for member in own for symbol in member.binary.exports)
    problems = list(_problems(members, brought, installed.values()))
    if problems:
        raise BuildError("\n".join(problems))


def _problems(
    members: Sequence[ElfMember], brought: frozenset[str], installed: Iterable[Library]
) -> Iterator[str]:
    libraries = sorted(installed, key=lambda library: len(library.stem), reverse=True)
    plain = dict.fromkeys(
        name for m in members for name in m.binary.needed if not naming.tagged_file(name)
    )
    for name in plain:
        library = next((lib for lib in libraries if _is_called(name, lib.stem)), None)
        users = [member for member in members if name in member.binary.needed]
        if library:
            taken = {s for user in users for s in _taken(user.binary, name, library, brought)}
            if taken:
                yield _problem(name, users, library, sorted(taken))


def _is_called(needed: str, stem: str) -> bool:
    """Tell whether ``libhdf5_serial.so.103`` is a library of the stem ``hdf5``."""
    return bool(re.fullmatch(rf"lib{re.escape(stem)}(?![A-Za-z]).*", needed))


def _taken(user: Binary, needed: str, library: Library, brought: frozenset[str]) -> Iterator[str]:
    """Yield the symbols of the library wheel's library that may come from the plain one."""
    for symbol in user.imports:
        possible = symbol.library in (None, needed) and symbol.name not in brought
        if possible and symbol.name in library.binary.exports_by_name:
            yield symbol.name


def _problem(
    needed: str, users: Sequence[ElfMember], library: Library, taken: Sequence[str]
) -> str:
    constants = library.wheel.constants
    locator = naming.import_name(constants.distribution)
    symbols = counted(len(taken), "symbol", "symbols")
    return (
        f"{listed([user.name for user in users])}: built against a plain {needed}, not against "
        f"{library.wheel}, which is installed: it takes {symbols} from there that "
        f"{library.file} has ({listed(taken)}).\n"
        f"  Build it against the library wheel: by pkg-config ({listed(_packages(library))}), or "
        f'with the prefix that "$(python -m {locator} prefix)" prints.\n'
        f"  Where the plain one is meant, repair in an environment without {library.wheel.name}; "
        "`auditwheel repair` puts a copy of the plain one into the wheel."
    )


def _packages(library: Library) -> list[str]:
    """Return the pkg-config names of the wheel's libraries, which are not always the files'."""
    paths = map(PurePosixPath, library.wheel.constants.plain.values())
    return [path.stem for path in paths if path.suffix == ".pc"]
