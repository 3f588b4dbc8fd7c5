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


@pytest.mark.parametrize(
    ("width", "end"),
    [(200, "-none-any.whl"), (80, "-none-an"), (70, "12.0 s"), (53, "10.0 s"), (35, "built")],
)
def test_it_is_no_wider_than_the_terminal(width: int, end: str) -> None:
    whole = summary.table(ALL, OUTCOMES).splitlines()
    lines = summary.table(ALL, OUTCOMES, width).splitlines()
    assert lines[1].endswith(end)
    assert [one.startswith(line) for one, line in zip(whole, lines, strict=True)] == [True] * 5
    assert max(map(len, lines)) <= width


def test_warnings_are_told_and_what_went_wrong_with_its_log() -> None:
    assert list(summary.warnings(ALL, OUTCOMES)) == ["zlib native: no proof"]
    assert list(summary.failures(ALL, OUTCOMES)) == [
        "hdf5 x86_64-windows failed: compile failed:\n  | error\n  log of the build: /logs/a.log",
        "openmp x86_64-windows refused: it needs MASM\nuse another",
    ]


def test_the_whole_fails_where_a_wheel_is_not_there() -> None:
    assert summary.missing(OUTCOMES) == (
        "3 of 4 wheels are not there: 1 failed, 1 refused, 1 not built"
    )
    assert summary.missing({ONE.key: OUTCOMES[ONE.key]}) == ""
