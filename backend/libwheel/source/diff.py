"""Read unified diffs as GNU diff and git write them; what cannot be applied exactly is refused."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass

_HUNK = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+\d+(?:,(\d+))? @@")
_ABSENT = re.compile(rb"/dev/null|.*\t(1970-01-01|1969-12-31) .*", re.DOTALL)  # diff -N: the epoch
_GIT = re.compile(
    rb"(old mode|new mode|new file mode|deleted file mode|copy from|copy to|rename from|rename to"
    rb"|similarity index|dissimilarity index|index|GIT binary patch|Binary files) ?"
)
_REFUSED = re.compile(
    rb"old mode|new file mode (?!100644)|copy from|rename from|GIT binary|Binary files .* differ"
)


class DiffError(Exception):
    """A patch cannot be used, because of its line number `line`."""

    def __init__(self, line: int, text: str) -> None:
        self.line = line
        super().__init__(text)


@dataclass(frozen=True)
class Hunk:
    """Lines with their ends: `new` takes the place of `old`, which stands at index `start`."""

    start: int
    old: tuple[bytes, ...]
    new: tuple[bytes, ...]


@dataclass(frozen=True)
class FilePatch:
    """What happens to one file; its name is relative to the tree."""

    name: str
    creates: bool
    deletes: bool
    hunks: tuple[Hunk, ...]


def lines_of(data: bytes) -> list[bytes]:
    """Split at line feeds alone, which stay."""
    return io.BytesIO(data).readlines()


def parse(data: bytes) -> tuple[FilePatch, ...]:
    """Return what the patch changes, names less their first folder (``-p1``).

    Text before and between is skipped. Raises DiffError.
    """
    changes = tuple(_Reader(lines_of(data if data.endswith(b"\n") else data + b"\n")).changes())
    if not changes:
        raise DiffError(1, "has no changes: it is not a unified diff")
    return changes


@dataclass
class _Reader:
    lines: list[bytes]
    at: int = 0

    def changes(self) -> Iterator[FilePatch]:
        while self.at < len(self.lines):
            if self._starts(b"--- ") and self._starts(b"+++ ", 1):
                yield self._change()
            elif self._starts(b"diff --git "):
                self._skip_git_header()
            elif self._starts(b"@@ -"):
                raise self._error("a hunk that belongs to no file")
            else:
                self._refuse(rb"Binary files .* differ")
                self.at += 1

    def _starts(self, start: bytes, ahead: int = 0) -> bool:
        at = self.at + ahead
        return at < len(self.lines) and self.lines[at].startswith(start)

    def _next(self) -> bytes:
        self.at += 1
        return self.lines[self.at - 1]

    def _error(self, text: str) -> DiffError:
        return DiffError(self.at + 1, text)

    def _refuse(self, pattern: bytes | re.Pattern[bytes]) -> None:
        if re.match(pattern, self.lines[self.at]):
            raise self._error(f"{_shown(self.lines[self.at])}: only text can be patched")

    def _skip_git_header(self) -> None:
        self._next()
        while self.at < len(self.lines) and _GIT.match(self.lines[self.at]):
            self._refuse(_REFUSED)
            self._next()
        if not self._starts(b"--- "):
            raise self._error("a git header without lines to change: an empty file?")

    def _change(self) -> FilePatch:
        old, new = self._name(), self._name()
        names = {name for name in (old, new) if name is not None}
        if len(names) != 1:
            raise self._error(f"must name one file, not {' and '.join(sorted(names)) or 'none'}")
        hunks = []
        while self._starts(b"@@ -"):
            hunks.append(self._hunk())
        if not hunks:
            raise self._error("a file without a hunk")
        return FilePatch(names.pop(), old is None, new is None, tuple(hunks))

    def _name(self) -> str | None:
        header = self.lines[self.at][4:].rstrip(b"\r\n")
        if _ABSENT.fullmatch(header):
            self._next()
            return None
        name = os.fsdecode(header.partition(b"\t")[0])
        if name.startswith('"'):
            raise self._error(f"a quoted file name is not supported: {name}")
        _, *parts = name.split("/")
        if name.startswith("/") or ".." in parts:
            raise self._error(f"{name!r} leads out of the source tree")
        if not parts or not all(parts):
            raise self._error(f"{name!r} has no first folder to strip")
        self._next()
        return "/".join(parts)

    def _hunk(self) -> Hunk:
        match = _HUNK.match(self.lines[self.at])
        if not match:
            raise self._error(f"not the head of a hunk: {_shown(self.lines[self.at])}")
        start, old_count, new_count = (1 if g is None else int(g) for g in match.groups())
        self._next()
        old: list[bytes] = []
        new: list[bytes] = []
        while len(old) < old_count or len(new) < new_count:
            self._line(old, new)
        if self._starts(b"\\"):
            self._line(old, new)
        self._check_end(complete=len(old) == old_count and len(new) == new_count)
        return Hunk(start - 1 if old_count else start, tuple(old), tuple(new))

    def _line(self, old: list[bytes], new: list[bytes]) -> None:
        """Add the next line to the sides that it belongs to."""
        line = self.lines[self.at] if self.at < len(self.lines) else b""
        sides = {b" ": (old, new), b"-": (old,), b"+": (new,), b"\n": (old, new)}
        if line.startswith(b"\\") and (old or new):  # "\ No newline at end of file"
            before = self.lines[self.at - 1]
            for side in sides.get(before[:1], ()):
                side[-1] = side[-1].removesuffix(b"\n")
        elif line[:1] in sides:
            for side in sides[line[:1]]:
                side.append(line[1:] or line)  # a lone line feed: its space was stripped
        else:
            raise self._error("the hunk ends before the lines that its head announces")
        self._next()

    def _check_end(self, *, complete: bool) -> None:
        line = self.lines[self.at].rstrip(b"\n") if self.at < len(self.lines) else b""
        is_header = line.startswith(b"--- ") and self._starts(b"+++ ", 1)
        is_signature = line in (b"--", b"-- ")  # ends what git format-patch writes
        if not complete or (line[:1] in (b"+", b" ", b"-") and not is_header and not is_signature):
            raise self._error("the hunk has other lines than its head announces")


def _shown(line: bytes) -> str:
    return repr(line.decode("utf-8", "replace").rstrip("\r\n"))
