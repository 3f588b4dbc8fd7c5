"""Choose from an installed tree what will ship, and name whatever nobody spoke of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from libwheel.patterns import matches_any, unmatched
from libwheel.recipe import Resolved

# What a library's file may be called, of Linux, macOS and Windows, where `{}` is its stem.
_LIBRARIES = (
    r"lib/lib{}\.so[.\d]*",
    r"lib/lib{}(\.\d+)*\.dylib",
    r"(bin|lib)/(lib)?{}(-\d+)*\.dll",
)
# What is linked with where that is not the library itself: import libraries, of Windows alone.
_LINK_FILES = (r"lib/(lib)?{}(-\d+)*\.dll\.a", r"lib/(lib)?{}(-\d+)*\.lib")
_ANY = r"[^/]+?"

# Upstream's own discovery files hold absolute paths and name files that are not shipped: ours
# take their place.
REPLACED = ("lib/pkgconfig/*.pc", "share/pkgconfig/*.pc", "lib/cmake/**", "lib/*.la")


@dataclass(frozen=True)
class Selection:
    """What will ship: the binary of each promised library, by name, and the headers.

    A promised library that is not there is left out; several may share one file. `link_files` has
    the import library of each that has one. Headers are relative to `include/`.
    `mistakes` are installed files that the recipe neither ships nor drops, and patterns that
    drop nothing: the audit shows them.
    """

    binaries: Mapping[str, Path]
    headers: Mapping[str, Path]
    mistakes: tuple[str, ...]
    link_files: Mapping[str, Path] = field(default_factory=dict)


def select(resolved: Resolved, prefix: Path) -> Selection:
    """Choose from the installed tree at `prefix`."""
    drop = resolved.wheel.drop
    installed = {path.relative_to(prefix).as_posix(): path for path in _files(prefix)}
    kept = {n: p for n, p in installed.items() if not is_left_out(resolved, n)}
    headers = {n.removeprefix("include/"): p for n, p in kept.items() if _is_header(resolved, n)}
    binaries, links = (_of_libraries(resolved, kept, kind) for kind in (_LIBRARIES, _LINK_FILES))
    shipped = {*binaries.values(), *links.values(), *headers.values()}
    leftover = [n for n, p in kept.items() if p not in shipped and not _is_other_name(n, p)]
    mistakes = (*_unmatched(drop, installed), *_leftover(resolved, leftover))
    return Selection(binaries, headers, mistakes, links)


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
    return path.is_symlink() and _fits(name, _LIBRARIES)


def _of_libraries(
    resolved: Resolved, kept: Mapping[str, Path], kind: tuple[str, ...]
) -> dict[str, Path]:
    """Return the one real file of a kind that each library has, with or without a version."""
    found = {}
    for library in resolved.library:
        stem = re.escape(library.stem)
        files = [p for n, p in kept.items() if _fits(n, kind, stem) and not p.is_symlink()]
        if len(files) == 1:
            found[library.name] = files[0]
    return found


def _fits(name: str, kind: tuple[str, ...], stem: str = _ANY) -> bool:
    return any(re.fullmatch(pattern.replace("{}", stem), name) for pattern in kind)


def _unmatched(drop: tuple[str, ...], installed: Mapping[str, Path]) -> Iterator[str]:
    for pattern in unmatched(drop, installed):
        yield f"wheel.drop: {pattern!r} matches nothing that upstream installed"


def _leftover(resolved: Resolved, names: list[str]) -> Iterator[str]:
    for name in names:
        owner = _owner(resolved, name)
        if owner:
            yield f"{name} is one of several files for library {owner!r}: drop the others"
        elif _fits(name, _LIBRARIES):
            yield f"{name} was installed: promise it as a [[library]], or drop it"
        else:
            yield f"{name} was installed: drop it, or ship it as a library's header"


def _owner(resolved: Resolved, name: str) -> str | None:
    """Return the first library that a file could be, or could be linked with."""
    kinds = (*_LIBRARIES, *_LINK_FILES)
    fitting = (one for one in resolved.library if _fits(name, kinds, re.escape(one.stem)))
    return next((library.name for library in fitting), None)
