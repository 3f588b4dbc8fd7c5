"""What a person sees of several builds: a line for each on a terminal, else lines as they go."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from libwheel.console import BOLD, DIM, GREEN, RED, Console
from libwheel.several.child import Child, Outcome
from libwheel.several.order import Build, Key, State, awaited
from libwheel.several.running import Look, Outcomes, states_of

_LINE_EVERY = 60.0  # seconds between the lines of a build that runs, where lines cannot move
_DRAW_EVERY = 0.2

_COLOURS: Mapping[State, tuple[str, ...]] = {
    State.WAITING: (DIM,),
    State.BUILT: (GREEN,),
    State.FAILED: (RED, BOLD),
    State.REFUSED: (RED,),
    State.INTERRUPTED: (DIM,),
    State.LEFT: (DIM,),
}
# Which lines a terminal shows that has not enough of them.
_IMPORTANCE = (
    State.RUNNING,
    State.FAILED,
    State.REFUSED,
    State.WAITING,
    State.INTERRUPTED,
    State.LEFT,
    State.BUILT,
)


@dataclass(frozen=True)
class Line:
    """One build at one moment."""

    state: State
    text: str


def lines(builds: Sequence[Build], running: Mapping[Key, Child], outcomes: Outcomes) -> list[Line]:
    """Return a line for each build: whose it is, and how it goes."""
    states = states_of(builds, running, outcomes)
    name, target = (max(map(len, words)) for words in zip(*map(_words, builds), strict=True))
    found = []
    for build in builds:
        if one := running.get(build.key):
            text = moment(one)
        elif outcome := outcomes.get(build.key):
            text = told(outcome)
        else:
            others = awaited(build, builds, states)
            text = f"waits for {' and '.join(others)}" if others else "waits"
        state = states[build.key]
        found.append(Line(state, f"{build.name:<{name}}  {build.target:<{target}}  {text}"))
    return found


def _words(build: Build) -> tuple[str, str]:
    return build.name, build.target


def moment(one: Child) -> str:
    """Return what a build that runs is at: ``compile 41 s: [29/378] Building ...``."""
    step = f"{one.step or 'starts'} {one.seconds_at_step:.0f} s"
    return f"{step}: {one.state}" if one.state else step


def told(outcome: Outcome) -> str:
    """Return what came of a build, in one line."""
    times = {
        State.BUILT: f" in {outcome.seconds:.0f} s",
        State.FAILED: f" after {outcome.seconds:.0f} s",
    }
    return f"{outcome.state}{times.get(outcome.state, '')}: {outcome.brief}"


def folded(every: Sequence[Line], height: int) -> list[Line]:
    """Return the lines that matter most, in their order, where there is no room for all."""
    if len(every) <= height:
        return list(every)
    by_importance = sorted(range(len(every)), key=lambda n: _IMPORTANCE.index(every[n].state))
    shown = set(by_importance[: max(0, height - 1)])
    left = Counter(line.state for number, line in enumerate(every) if number not in shown)
    counts = ", ".join(f"{left[state]} {_plural(state)}" for state in _IMPORTANCE if left[state])
    rest = Line(State.WAITING, f"and {left.total()} more: {counts}")
    return [*(line for number, line in enumerate(every) if number in shown), rest]


def _plural(state: State) -> str:
    return {State.WAITING: "wait", State.RUNNING: "run"}.get(state, str(state))


@contextmanager
def shown(builds: Sequence[Build], console: Console) -> Iterator[Look]:
    """Yield what shows how the builds go; at the end of the block a terminal's lines go."""
    if not console.is_terminal:
        yield Log(builds, console).look
        return
    screen = Screen(builds, console)
    try:
        yield screen.look
    finally:
        screen.draw([])


@dataclass
class Screen:
    """Draws a line for each build on a terminal, again and again in the same place."""

    builds: Sequence[Build]
    console: Console
    _drawn: int = 0
    _when: float = 0

    def look(self, running: Mapping[Key, Child], outcomes: Outcomes) -> None:
        if time.monotonic() - self._when < _DRAW_EVERY:
            return
        width, height = self.console.size
        found = folded(lines(self.builds, running, outcomes), height - 1)
        self.draw([self._painted(line, width - 1) for line in found])
        self._when = time.monotonic()

    def draw(self, texts: Sequence[str]) -> None:
        """Put lines in the place of those that are there."""
        up = f"\033[{self._drawn}A" if self._drawn else ""
        instead = "".join(f"\033[K{text}\n" for text in texts)
        self.console.stream.write(f"\r{up}{instead}\033[J")
        self.console.stream.flush()
        self._drawn = len(texts)

    def _painted(self, line: Line, width: int) -> str:
        colours = _COLOURS.get(line.state)
        return self.console.paint(line.text[:width], *colours) if colours else line.text[:width]


@dataclass
class Log:
    """Writes a line where a build begins and ends, and now and then while it runs."""

    builds: Sequence[Build]
    console: Console
    _said: dict[Key, float] = field(default_factory=dict)
    _ended: set[Key] = field(default_factory=set)

    def look(self, running: Mapping[Key, Child], outcomes: Outcomes) -> None:
        for build in self.builds:
            if build.key in outcomes and build.key not in self._ended:
                self._ended.add(build.key)
                self._say(build, told(outcomes[build.key]))
        for build in self.builds:
            if one := running.get(build.key):
                said = self._said.get(build.key)
                if said is None:
                    self._say(build, "begins")
                elif time.monotonic() - said >= _LINE_EVERY:
                    self._say(build, moment(one))

    def _say(self, build: Build, text: str) -> None:
        self._said[build.key] = time.monotonic()
        self.console.line(f"{build}: {text}")
