"""What can go wrong, and whose move it is then."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


class LibwheelError(Exception):
    """Base of every error that libwheel reports without a traceback."""


@dataclass(frozen=True, order=True)
class Problem:
    """One mistake: the file it is in, the key (empty: the whole file) and what is wrong."""

    path: str
    key: str
    text: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.path, self.key, self.text) if part)


class RecipeError(LibwheelError):
    """The recipe's author has to act; carries every mistake that was found."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(dict.fromkeys(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class BuildError(LibwheelError):
    """The person who builds has to act: a setting, a tool, the network, the disk."""


class RefusedError(BuildError):
    """The recipe cannot be built for the target at all: says why, and what the way out is."""


class StoppedError(BuildError):
    """Ctrl-C, or what does the same, came before all was done; what was has been told."""


class InternalError(LibwheelError):
    """We have to act: libwheel itself is at fault."""


def nearest(word: str, known: Iterable[str]) -> str:
    """Return `` (did you mean 'x'?)`` for the known word nearest to `word`, or nothing."""
    matches = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f" (did you mean {matches[0]!r}?)" if matches else ""
