from __future__ import annotations

import io
import os
import pty
import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from libwheel.console import BOLD, Console, Progress, state_in

CLEAR = "\r\033[K"


@pytest.fixture(autouse=True)
def _colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")


def plainly(work: Callable[[Console], None]) -> str:
    """Return what `work` writes where there is no terminal."""
    stream = io.StringIO()
    work(Console(stream))
    return stream.getvalue()


def on_terminal(work: Callable[[Console], None]) -> str:
    """Return what `work` writes on a terminal 40 columns wide."""
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w", encoding="utf-8") as stream:
        os.system(f"stty cols 40 -onlcr < {os.ttyname(theirs)}")  # noqa: S605
        work(Console(stream))
    return b"".join(iter(lambda: read_from(ours), b"")).decode()


def read_from(terminal: int) -> bytes:
    """Return what is there to read, nothing once the other end is closed and all was read."""
    try:
        return os.read(terminal, 10_000)
    except OSError:
        os.close(terminal)
        return b""


def everything(console: Console) -> None:
    console.line("line")
    console.note("note")
    console.warn("warning")
    console.error("one\ntwo")
    with console.step("step"), console.progress("work", 100) as progress:
        progress.shown -= 60
        progress.advance(50)


LINES = "line\n  note\nwarning: warning\nerror: one\ntwo\n* step\n  work (0 s): 50 % of 0.0 MB\n"


def test_off_a_terminal_there_are_lines_alone() -> None:
    assert plainly(everything) == LINES


def test_a_dumb_terminal_gets_lines_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    assert on_terminal(everything) == LINES
    assert on_terminal(show_many) == ""


def test_on_a_terminal_there_are_colours_and_a_moving_line() -> None:
    written = on_terminal(everything)
    assert "\033[31;1merror:\033[0m one\ntwo\n" in written
    assert "\033[33mwarning:\033[0m warning\n" in written
    assert "\033[1m* step\033[0m\n" in written
    assert f"{CLEAR}  work (0 s): [##########          ] 50{CLEAR}" in written


def test_no_color_takes_the_colours_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    written = on_terminal(everything)
    assert "\033" not in written.replace(CLEAR, "")
    assert "error: one\n" in written


def test_what_the_environment_says_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def work(console: Console) -> None:
        monkeypatch.setenv("NO_COLOR", "1")
        console.line(console.paint("x", BOLD))

    assert on_terminal(work) == f"{CLEAR}\033[1mx\033[0m\n"


def test_an_empty_no_color_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "")
    assert on_terminal(lambda console: console.line(console.paint("x", BOLD))).endswith(
        "\033[1mx\033[0m\n"
    )


def test_a_line_takes_the_place_of_the_moving_one() -> None:
    def work(console: Console) -> None:
        console.draw("moving")
        console.line("still")

    assert on_terminal(work) == f"{CLEAR}moving{CLEAR}still\n"


def test_a_moving_line_is_no_wider_than_the_terminal() -> None:
    assert on_terminal(lambda console: console.draw("x" * 100)) == CLEAR + "x" * 39


def test_a_terminal_without_a_width_has_80_columns() -> None:
    def work(console: Console) -> None:
        os.system(f"stty cols 0 < {os.ttyname(console.stream.fileno())}")  # noqa: S605
        console.draw("x" * 100)

    assert on_terminal(work) == CLEAR + "x" * 79


def test_steps_are_timed() -> None:
    stream = io.StringIO()
    console = Console(stream)
    with console.step("short"):
        pass
    with console.step("long"):
        time.sleep(1)
    assert [timing.step for timing in console.timings] == ["short", "long"]
    assert console.timings[0].seconds < 1 <= console.timings[1].seconds < 3
    assert re.fullmatch(r"\* short\n\* long\n  long: 1\.\d s\n", stream.getvalue())


def test_an_error_goes_through_a_step_and_a_progress() -> None:
    console = Console(io.StringIO())
    with pytest.raises(KeyboardInterrupt), console.step("step"), console.progress("work"):
        raise KeyboardInterrupt
    assert [timing.step for timing in console.timings] == ["step"]


def show_many(console: Console) -> None:
    with console.progress("work") as progress:
        for number in range(10_000):
            progress.show(f"state {number}")


def test_progress_lines_are_rare_off_a_terminal() -> None:
    assert plainly(show_many) == ""


def test_a_moving_line_moves_a_few_times_a_second() -> None:
    start = time.monotonic()
    moves = on_terminal(show_many).count("state")
    assert moves <= (time.monotonic() - start) * 10


def test_the_time_of_a_long_work_is_shown_however_long_its_state_is() -> None:
    def work(console: Console) -> None:
        progress = Progress(console, "compile", None)
        progress.start, progress.shown = progress.start - 12, progress.shown - 60
        progress.show("[29/378] Building " + "x" * 100)

    assert on_terminal(work) == f"{CLEAR}  compile (12 s): [29/378] Building xxx"


def shown(advance: int, total: int | None) -> str:
    stream = io.StringIO()
    progress = Progress(Console(stream), "get", total)
    progress.shown -= 60
    progress.advance(advance)
    progress.advance(advance)  # too early to be shown
    return stream.getvalue()


def test_progress_of_a_known_total() -> None:
    assert shown(1_000_000, 4_000_000) == "  get (0 s): 25 % of 4.0 MB\n"


def test_progress_of_an_unknown_total() -> None:
    assert shown(1_500_000, None) == "  get (0 s): 1.5 MB\n"


def test_colours_and_control_characters_of_a_program_s_output_are_left_out() -> None:
    stream = io.StringIO()
    progress = Progress(Console(stream), "compile", None)
    progress.shown -= 60
    progress.show("\033[1;31merror:\033[0m é\tx\r")
    assert stream.getvalue() == "  compile (0 s): error: éx\n"


def test_the_standard_error_stream_is_the_default(capfd: pytest.CaptureFixture[str]) -> None:
    Console().line("text")
    assert capfd.readouterr() == ("", "text\n")


def test_a_redirected_file_gets_no_escape_codes(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with path.open("w") as stream:
        everything(Console(stream))
    assert "\033" not in path.read_text()


def test_steps_for_something_else_are_told_apart() -> None:
    stream = io.StringIO()
    console = Console(stream)
    other = replace(console, about="openmp")
    with other.step("compile"), console.step("compile"):
        pass
    assert [timing.step for timing in console.timings] == ["compile", "openmp: compile"]
    assert stream.getvalue() == "* openmp: compile\n* compile\n"


def test_the_state_of_a_long_work_can_be_read_from_its_line() -> None:
    stream = io.StringIO()
    with Console(stream).progress("compile") as progress:
        progress.shown -= 60
        progress.show("two (2 s): 3")
    assert state_in(stream.getvalue().removesuffix("\n")) == "two (2 s): 3"


@pytest.mark.parametrize("line", ["* compile", "  compile: 9.3 s", "warning: (0 s): x", ""])
def test_other_lines_have_no_such_state(line: str) -> None:
    assert state_in(line) is None
