"""Gives the symbols that a library's headers declare the names that they have in the library."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from libwheel import symbol_names
from libwheel.patterns import matches_any
from libwheel.recipe import Library, Resolved
from libwheel.selection import Selection
from libwheel.symbol_names import Names

# An #include or __has_include names a file, which may be called like a symbol. Everything else is
# taken word by word: a comment does not matter, and a name in a string, as of __asm__("name"), is
# meant.
_WORD = re.compile(
    r"^[ \t]*#[ \t]*(?:include|include_next|import)\b[^\n]*"
    r"|\b__has_include(?:_next)?[ \t]*\([^\n)]*\)"
    r"|\b[A-Za-z_]\w*",
    re.ASCII | re.MULTILINE,
)

_BYTES = "latin-1"  # each byte is a character, whatever the encoding of a header is


def renamed(text: str, names: Names) -> str:
    """Return a header's text with every word that is a symbol's old name replaced."""
    return _WORD.sub(lambda match: names.get(match[0], match[0]), text)


def rewritten(
    resolved: Resolved, chosen: Selection, names: Mapping[str, Names], folder: Path
) -> Selection:
    """Return the selection with headers, written below `folder`, that have the new names.

    `names` are those of each library. A header of libraries with different suffixes is a mistake.
    """
    headers = dict(chosen.headers)
    mistakes = list(chosen.mistakes)
    for name, path in chosen.headers.items():
        owners = [one for one in resolved.library if matches_any(name, one.headers)]
        mistakes += _mistakes(name, owners, symbol_names.suffixes(resolved))
        mapping = {old: new for one in owners for old, new in names.get(one.name, {}).items()}
        if mapping and path.is_file() and not path.is_symlink():
            headers[name] = _written(path, mapping, folder / "headers" / name)
    return replace(chosen, headers=headers, mistakes=tuple(mistakes))


def _mistakes(name: str, owners: list[Library], suffixes: Mapping[str, str]) -> Iterator[str]:
    if len({suffixes[owner.name] for owner in owners}) > 1:
        told = (
            f"{owner.name!r} ({f'suffix {suffix!r}' if suffix else 'no suffix'})"
            for owner in owners
            for suffix in [suffixes[owner.name]]
        )
        yield (
            f"include/{name} is a header of libraries whose symbols differ, {', '.join(told)}: "
            "each needs one of its own"
        )


def _written(path: Path, names: Names, goal: Path) -> Path:
    goal.parent.mkdir(parents=True, exist_ok=True)
    text = path.read_bytes().decode(_BYTES)
    goal.write_bytes(renamed(text, names).encode(_BYTES))
    return goal
