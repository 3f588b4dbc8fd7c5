"""What is told when the builds have ended: who failed of what, and a table of all."""

from __future__ import annotations

import sys
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import compress

from libwheel.several.child import Outcome
from libwheel.several.order import Build, State
from libwheel.several.running import Outcomes

_HEAD = ("recipe", "target", "result", "time", "CPU time", "wheel, or why there is none")
_SIDES = "<<<>><"  # times stand to the right
_GAP = "  "
_CPU = 4  # the column that goes first where there is no room
_LEAST = 3  # columns that are shown however narrow the terminal is
_INDENT = "  "  # before what stands below its row


def table(builds: Sequence[Build], outcomes: Outcomes, width: int = sys.maxsize) -> str:
    """Return a row for each build, below a head, no wider than `width`, if that can be.

    Where there is no room the CPU time is left out. If there is none then either, the last column,
    which is what matters most, stands below its row, and no word of it is cut.
    """
    rows = [_HEAD, *(_row(build, outcomes[build.key]) for build in builds)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    without_cpu = [number != _CPU for number in range(len(_HEAD))]
    for shown in ([True] * len(_HEAD), without_cpu):
        if _width(compress(widths, shown)) <= width:
            return "\n".join(_laid_out(row, widths, shown) for row in rows)
    fitting = [n < _LEAST or _width(widths[: n + 1]) <= width for n in range(len(_HEAD) - 1)]
    return "\n".join(_in_two(row, widths, fitting, width) for row in rows)


def _row(build: Build, outcome: Outcome) -> tuple[str, ...]:
    times = (f"{one:.1f} s" if outcome.seconds else "" for one in (outcome.seconds, outcome.cpu))
    return build.name, build.target, str(outcome.state), *times, outcome.brief


def _width(widths: Iterable[int]) -> int:
    return sum(one + len(_GAP) for one in widths) - len(_GAP)


def _laid_out(row: Sequence[str], widths: Sequence[int], shown: Iterable[bool]) -> str:
    cells = compress(zip(row, widths, _SIDES, strict=True), shown)
    return _GAP.join(f"{cell:{side}{width}}" for cell, width, side in cells).rstrip()


def _in_two(row: Sequence[str], widths: Sequence[int], shown: Sequence[bool], width: int) -> str:
    """Return a row with its last cell below it, in as many lines as it needs."""
    below = textwrap.wrap(
        row[-1],
        width,
        initial_indent=_INDENT,
        subsequent_indent=_INDENT,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join([_laid_out(row, widths, shown), *below])


def warnings(builds: Sequence[Build], outcomes: Outcomes) -> Iterator[str]:
    """Yield what the builds warn of."""
    for build in builds:
        yield from (f"{build}: {warning}" for warning in outcomes[build.key].warnings)


def failures(builds: Sequence[Build], outcomes: Outcomes) -> Iterator[str]:
    """Yield what went wrong, and where all is that a build said."""
    for build in builds:
        outcome = outcomes[build.key]
        if outcome.state in (State.FAILED, State.REFUSED):
            log = f"\n  log of the build: {outcome.log}" if outcome.log else ""
            yield f"{build} {outcome.state}: {outcome.text}{log}"


def missing(outcomes: Outcomes) -> str:
    """Return what is wrong as a whole; nothing where every wheel was built."""
    count = Counter(outcome.state for outcome in outcomes.values())
    bad = [state for state in State if state.is_bad and count[state]]
    lost = sum(count[state] for state in bad)
    if not lost:
        return ""
    verb = "is" if lost == 1 else "are"
    reasons = ", ".join(f"{count[state]} {state}" for state in bad)
    return f"{lost} of {len(outcomes)} wheels {verb} not there: {reasons}"
