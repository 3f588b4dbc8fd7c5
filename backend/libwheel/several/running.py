"""Runs the builds: as many at once as share the machine; one failure does not lose the others."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from libwheel.several import child
from libwheel.several.child import Child, Outcome
from libwheel.several.machine import Share
from libwheel.several.order import Build, Key, State, States, lost, startable
from libwheel.signals import held

_ROUND = 0.1  # seconds between two looks at the builds

Outcomes: TypeAlias = Mapping[Key, Outcome]
Look: TypeAlias = Callable[[Mapping[Key, Child], Outcomes], None]


@dataclass(frozen=True)
class Way:
    """How to build: each with these arguments of `libwheel build`, its log in the folder `logs`."""

    arguments: tuple[str, ...]
    share: Share
    logs: Path
    keep_going: bool


def run(builds: Sequence[Build], way: Way, look: Look) -> Outcomes:
    """Run the builds, in the order that they are in; an exception ends all that run.

    After Ctrl-C, what came of each build by then is returned all the same. `look` is called
    several times a second, with the builds that run and what came of others.
    """
    course = _Course(builds, way)
    try:
        course.refuse()
        while course.begin() or course.running:
            look(course.running, course.outcomes)
            time.sleep(_ROUND)
            course.reap()
        look(course.running, course.outcomes)
    except KeyboardInterrupt:
        course.interrupt()
    except BaseException:
        child.end(course.running)
        raise
    return course.outcomes


def states_of(builds: Sequence[Build], running: Iterable[Key], outcomes: Outcomes) -> States:
    ended = {key: outcome.state for key, outcome in outcomes.items()}
    waiting = {build.key: State.WAITING for build in builds}
    return waiting | dict.fromkeys(running, State.RUNNING) | ended


@dataclass
class _Course:
    """Where the builds are: what runs, and what came of those that ended."""

    builds: Sequence[Build]
    way: Way
    running: dict[Key, Child] = field(default_factory=dict)
    outcomes: dict[Key, Outcome] = field(default_factory=dict)

    @property
    def states(self) -> States:
        return states_of(self.builds, self.running, self.outcomes)

    def refuse(self) -> None:
        for build in self.builds:
            if build.refused:
                self.outcomes[build.key] = Outcome(State.REFUSED, text=build.refused)
        self._lose()

    def begin(self) -> bool:
        """Begin what can begin now; tell whether that is any."""
        room = self.way.share.builds - len(self.running)
        ready = startable(self.builds, self.states)[:room]
        for build in ready:
            log = self.way.logs / f"{build.name}-{build.target}.log"
            with held():  # else Ctrl-C could come when it runs and we do not have it yet
                self.running[build.key] = child.begin(build, self.way.arguments, log)
        return bool(ready)

    def reap(self) -> None:
        """Read what the builds say, and take those that have ended."""
        for build in self.builds:
            if one := self.running.get(build.key):
                one.read()
                with held():  # else Ctrl-C could lose what came of it
                    if outcome := one.outcome():
                        del self.running[build.key]
                        self.outcomes[build.key] = outcome
        self._lose()

    def interrupt(self) -> None:
        """End what runs; what has not ended by itself is interrupted, begun or not."""
        ended = child.end(self.running)
        self.running.clear()
        for build in self.builds:
            unbegun = Outcome(State.INTERRUPTED, text="before it began")
            self.outcomes.setdefault(build.key, ended.get(build.key, unbegun))

    def _lose(self) -> None:
        reasons = lost(self.builds, self.states, keep_going=self.way.keep_going)
        self.outcomes |= {key: Outcome(State.LEFT, text=text) for key, text in reasons.items()}
