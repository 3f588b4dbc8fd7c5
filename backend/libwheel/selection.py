"""Choose from an installed tree what will ship, and name whatever nobody spoke of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from libwheel.patterns import matches_any, unmatched
from libwheel.recipe import Resolved

_LIBRARY = re.compile(r"lib/lib([^/]+?)\.so[.\d]*")

# Upstream's own discovery files hold absolute paths and name files that are not shipped: ours
# take their place.
REPLACED = ("lib/pkgconfig/*.pc", "share/pkgconfig/*.pc", "lib/cmake/**", "lib/*.la")


@dataclass(frozen=True)
class Selection:
    """What will ship: the binary of each promised library, by name, and the headers.

    A promised library that is not there is left out; several may share one file. Headers are
    relative to `include/`.
    `mistakes` are installed files that the recipe neither ships nor drops, and patterns that
    drop nothing: the audit shows them.
    """

    binaries: Mapping[str, Path]
    headers: Mapping[str, Path]
    mistakes: tuple[str, ...]


def select(resolved: Resolved, prefix: Path) -> Selection:
    """Choose from the installed tree at `prefix`."""
    drop = resolved.wheel.drop
    installed = {path.relative_to(prefix).as_posix(): path for path in _files(prefix)}
    kept = {n: p for n, p in installed.items() if not is_left_out(resolved, n)}
    headers = {n.removeprefix("include/"): p for n, p in kept.items() if _is_header(resolved, n)}
    binaries = _binaries(resolved, kept)
    shipped = {*binaries.values(), *headers.values()}
    leftover = [n for n, p in kept.items() if p not in shipped and not _is_other_name(n, p)]
    mistakes = (*_unmatched(drop, installed), *_leftover(resolved, leftover))
    return Selection(binaries, headers, mistakes)


def is_left_out(resolved: Resolved, name: str) -> bool:
    """Tell whether an installed file, by its path in the prefix, is none of the wheel's matter."""
    return matches_any(name, (*REPLACED, *resolved.wheel.drop))


def _files(prefix: Path) -> Iterator[Path]:
    return (p for p in sorted(prefix.rglob("*")) if p.is_symlink() or not p.is_dir())


def _is_header(resolved: Resolved, name: str) -> bool:
    top, _, rest = name.partition("/")
    return top == "include" and any(matches_any(rest, lib.headers) for lib in resolved.library)


def _is_other_name(name: str, path: Path) -> bool:
    """Tell whether it is a link that gives a library another name: the wheel has no links."""
    return path.is_symlink() and _LIBRARY.fullmatch(name) is not None


def _binaries(resolved: Resolved, kept: Mapping[str, Path]) -> dict[str, Path]:
    """Return the one real file of each library: ``lib<stem>.so`` with or without a version."""
    found = {}
    for library in resolved.library:
        files = [p for n, p in kept.items() if _stem(n) == library.stem and not p.is_symlink()]
        if len(files) == 1:
            found[library.name] = files[0]
    return found


def _stem(name: str) -> str | None:
    """Return ``z`` of ``lib/libz.so.1``, or nothing for what is not a library."""
    found = _LIBRARY.fullmatch(name)
    return found[1] if found else None


def _unmatched(drop: tuple[str, ...], installed: Mapping[str, Path]) -> Iterator[str]:
    for pattern in unmatched(drop, installed):
        yield f"wheel.drop: {pattern!r} matches nothing that upstream installed"


def _leftover(resolved: Resolved, names: list[str]) -> Iterator[str]:
    promised = {library.stem: library.name for library in reversed(resolved.library)}
    for name in names:
        stem = _stem(name)
        if stem in promised:
            yield f"{name} is one of several files for library {promised[stem]!r}: drop the others"
        elif stem:
            yield f"{name} was installed: promise it as a [[library]], or drop it"
        else:
            yield f"{name} was installed: drop it, or ship it as a library's header"
