"""What is told when the builds have ended: who failed of what, and a table of all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import accumulate

from libwheel.several.child import Outcome
from libwheel.several.order import Build, State
from libwheel.several.running import Outcomes

_HEAD = ("recipe", "target", "result", "time", "CPU time", "wheel, or why there is none")
_SIDES = "<<<>><"  # times stand to the right
_GAP = "  "
_CUT = 20  # characters that the last column has at least


def table(builds: Sequence[Build], outcomes: Outcomes, width: int | None = None) -> str:
    """Return a row for each build, below a head, no wider than `width`.

    Columns that there is no room for are left out; the last, a text, is cut.
    """
    rows = [_HEAD, *(_row(build, outcomes[build.key]) for build in builds)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    shown = widths[: _fitting(widths, width)] if width else widths
    return "\n".join(_laid_out(row, shown)[:width].rstrip() for row in rows)


def _row(build: Build, outcome: Outcome) -> tuple[str, ...]:
    times = (f"{one:.1f} s" if outcome.seconds else "" for one in (outcome.seconds, outcome.cpu))
    return build.name, build.target, str(outcome.state), *times, outcome.brief


def _fitting(widths: Sequence[int], width: int) -> int:
    """Return how many columns there is room for, if nothing but the last may be cut."""
    starts = accumulate((one + len(_GAP) for one in widths), initial=0)
    least = (*widths[:-1], min(widths[-1], _CUT))
    return sum(start + one <= width for start, one in zip(starts, least, strict=False))


def _laid_out(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = zip(row, widths, _SIDES, strict=False)  # there are widths of those that are shown
    return _GAP.join(f"{cell:{side}{width}}" for cell, width, side in cells)


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
