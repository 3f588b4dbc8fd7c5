"""The command `doctor`: what is wrong with the shared libraries of an environment."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path

from libwheel.cli_command import Commands, command, say
from libwheel.console import Console
from libwheel.consumer.doctor import (
    environment,
    examination,
    html_report,
    json_report,
    loader,
    text_report,
)
from libwheel.errors import BuildError
from libwheel.files import replacing, writing_to

_ABOUT = """\
Look at the shared libraries of an environment: the library wheels and who uses them, libraries
of which there are several copies, and what is wrong, each with what to do. Nothing is changed,
and nothing is imported but what --import names. The exit status is 1 where something is wrong.
"""
_EXAMPLE = "libwheel doctor --import h5py --import versioned_hdf5 --html report.html"


def add(commands: Commands) -> None:
    """Add the command to the command line."""
    parser = command(
        commands, "doctor", _doctor, "say what is wrong with an environment's libraries", _EXAMPLE
    )
    parser.description = _ABOUT
    parser.add_argument(
        "--python",
        type=Path,
        default=Path(sys.executable),
        help="the environment's Python, or its folder; default: that of libwheel",
    )
    parser.add_argument(
        "--import",
        dest="modules",
        action="append",
        default=[],
        metavar="MODULE",
        help="import it in a process of its own, and show what that loads; may be given again",
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help="print the report for programs; the keys are those of libwheel.consumer.doctor.report",
    )
    parser.add_argument("--html", type=Path, metavar="FILE", help="write it as a page as well")


def _doctor(options: argparse.Namespace) -> int:
    page = _goal(options.html) if options.html else None
    place = environment.ask(environment.python_of(options.python))
    report = examination.examine(place, loader.of_this_machine(os.environ))
    if options.modules:
        report = examination.with_imports(report, options.modules)
    if page:
        _write(page, html_report.page(report))
    if options.json:
        say(json_report.text(report))
    else:
        console = Console(stream=sys.stdout)
        width = shutil.get_terminal_size().columns if console.is_terminal else None
        say(text_report.text(report, console, width))
    return 0 if report.is_sound else 1


def _goal(path: Path) -> Path:
    """Return where the page goes, where links lead there."""
    goal = Path(os.path.realpath(path))
    if any(part.is_symlink() for part in (goal, *goal.parents)):
        raise BuildError(f"--html {path} is a link that leads to itself: name a file")
    if goal.is_dir():
        raise BuildError(f"--html {path} is a folder: name a file")
    return goal


def _write(goal: Path, text: str) -> None:
    """Write a file whole or not at all; what is there and is no plain file is written into."""
    with writing_to(goal.parent):
        if goal.exists() and not goal.is_file():
            goal.write_text(text, encoding="utf-8")
            return
        with replacing(goal) as stream:
            stream.write(text.encode())
