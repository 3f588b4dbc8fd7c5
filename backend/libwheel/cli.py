"""The command line: check, plan, fetch, build, show, repair and doctor."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence

from libwheel import cli_doctor, cli_recipes, cli_repair, settings
from libwheel.guard import guarded
from libwheel.version import __version__


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    options, unknown = parser().parse_known_args(arguments)
    if unknown:
        words = " ".join(unknown)
        options.parser.error(f"unrecognized arguments: {words}{_hint(unknown, options)}")
    return guarded(lambda: _run(options))


def _run(options: argparse.Namespace) -> int:
    settings.stop_for_unknown(os.environ)
    return int(options.run(options))


def _hint(unknown: Sequence[str], options: argparse.Namespace) -> str:
    """Return how settings are given, where one is given like an option to what takes settings."""
    names = (word.removeprefix("--").partition("=")[0] for word in unknown if word[:2] == "--")
    given = [f"-C {name}=..." for name in names if "config" in options and name in settings.HELP]
    return f"; it is a setting: {' '.join(given)}" if given else ""


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    top = argparse.ArgumentParser(
        prog="libwheel",
        description="Build upstream C libraries into wheels that every Python package can share.",
        epilog="`libwheel COMMAND --help` has the settings and an example of each command.",
    )
    top.add_argument("--version", action="version", version=f"libwheel {__version__}")
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    for part in (cli_recipes, cli_repair, cli_doctor):
        part.add(commands)
    return top
