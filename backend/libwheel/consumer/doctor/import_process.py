"""The child process that does the imports: `import_probe`, run by the environment's own Python."""

from __future__ import annotations

import json
import os
import signal
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import IO

from libwheel.console import plain
from libwheel.errors import BuildError
from libwheel.process import Command, started


@dataclass(frozen=True)
class Answer:
    """What the probe tells of one import: why it failed, and which files it mapped."""

    module: str
    reason: str | None
    mapped: tuple[str, ...]


def ask(python: Path, modules: Sequence[str]) -> tuple[list[Answer], str]:
    """Run the probe; return an answer for each module up to its end, and how it ended."""
    probe = (files("libwheel.consumer.doctor") / "import_probe.py").read_text(encoding="utf-8")
    with tempfile.NamedTemporaryFile() as answers, tempfile.TemporaryFile() as output:
        argv = (str(python), "-c", probe, answers.name, *modules)
        with started(Command("imports", argv, Path(), os.environ), output.fileno()) as process:
            status = process.wait()
        found = [json.loads(line) for line in _lines(answers)]
        ending = f"{_ending(status)}{''.join(f': {plain(line)}' for line in _lines(output)[-1:])}"
    if not found:
        raise BuildError(f"{python} cannot import anything: it {ending}")
    return [Answer(a["module"], a["reason"], tuple(a["mapped"])) for a in found[1:]], ending


def _lines(stream: IO[bytes]) -> list[str]:
    """Return the whole lines that were written and are not blank."""
    stream.seek(0)
    lines = stream.read().decode("utf-8", "backslashreplace").splitlines()
    return [line.strip() for line in lines if line.strip()]


def _ending(status: int) -> str:
    if status >= 0:
        return f"ended with exit status {status}"
    return f"was ended by {_signal_name(-status)} ({signal.strsignal(-status)})"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # most of the real-time ones have none
        return f"signal {number}"
