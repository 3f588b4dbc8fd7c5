from __future__ import annotations

import io
from pathlib import Path

from libwheel.console import Console
from libwheel.process import Command, CommandError
from libwheel.several.child import essence

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
