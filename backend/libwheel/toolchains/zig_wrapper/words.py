"""The words of a command line, from gcc's and GNU ld's to those that mean the same to zig."""

from __future__ import annotations

import os

from .compiler import WITH_VALUE, compiler_words
from .libraries import named_for_macos
from .linker import WITH_VALUE as LINKER_WITH_VALUE
from .linker import States, linker_words
from .target import Target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    Word = tuple[bool, str]  # whether the linker is to see it, and the word

# The compiler stops before it links.
_STOPS = {"-c", "-S", "-E", "-M", "-MM", "-fsyntax-only"}

# Options of the linker that the compiler takes as well, each with a value.
_OF_LINKER = {
    *("-z", "-rpath", "-install_name", "-current_version", "-compatibility_version"),
    *("-exported_symbols_list", "-unexported_symbols_list"),
}


def expanded(words: Iterable[str], read: Callable[[str], str]) -> list[str]:
    """Return the words with those of each response file in its place."""
    found: list[str] = []
    for word in words:
        if word.startswith("@") and os.path.isfile(word[1:]):
            found += expanded(_split(read(word[1:])), read)
        else:
            found.append(word)
    return found


def _split(text: str) -> Iterator[str]:
    """Yield the words of a response file, as gcc and clang read it.

    Unlike a shell's, a backslash makes the next character plain between quotes as well.
    """
    word: str | None = None
    quote = ""
    characters = iter(text)
    for one in characters:
        if one == "\\":
            word = (word or "") + next(characters, "")
        elif one == quote or (not quote and one in "\"'"):
            word, quote = word or "", "" if quote else one
        elif quote or not one.isspace():
            word = (word or "") + one
        elif word is not None:
            yield word
            word = None
    if word is not None:
        yield word


def is_link(words: Iterable[str]) -> bool:
    return not _STOPS.intersection(words)


def output(words: Sequence[str]) -> str:
    """Return the path that is written to."""
    places = [number for number, word in enumerate(words[:-1]) if word == "-o"]
    return words[places[-1] + 1] if places else "a.out"


def translated(given: Sequence[str], target: Target) -> list[str]:
    """Return the words that mean to zig what the given ones mean to gcc and GNU ld.

    Raises Refusal where there are none.
    """
    if list(given) in (["--version"], ["-v"]):
        return ["--version"]
    words = list(_told_apart(given))
    if not is_link(given):
        return [*_always(given), *_joined([one for one in words if not one[0]], target), "-g0"]
    if target.os == "macos":
        words = named_for_macos(words, output(given), target)
    return [*_always(given), *_joined(words, target), *_last_of_link(target), "-g0"]


def _always(given: Sequence[str]) -> list[str]:
    """Return what zig is told first of all, so that the given words can say otherwise.

    Without -O it looks for undefined behaviour; and it links with libraries of its own that are
    not optimised, which for some targets it takes a minute to make.
    """
    is_plain = is_link(given) and not any(word.startswith("-O") for word in given)
    return ["-fno-sanitize=undefined", *(["-O2"] if is_plain else [])]


def _last_of_link(target: Target) -> list[str]:
    """Return what makes zig take version scripts as GNU ld does; or strip, where nobody will."""
    if target.is_elf:
        return ["-Wl,--undefined-version"]
    return ["-s"] if target.is_windows else ["-Wl,-x,-S"]


def _told_apart(given: Iterable[str]) -> Iterator[Word]:
    """Tell the linker's words from the compiler's."""
    words = iter(given)
    for word in words:
        if word.startswith("-Wl,"):
            yield from ((True, one) for one in word[4:].split(",") if one)
        elif word.startswith("-Wp,") and not word.startswith("-Wp,-M"):
            yield from ((False, one) for one in word[4:].split(","))
        elif word == "-Xlinker":
            yield True, next(words, "")
        elif word in _OF_LINKER or word in WITH_VALUE:
            yield word in _OF_LINKER, word
            yield word in _OF_LINKER, next(words, "")
        else:
            yield False, word


def _joined(words: Iterable[Word], target: Target) -> list[str]:
    found: list[str] = []
    states = States()
    left = iter(words)
    for is_linkers, word in left:
        name, equals, value = word.partition("=")
        if word in (LINKER_WITH_VALUE if is_linkers else WITH_VALUE):
            value = next((text for _, text in left), "")
        if is_linkers:
            found += states.words(name) or linker_words(name, equals, value)
        else:
            found += compiler_words(word, name, value, target)
    return found
