"""The child process that does the imports: `import_probe`, run by the environment's own Python."""

from __future__ import annotations

import json
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import IO

from libwheel.errors import BuildError
from libwheel.signals import held


@dataclass(frozen=True)
class Answer:
    """What the probe tells of one import: why it failed, and which files it mapped."""

    module: str
    reason: str | None
    mapped: tuple[str, ...]


def ask(python: Path, modules: Sequence[str]) -> tuple[list[Answer], str]:
    """Run the probe; return an answer for each module up to its end, and how it ended."""
    probe = (files("libwheel.consumer.doctor") / "import_probe.py").read_text(encoding="utf-8")
    with tempfile.TemporaryFile() as answers, tempfile.TemporaryFile() as output:
        argv = (str(python), "-c", probe, str(answers.fileno()), *modules)
        with _started(argv, answers, output) as process:
            status = process.wait()
        found = [json.loads(line) for line in _lines(answers)]
        ending = f"{_ending(status)}{''.join(f': {line}' for line in _lines(output)[-1:])}"
    if not found:
        raise BuildError(f"{python} cannot import anything: it {ending}")
    return [Answer(a["module"], a["reason"], tuple(a["mapped"])) for a in found[1:]], ending


@contextmanager
def _started(
    argv: Sequence[str], answers: IO[bytes], output: IO[bytes]
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a process that Ctrl-C ends; what it prints goes to `output`."""
    process = None
    try:
        with held():
            process = _popen(argv, answers, output)
        yield process
    except BaseException:
        if process:
            process.kill()
            process.wait()
        raise


def _popen(argv: Sequence[str], answers: IO[bytes], output: IO[bytes]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=[answers.fileno()],
        )
    except OSError as error:
        raise BuildError(f"cannot run {argv[0]}: {error.strerror}") from None


def _lines(stream: IO[bytes]) -> list[str]:
    """Return the whole lines that were written and are not blank."""
    stream.seek(0)
    lines = stream.read().decode("utf-8", "backslashreplace").splitlines()
    return [line.strip() for line in lines if line.strip()]


def _ending(status: int) -> str:
    if status >= 0:
        return f"ended with exit status {status}"
    return f"was ended by {signal.Signals(-status).name} ({signal.strsignal(-status)})"
