from __future__ import annotations

from pathlib import Path

import pytest

from libwheel.several import summary
from libwheel.several.child import Outcome
from libwheel.several.order import Build, Key, State

ONE = Build("zlib", Path("zlib"), "native")
TWO = Build("hdf5", Path("hdf5"), "x86_64-windows")
THREE = Build("openmp", Path("openmp"), "x86_64-windows")
FOUR = Build("openblas", Path("openblas"), "x86_64-windows", frozenset({THREE.key}))
ALL = (ONE, TWO, THREE, FOUR)
LOG = Path("/logs/a.log")
WHEEL = Path("/d/zlib-1.3.1-0-py3-none-any.whl")
OUTCOMES: dict[Key, Outcome] = {
    ONE.key: Outcome(State.BUILT, 9.96, 12.0, WHEEL, warnings=("no proof",)),
    TWO.key: Outcome(State.FAILED, 100.0, 180.25, None, "compile failed:\n  | error", log=LOG),
    THREE.key: Outcome(State.REFUSED, text="it needs MASM\nuse another"),
    FOUR.key: Outcome(State.LEFT, text="it needs openmp"),
}


def test_the_table_has_a_row_for_each_build() -> None:
    assert summary.table(ALL, OUTCOMES) == (
        "recipe    target          result        time  CPU time  wheel, or why there is none\n"
        "zlib      native          built       10.0 s    12.0 s  zlib-1.3.1-0-py3-none-any.whl\n"
        "hdf5      x86_64-windows  failed     100.0 s   180.2 s  compile failed\n"
        "openmp    x86_64-windows  refused                       it needs MASM\n"
        "openblas  x86_64-windows  not built                     it needs openmp"
    )


def test_where_there_is_no_room_for_all_the_cpu_time_is_left_out() -> None:
    whole = summary.table(ALL, OUTCOMES)
    room = max(map(len, whole.splitlines()))
    assert summary.table(ALL, OUTCOMES, room) == whole
    narrower = summary.table(ALL, OUTCOMES, room - 1)
    assert narrower.splitlines()[:2] == [
        "recipe    target          result        time  wheel, or why there is none",
        "zlib      native          built       10.0 s  zlib-1.3.1-0-py3-none-any.whl",
    ]
    assert max(map(len, narrower.splitlines())) == room - 10


@pytest.mark.parametrize(
    ("width", "first"),
    [
        (74, "recipe    target          result        time  CPU time"),
        (53, "recipe    target          result        time"),
        (43, "recipe    target          result"),
        (30, "recipe    target          result"),
    ],
)
def test_then_what_matters_most_is_below_its_row_and_whole(width: int, first: str) -> None:
    lines = summary.table(ALL, OUTCOMES, width).splitlines()
    assert lines[:2] == [first, "  wheel, or why there is none"]
    assert lines[3] == f"  {WHEEL.name}"
    assert lines[-1] == "  it needs openmp"
    assert max(map(len, lines)) <= max(width, 35)


def test_a_long_reason_goes_on_in_the_next_line_and_no_name_is_cut() -> None:
    long = Outcome(State.REFUSED, text=f"{'there is a reason ' * 3}why {WHEEL.name} is not there")
    lines = summary.table([ONE], {ONE.key: long}, 36).splitlines()
    assert lines[3:] == [
        "  there is a reason there is a",
        "  reason there is a reason why",
        f"  {WHEEL.name} is",
        "  not there",
    ]


def test_warnings_are_told_and_what_went_wrong_with_its_log() -> None:
    assert list(summary.warnings(ALL, OUTCOMES)) == ["zlib native: no proof"]
    assert list(summary.failures(ALL, OUTCOMES)) == [
        "hdf5 x86_64-windows failed: compile failed:\n  | error\n  log of the build: /logs/a.log",
        "openmp x86_64-windows refused: it needs MASM\nuse another",
    ]


def test_what_was_interrupted_is_told_with_the_step_it_was_at() -> None:
    outcomes = {
        ONE.key: OUTCOMES[ONE.key],
        TWO.key: Outcome(State.INTERRUPTED, 10.0, 2.0, text="at compile"),
        THREE.key: Outcome(State.INTERRUPTED, text="before it began"),
    }
    assert summary.table(ALL[:3], outcomes).splitlines()[2:] == [
        "hdf5    x86_64-windows  interrupted  10.0 s     2.0 s  at compile",
        "openmp  x86_64-windows  interrupted                    before it began",
    ]
    assert list(summary.failures(ALL[:3], outcomes)) == []
    assert summary.missing(outcomes) == "2 of 3 wheels are not there: 2 interrupted"


def test_the_whole_fails_where_a_wheel_is_not_there() -> None:
    assert summary.missing(OUTCOMES) == (
        "3 of 4 wheels are not there: 1 failed, 1 refused, 1 not built"
    )
    assert summary.missing({ONE.key: OUTCOMES[ONE.key]}) == ""
