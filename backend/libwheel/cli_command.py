"""What the commands of the command line have in common."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import TypeAlias

# What add_subparsers returns has no public name.
Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001


def command(
    commands: Commands,
    name: str,
    run: Callable[[argparse.Namespace], int],
    text: str,
    example: str,
) -> argparse.ArgumentParser:
    """Add a command; `run` returns the exit status, and `parser` tells of mistaken arguments."""
    parser = commands.add_parser(
        name,
        help=text,
        description=f"{text[0].upper()}{text[1:]}.",
        epilog=f"example:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run, parser=parser)
    return parser


def say(text: str) -> None:
    """Write to standard output what was asked for; the rest goes to the console."""
    sys.stdout.write(f"{text}\n")
