"""Which builds there are, which waits for which, and what can begin next: all as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

Key = tuple[Path, str]  # the recipe's folder and the target


@dataclass(frozen=True)
class Build:
    """One wheel: of the recipe `name` in `folder`, for a target.

    `after` are the builds whose installed trees it is built on. `refused` says why there cannot
    be such a wheel, where that is known beforehand.
    """

    name: str
    folder: Path
    target: str
    after: frozenset[Key] = frozenset()
    refused: str = ""

    def __str__(self) -> str:
        return f"{self.name} {self.target}"

    @property
    def key(self) -> Key:
        return self.folder, self.target


class State(StrEnum):
    WAITING = "waits"
    RUNNING = "builds"
    BUILT = "built"
    FAILED = "failed"
    REFUSED = "refused"
    INTERRUPTED = "interrupted"
    LEFT = "not built"

    @property
    def is_bad(self) -> bool:
        return self in (State.FAILED, State.REFUSED, State.INTERRUPTED, State.LEFT)


States = Mapping[Key, State]


def in_order(builds: Sequence[Build]) -> tuple[Build, ...]:
    """Return the builds: before all, those that others wait for, the longest chain first."""
    waiting = {one.key: [other.key for other in builds if one.key in other.after] for one in builds}

    @cache
    def chain(key: Key) -> int:
        return 1 + max(map(chain, waiting[key]), default=0)

    return tuple(sorted(builds, key=lambda one: -chain(one.key)))


def startable(builds: Sequence[Build], states: States) -> list[Build]:
    """Return what can begin, the most urgent first."""
    return [
        one
        for one in builds
        if states[one.key] is State.WAITING and all(states[key] is State.BUILT for key in one.after)
    ]


def lost(builds: Sequence[Build], states: States, *, keep_going: bool) -> dict[Key, str]:
    """Return what will not be built any more, with the reason; all that waits without keep-going.

    What is lost takes with it what waits for it.
    """
    named = {one.key: one for one in builds}
    bad = {key: named[key].name for key, state in states.items() if state.is_bad}
    failed = [one for one in builds if states[one.key] in (State.FAILED, State.REFUSED)]
    reasons: dict[Key, str] = {}
    for one in builds:
        if states[one.key] is not State.WAITING:
            continue
        if needed := sorted(key for key in one.after if key in bad):
            bad[one.key] = one.name
            reasons[one.key] = f"it needs {' and '.join(bad[key] for key in needed)}"
        elif failed and not keep_going:
            bad[one.key] = one.name
            reasons[one.key] = f"{failed[0]} {states[failed[0].key]}"
    return reasons


def awaited(build: Build, builds: Sequence[Build], states: States) -> list[str]:
    """Return the names of the recipes that it still waits for."""
    return [
        one.name for one in builds if one.key in build.after and states[one.key] is not State.BUILT
    ]
