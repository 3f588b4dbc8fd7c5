"""What a compiler says of itself: of the target, where zig would speak of the host."""

from __future__ import annotations

import os

from .target import Refusal, Target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

CLANG = "22.1.8"  # that zig 0.17 has in it


def answer(words: Iterable[str], target: Target, folder: str) -> str | None:
    """Return the answer to the first question among the words; None where there is none.

    `folder` holds the programs that go with the compiler. Raises Refusal for what nobody knows.
    """
    word = next(filter(_is_question, words), None)
    if word is None:
        return None
    name, _, value = word.lstrip("-").partition("=")
    answers = {
        "dumpmachine": target.gnu,
        "dumpversion": CLANG,
        "dumpfullversion": CLANG,
        "print-target-triple": target.gnu,
        "print-effective-triple": target.gnu,
        "print-multiarch": target.gnu if target.is_elf else "",
        "print-multi-directory": ".",
        "print-multi-lib": ".;",
        "print-multi-os-directory": ".",
        "print-sysroot": "",
        "print-search-dirs": "install: \nprograms: =\nlibraries: =",
        "print-file-name": value,
        "print-prog-name": _program(value, folder),
        "print-libgcc-file-name": "libgcc.a",
    }
    if name not in answers:
        raise Refusal(f"there is no answer to {word}")
    return answers[name]


def _is_question(word: str) -> bool:
    starts = ("-print-", "--print-", "-dumpmachine", "-dumpversion", "-dumpfullversion")
    return word.startswith((*starts, "-dumpspecs"))


def _program(name: str, folder: str) -> str:
    path = f"{folder}/{name}"
    return path if name and os.access(path, os.X_OK) else name
