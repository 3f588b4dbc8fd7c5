from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from libwheel.console import Console
from libwheel.process import Command, CommandError
from libwheel.several.child import Child, end, essence
from libwheel.several.order import Build, State

OUTPUT = """\
[1/2] Building C object a.c.o
a.c:5:12: error: 'forty_two' undeclared
ninja: build stopped: subcommand failed.
"""


def failed(folder: Path) -> list[str]:
    """Return what a build writes of a command that failed."""
    log, stream = folder / "compile.log", io.StringIO()
    log.write_text(OUTPUT)
    console = Console(stream)
    console.heading("compile")
    console.error(str(CommandError(Command("compile", ("ninja",), folder), 2, log)))
    return stream.getvalue().splitlines()


def test_of_a_failed_command_the_errors_are_shown_and_where_the_rest_is(tmp_path: Path) -> None:
    assert "  | [1/2] Building C object a.c.o" in failed(tmp_path)
    assert essence(failed(tmp_path), 1).splitlines() == [
        "compile failed with status 2:",
        "  | a.c:5:12: error: 'forty_two' undeclared",
        f"  log: {tmp_path}/compile.log",
    ]


def test_of_one_that_names_no_error_the_last_lines_are() -> None:
    lines = ["error: test failed with status 1:", *(f"  | line {n}" for n in range(9))]
    assert essence(lines, 1).splitlines() == [lines[0][7:], *lines[-5:]]


def test_every_line_of_another_error_is_shown() -> None:
    text = "recipe.toml: abi: is missing\nrecipe.toml: abbi: is not a known key"
    assert essence(["* fetch", *f"error: {text}".splitlines()], 1) == text


def test_it_is_the_last_error_that_counts() -> None:
    assert essence(["error: first", "error: second"], 1) == "second"


def test_who_ends_without_a_word_is_told_by_the_status() -> None:
    assert essence([], 7) == "ended with status 7, and said nothing"
    assert essence(["Segmentation fault"], 7) == "Segmentation fault"
    assert essence(["* compile"], -9) == "was ended by signal 9; is there enough memory?"


def started(folder: Path, code: str) -> Child:
    """Return a build whose process runs `code`, once it has said that it is at a step."""
    ours, theirs = os.pipe()
    os.set_blocking(ours, False)
    argv = (sys.executable, "-c", f"import signal, sys\nprint('* compile', flush=True)\n{code}")
    process = subprocess.Popen(argv, stdout=theirs, start_new_session=True)
    os.close(theirs)
    child = Child(Build("one", folder, "native"), process, ours, folder / "log")
    while not child.step:
        time.sleep(0.01)
        child.read()
    return child


IGNORE = "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('* wait', flush=True)\n"


def on_ending(code: str) -> str:
    """Return what ends with the status that `code` gives when it is asked to end."""
    handler = f"signal.signal(signal.SIGTERM, lambda *_: {code})"
    return f"{handler}\nprint('* wait', flush=True)\nsignal.pause()\nsignal.pause()"


def test_builds_that_are_asked_to_end_tell_at_which_step_it_was(tmp_path: Path) -> None:
    codes = {"gone": "signal.pause()", "unwound": on_ending("sys.exit(130)")}
    children = {(tmp_path, name): started(tmp_path, code) for name, code in codes.items()}
    wait_for(children[tmp_path, "unwound"])
    found = end(children)
    assert {key[1]: (one.state, one.brief) for key, one in found.items()} == {
        "gone": (State.INTERRUPTED, "at compile"),
        "unwound": (State.INTERRUPTED, "at wait"),
    }


def test_one_that_was_built_at_that_moment_is_built(tmp_path: Path) -> None:
    one = started(tmp_path, on_ending("(print('/dist/one.whl'), sys.exit(0))"))
    wait_for(one)
    (found,) = end({(tmp_path, "one"): one}).values()
    assert (found.state, found.brief) == (State.BUILT, "one.whl")


def test_what_does_not_end_is_killed_and_two_of_it_take_no_longer_than_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("libwheel.several.child._GRACE", 1.0)
    code = f"{IGNORE}while True: signal.pause()"
    children = {(tmp_path, name): started(tmp_path, code) for name in ("one", "two", "three")}
    for one in children.values():
        wait_for(one)
    start = time.monotonic()
    found = end(children)
    assert 1.0 <= time.monotonic() - start < 2.9
    assert [one.state for one in found.values()] == [State.INTERRUPTED] * 3


def test_what_says_more_than_a_pipe_holds_ends_all_the_same(tmp_path: Path) -> None:
    one = started(tmp_path, on_ending("(print('x' * 300_000), sys.exit(130))"))
    wait_for(one)
    start = time.monotonic()
    (found,) = end({(tmp_path, "one"): one}).values()
    assert time.monotonic() - start < 4
    assert found.brief == "at wait"


def wait_for(one: Child) -> None:
    """Wait until the build is at its second step."""
    while one.step != "wait":
        time.sleep(0.01)
        one.read()
