"""One build as a process of its own: what it says while it runs, and what came of it."""

from __future__ import annotations

import math
import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from libwheel import guard, process
from libwheel.console import state_in
from libwheel.files import explain_os_error
from libwheel.process import Command
from libwheel.several.order import Build, Key, State
from libwheel.signals import held

_GRACE = 5.0  # seconds in which builds end their own commands and delete their folders
_PAUSE = 0.01  # seconds between two looks at what is to end
_ENDED = (guard.INTERRUPTED, -signal.SIGTERM, -signal.SIGKILL)  # who was asked to end has these
_TAIL = 5  # lines that are shown of what a failed command printed


@dataclass(frozen=True)
class Outcome:
    """What came of a build: times in seconds, 0 where it did not begin.

    `cpu` is of every process of the build. `wheel` is its path where it was built; `text` says why
    not, its first line in short; `log` has all that the build said then.
    """

    state: State
    seconds: float = 0
    cpu: float = 0
    wheel: Path | None = None
    text: str = ""
    warnings: tuple[str, ...] = ()
    log: Path | None = None

    @property
    def brief(self) -> str:
        """The wheel's name, or why there is none: one line."""
        return self.wheel.name if self.wheel else self.text.partition("\n")[0].removesuffix(":")


@dataclass
class Child:
    """A build that runs: the step it is at, and the state of that."""

    build: Build
    process: subprocess.Popen[bytes]
    pipe: int
    log: Path
    start: float = field(default_factory=time.monotonic)
    step: str = ""
    since: float = field(default_factory=time.monotonic)
    state: str = ""
    lines: list[str] = field(default_factory=list)
    rest: bytes = b""
    is_asked_to_end: bool = False

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.start

    @property
    def seconds_at_step(self) -> float:
        return time.monotonic() - self.since

    def read(self) -> None:
        """Take what it has written so far."""
        try:
            while data := os.read(self.pipe, 1 << 16):
                *lines, self.rest = (self.rest + data).split(b"\n")
                for line in lines:
                    self._take(line)
        except BlockingIOError:
            return

    def outcome(self, deadline: float = math.inf) -> Outcome | None:
        """Return what came of it, once: None while it runs; behind the deadline it is killed."""
        before = _seconds_of_children()
        if time.monotonic() > deadline:
            process.end(self.process, 0)
        status = self.process.poll()  # which alone adds its time to that of our children
        if status is None:
            return None
        cpu = _seconds_of_children() - before
        self.read()
        if self.rest:
            self._take(self.rest)
        os.close(self.pipe)
        warnings = tuple(w for w in map(_warning, self.lines) if w)
        built = Outcome(State.BUILT, self.seconds, cpu, warnings=warnings)
        if status == 0:
            return replace(built, wheel=Path(self.lines[-1]))
        if self.is_asked_to_end and status in _ENDED:
            text = f"at {self.step}" if self.step else "as it began"
            return replace(built, state=State.INTERRUPTED, text=text)
        state = State.REFUSED if status == guard.REFUSED else State.FAILED
        return self._with_log(replace(built, state=state, text=essence(self.lines, status)))

    def _with_log(self, outcome: Outcome) -> Outcome:
        """Keep what the build said, where the cache can take it."""
        try:
            self.log.write_text("".join(f"{line}\n" for line in self.lines), encoding="utf-8")
        except OSError as error:
            reason = explain_os_error(error, self.log.parent)
            warning = f"the log of the build is not kept: {reason}"
            return replace(outcome, warnings=(*outcome.warnings, warning))
        return replace(outcome, log=self.log)

    def _take(self, data: bytes) -> None:
        """Keep a line; the states of a long work are for the moment only."""
        line = data.decode("utf-8", "replace")
        state = state_in(line)
        if state is not None:
            self.state = state
            return
        if line.startswith("* "):
            self.step, self.since, self.state = line.removeprefix("* "), time.monotonic(), ""
        self.lines.append(line)


def begin(build: Build, arguments: Sequence[str], log: Path) -> Child:
    """Start `libwheel build` with these arguments."""
    argv = (
        sys.executable,
        "-m",
        "libwheel",
        "build",
        *arguments,
        f"-Ctarget={build.target}",
    )
    variables = {**os.environ, "PYTHONUNBUFFERED": "1"}
    command = Command(str(build), (*argv, str(build.folder)), Path.cwd(), variables)
    ours, theirs = os.pipe()
    os.set_blocking(ours, False)
    try:
        return Child(build, process.popen(command, theirs), ours, log)
    finally:
        os.close(theirs)


def end(children: Mapping[Key, Child]) -> dict[Key, Outcome]:
    """End builds that run, with all their commands; return what came of each.

    All are asked, once, and then awaited together: a second Ctrl-C would keep a build from ending
    its own. What deletes their folders outlives them.
    """
    with held():
        for one in children.values():
            one.is_asked_to_end = True
            one.process.terminate()
        deadline = time.monotonic() + _GRACE
        outcomes: dict[Key, Outcome] = {}
        while len(outcomes) < len(children):
            time.sleep(_PAUSE)
            for key, one in children.items():
                if key not in outcomes:
                    one.read()  # who writes into a pipe that is full does not end
                    if outcome := one.outcome(deadline):
                        outcomes[key] = outcome
        return outcomes


def essence(lines: Sequence[str], status: int) -> str:
    """Return what a failed build says of its error, with a few lines of a command's output."""
    starts = [number for number, line in enumerate(lines) if line.startswith("error: ")]
    if status < 0:
        return f"was ended by signal {-status}; is there enough memory?"
    if not starts:
        return "\n".join(lines[-_TAIL:]) or f"ended with status {status}, and said nothing"
    said = [lines[starts[-1]].removeprefix("error: "), *lines[starts[-1] + 1 :]]
    output = [line for line in said if line.startswith("  | ")]
    errors = [line for line in output if re.search(r"\berror\b", line, re.IGNORECASE)]
    shown = set((errors or output[-_TAIL:])[:_TAIL])
    hidden = {*output, *_how_to_repeat(said)} - shown
    return "\n".join(line for line in said if line not in hidden)


def _how_to_repeat(said: Sequence[str]) -> Sequence[str]:
    """Return the command to paste, with what is above it: it is in the log."""
    starts = [number for number, line in enumerate(said) if line.startswith("  to repeat it")]
    return said[starts[0] : starts[0] + 2] if starts else ()


def _warning(line: str) -> str:
    return line.removeprefix("warning: ") if line.startswith("warning: ") else ""


def _seconds_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
