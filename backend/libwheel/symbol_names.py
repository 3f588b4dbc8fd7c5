"""What the symbols of a wheel's libraries are called, where a recipe gives them a suffix."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from libwheel.binaries.binary import LINKER_MADE, Binary
from libwheel.errors import Problem, RecipeError
from libwheel.recipe import Resolved
from libwheel.words import listed

Names = Mapping[str, str]  # ours, by upstream's

_SHOWN = 8


def suffixes(resolved: Resolved) -> dict[str, str]:
    """Return each library's suffix, empty for none; libraries of one file share the first's."""
    of_file: dict[str, str] = {}
    return {
        library.name: of_file.setdefault(library.stem, library.suffix)
        for library in resolved.library
    }


def renames(resolved: Resolved, upstream: Mapping[str, Binary]) -> dict[str, Names]:
    """Return, by library, the names that are others now: its own symbols' and its siblings'.

    `upstream` are the libraries as they were linked, by name, with their SONAMEs. What a library
    takes from siblings that it needs, it calls by their new names, and its headers may name
    everything of theirs. Raises RecipeError where two symbols of a library would become one.
    """
    wanted = suffixes(resolved)
    own = {name: _exported(binary, wanted[name]) for name, binary in upstream.items()}
    found = {name: _seen(name, upstream, own) for name in upstream}
    problems = [p for name in found for p in _clashes(resolved, name, upstream[name], found[name])]
    if problems:
        raise RecipeError(problems)
    return found


def present(names: Names, binary: Binary) -> dict[str, str]:
    """Return those of the names that a library defines or imports."""
    there = binary.exports_by_name.keys() | {symbol.name for symbol in binary.imports}
    return {old: new for old, new in names.items() if old in there}


def _exported(binary: Binary, suffix: str) -> dict[str, str]:
    """Return the name that each exported symbol has now."""
    return {
        name: name if name in LINKER_MADE else name + suffix
        for name in sorted(binary.exports_by_name)
    }


def _seen(name: str, upstream: Mapping[str, Binary], own: Mapping[str, Names]) -> Names:
    """Return what is called otherwise now where `name` says it: its own come first."""
    binary = upstream[name]
    siblings = {library.soname: other for other, library in upstream.items()}
    found = dict(own[name])
    for symbol in binary.imports:  # the linker has bound these, by their versions
        names = own[siblings[symbol.library]] if symbol.library in siblings else {}
        if symbol.name in names:
            found[symbol.name] = names[symbol.name]
    for soname in binary.needed:
        if soname in siblings:
            found = {**own[siblings[soname]], **found}
    return {old: new for old, new in sorted(found.items()) if old != new}


def _clashes(resolved: Resolved, name: str, binary: Binary, names: Names) -> Iterator[Problem]:
    """Yield what cannot be: patchelf knows a symbol by its name alone."""
    imported = {symbol.name for symbol in binary.imports}
    exported = binary.exports_by_name.keys()
    renamed = present(names, binary)
    both = sorted(imported & exported & renamed.keys())
    if both:
        text = f"{name!r} both defines and imports {listed(both, _SHOWN)}: it can have no new name"
        yield resolved.problem("library.suffix", text)
    taken = sorted(set(renamed.values()) & ((imported | exported) - renamed.keys()))
    if taken:
        text = f"{name!r} has {listed(taken, _SHOWN)} already, which is what others would become"
        yield resolved.problem("library.suffix", text)
