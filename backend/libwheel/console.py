"""What a person sees while libwheel works: steps with their times, notes, progress.

Colours and moving lines only on a terminal, and on none that says it is dumb; NO_COLOR
(no-color.org) takes the colours away.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TextIO

BOLD, DIM, RED, GREEN, YELLOW = "1", "2", "31", "32", "33"

_LINE_EVERY = 10.0  # seconds between the lines of a long work where lines cannot move
_DRAW_EVERY = 0.1
_STATE = re.compile(r"  (.+?) \(\d+ s\): (.*)")  # as Progress.show writes it


@dataclass(frozen=True)
class Timing:
    """How long a step took, in seconds of wall time."""

    step: str
    seconds: float


@dataclass
class Console:
    """Writes to `stream`, on a terminal in `colours`; `timings` grows by one a step.

    A `dumb` terminal knows no escape codes: it is written to like a file. `about` stands before
    the titles of steps that are not for what was asked for.
    """

    stream: TextIO = field(default_factory=lambda: sys.stderr)
    timings: list[Timing] = field(default_factory=list)
    colours: bool = field(default_factory=lambda: not os.environ.get("NO_COLOR"))
    dumb: bool = field(default_factory=lambda: os.environ.get("TERM") == "dumb")
    about: str = ""

    @property
    def is_terminal(self) -> bool:
        return self.stream.isatty() and not self.dumb

    @property
    def size(self) -> tuple[int, int]:
        """The columns and lines of the terminal."""
        columns, lines = os.get_terminal_size(self.stream.fileno())
        return columns or 80, lines or 24  # 0: it does not say

    def paint(self, text: str, *codes: str) -> str:
        """Return `text` in colours where the stream shows them."""
        if not self.is_terminal or not self.colours:
            return text
        return f"\033[{';'.join(codes)}m{text}\033[0m"

    def line(self, text: str) -> None:
        self._clear()
        print(text, file=self.stream, flush=True)

    def note(self, text: str) -> None:
        self.line(f"  {text}")

    def warn(self, text: str) -> None:
        self.line(f"{self.paint('warning:', YELLOW)} {text}")

    def error(self, text: str) -> None:
        self.line(f"{self.paint('error:', RED, BOLD)} {text}")

    def heading(self, title: str) -> None:
        self.line(self.paint(f"* {title}", BOLD))

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Say that a step begins, and how long it took when it ends or fails."""
        title = f"{self.about}: {title}" if self.about else title
        self.heading(title)
        start = time.monotonic()
        try:
            yield
        finally:
            seconds = time.monotonic() - start
            self.timings.append(Timing(title, seconds))
            if seconds >= 1:
                self.note(self.paint(f"{title}: {seconds:.1f} s", DIM))

    @contextmanager
    def progress(self, label: str, total: int | None = None) -> Iterator[Progress]:
        """Show how far a long work is; `total` in bytes, where it is known."""
        progress = Progress(self, label, total)
        try:
            yield progress
        finally:
            self._clear()

    def draw(self, text: str) -> None:
        """Put `text` in the place of the terminal's last line."""
        self.stream.write(f"\r\033[K{text[: self.size[0] - 1]}")
        self.stream.flush()

    def _clear(self) -> None:
        if self.is_terminal:
            self.stream.write("\r\033[K")
            self.stream.flush()


@dataclass
class Progress:
    """A moving line on a terminal, a plain line now and then elsewhere."""

    console: Console
    label: str
    total: int | None
    done: int = 0
    start: float = field(default_factory=time.monotonic)
    shown: float = field(default_factory=time.monotonic)

    def advance(self, amount: int) -> None:
        """Count `amount` more bytes as done."""
        self.done += amount
        self.show(self._amount())

    def show(self, state: str) -> None:
        """Show the time that has passed, and `state`, which may not fit on a terminal's line."""
        now = time.monotonic()
        terminal = self.console.is_terminal
        if now - self.shown < (_DRAW_EVERY if terminal else _LINE_EVERY):
            return
        self.shown = now
        text = f"  {self.label} ({now - self.start:.0f} s): {plain(state)}"
        (self.console.draw if terminal else self.console.line)(text)

    def _amount(self) -> str:
        if not self.total:
            return f"{self.done / 1e6:.1f} MB"
        bar = "#" * (20 * self.done // self.total)
        share = f"{100 * self.done // self.total} % of {self.total / 1e6:.1f} MB"
        return f"[{bar:<20}] {share}" if self.console.is_terminal else share


def state_in(line: str) -> str | None:
    """Return the state in a line of a long work; None where the line is another."""
    found = _STATE.fullmatch(line)
    return found[2] if found else None


def plain(text: str) -> str:
    """Return `text`, which may be a compiler's, without colours and control characters."""
    return "".join(c for c in re.sub(r"\033\[[0-9;]*[A-Za-z]", "", text) if c.isprintable())
