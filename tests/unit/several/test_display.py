from __future__ import annotations

import io
import os
import pty
import subprocess
import time
from pathlib import Path

import pytest

from libwheel.console import Console
from libwheel.several.child import Child, Outcome
from libwheel.several.display import Line, folded, lines, shown, told
from libwheel.several.order import Build, Key, State
from libwheel.several.running import Outcomes

LOWER = Build("lower", Path("lower"), "x86_64-windows")
UPPER = Build("upper-one", Path("upper"), "native", frozenset({LOWER.key}))
BUILT = Outcome(State.BUILT, 51.6, 80.0, Path("/dist/upper-1.whl"))
FAILED = Outcome(State.FAILED, 41.2, 60.0, text="compile failed with status 2:\n  | a.c:5: error")
REFUSED = Outcome(State.REFUSED, text="it needs MASM: leave out the target\nmore")


@pytest.fixture(autouse=True)
def _colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")


@pytest.fixture
def running() -> dict[Key, Child]:
    """A build that has compiled for 41 seconds; its process is of no interest."""
    process = subprocess.Popen(("true",))
    process.wait()
    since = time.monotonic() - 41.2
    child = Child(LOWER, process, -1, Path("log"), step="compile", since=since)
    child.state = "[29/378] Building C object"
    return {LOWER.key: child}


def test_each_build_has_a_line(running: dict[Key, Child]) -> None:
    assert lines([LOWER, UPPER], running, {}) == [
        Line(State.RUNNING, "lower      x86_64-windows  compile 41 s: [29/378] Building C object"),
        Line(State.WAITING, "upper-one  native          waits for lower"),
    ]
    alone = Build("upper-one", Path("upper"), "native")
    (line,) = lines([alone], {}, {})
    assert line.text == "upper-one  native  waits"


def test_what_came_of_a_build_is_one_line() -> None:
    left = Outcome(State.LEFT, text="it needs lower")
    assert [told(one) for one in (BUILT, FAILED, REFUSED, left)] == [
        "built in 52 s: upper-1.whl",
        "failed after 41 s: compile failed with status 2",
        "refused: it needs MASM: leave out the target",
        "not built: it needs lower",
    ]


def test_where_there_is_no_room_for_all_the_important_ones_are_shown() -> None:
    states = [State.BUILT, State.RUNNING, State.WAITING, State.FAILED, State.WAITING, State.BUILT]
    every = [Line(state, str(number)) for number, state in enumerate(states)]
    assert folded(every, 6) == every
    assert [line.text for line in folded(every, 4)] == [
        "1",
        "2",
        "3",
        "and 3 more: 1 wait, 2 built",
    ]
    assert [line.text for line in folded(every, 1)] == [
        "and 6 more: 1 run, 1 failed, 2 wait, 2 built"
    ]


def drawn(running: dict[Key, Child], *, colours: bool = True) -> str:
    """Return what is written on a terminal of 41 columns and 3 lines."""
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w", encoding="utf-8") as stream:
        os.system(f"stty cols 41 rows 3 -onlcr < {os.ttyname(theirs)}")  # noqa: S605
        with shown([LOWER, UPPER], Console(stream, colours=colours)) as look:
            look(running, {})
            look(running, {})  # too early to be drawn
        text = os.read(ours, 10_000).decode()
    os.close(ours)
    return text


def test_on_a_terminal_the_lines_are_drawn_in_place_and_fit(running: dict[Key, Child]) -> None:
    assert drawn(running) == (
        "\r\033[Klower      x86_64-windows  compile 41 s:\n"
        "\033[K\033[2mupper-one  native          waits for low\033[0m\n"
        "\033[J\r\033[2A\033[J"
    )


def test_no_color_has_no_colours(running: dict[Key, Child]) -> None:
    assert "\033[2m" not in drawn(running, colours=False)


def logged(*moments: tuple[dict[Key, Child], Outcomes]) -> list[str]:
    """Return what is written where lines cannot move."""
    stream = io.StringIO()
    with shown([LOWER, UPPER], Console(stream)) as look:
        for running, outcomes in moments:
            look(running, outcomes)
    return stream.getvalue().splitlines()


def test_elsewhere_there_are_lines_when_something_happens(running: dict[Key, Child]) -> None:
    left = Outcome(State.LEFT, text="it needs lower")
    ended = {LOWER.key: FAILED, UPPER.key: left}
    assert logged((running, {}), (running, {}), ({}, ended), ({}, ended)) == [
        "lower x86_64-windows: begins",
        "lower x86_64-windows: failed after 41 s: compile failed with status 2",
        "upper-one native: not built: it needs lower",
    ]


def test_and_now_and_then_for_what_takes_long(
    running: dict[Key, Child], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("libwheel.several.display._LINE_EVERY", 0.0)
    assert logged((running, {}), (running, {})) == [
        "lower x86_64-windows: begins",
        "lower x86_64-windows: compile 41 s: [29/378] Building C object",
    ]
