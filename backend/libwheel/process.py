"""Commands as data, and running them."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from libwheel.console import Console
from libwheel.errors import BuildError

TAIL = 25  # lines of its output that a failed command shows
GRACE = 5.0  # seconds that a command has to end by itself


@dataclass(frozen=True)
class Command:
    """A program with its arguments, the folder to run it in, and what it is for.

    `variables` is the whole environment that the program sees.
    """

    title: str
    argv: tuple[str, ...]
    folder: Path
    variables: Mapping[str, str] = field(default_factory=dict)

    def as_shell(self) -> str:
        """Return one line for a POSIX shell that does the same in the same environment."""
        return f"cd {shlex.quote(str(self.folder))} && {shlex.join(self.argv)}"

    def to_paste(self) -> str:
        """Return one line that does the same in any shell's environment."""
        variables = [f"{name}={value}" for name, value in self.variables.items()]
        argv = shlex.join(["env", "-i", *variables, *self.argv])
        return f"cd {shlex.quote(str(self.folder))} && {argv}"


class CommandError(BuildError):
    """A command failed: how to repeat it, its last lines, and where its whole log is."""

    def __init__(self, command: Command, status: int, log: Path) -> None:
        self.command, self.status, self.log = command, status, log
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
        tail = "\n".join(f"  | {line}" for line in lines[-TAIL:])
        how = f"was ended by signal {-status}" if status < 0 else f"failed with status {status}"
        super().__init__(f"{command.title} {how}:\n  {command.to_paste()}\n{tail}\n  log: {log}")


def run(command: Command, log: Path, console: Console) -> None:
    """Run a command, its output going to `log`.

    Raises CommandError where it fails, BuildError where the program cannot be run. Whatever
    ends this call early ends the command and all that it has started.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    command.folder.mkdir(parents=True, exist_ok=True)
    with (
        log.open("wb") as output,
        console.progress(command.title) as progress,
        _started(command, output.fileno()) as process,
    ):
        while process.poll() is None:
            _wait(process, 0.2)
            progress.show(_last_line(log))
    if process.returncode:
        raise CommandError(command, process.returncode, log)


@contextmanager
def _started(command: Command, output: int) -> Iterator[subprocess.Popen[bytes]]:
    try:
        process = subprocess.Popen(
            command.argv,
            cwd=command.folder,
            env=dict(command.variables),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # so that its whole family can be ended
        )
    except OSError as error:
        raise BuildError(
            f"{command.title}: cannot run {command.argv[0]!r}: {error.strerror}"
        ) from None
    try:
        yield process
    except BaseException:
        _end(process)
        raise


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask the command and all that it has started to end; end who does not."""
    try:
        _signal(_family(process.pid), signal.SIGTERM)
        deadline = time.monotonic() + GRACE
        while _family(process.pid) and time.monotonic() < deadline:
            time.sleep(0.05)
    finally:  # also where a second Ctrl-C cuts the wait short
        while family := _family(process.pid):
            _signal(family, signal.SIGKILL)
            time.sleep(0.01)
        process.wait()


def _family(session: int) -> list[int]:
    """Return the living processes of a session.

    Its process group is less than that: ninja gives each of its jobs a group of its own.
    """
    family = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has just ended
            state, _parent, _group, its_session = (
                stat.read_text(errors="replace").rpartition(")")[2].split()[:4]
            )
            if int(its_session) == session and state not in "ZX":
                family.append(int(stat.parent.name))
    return family


def _signal(family: Iterable[int], number: signal.Signals) -> None:
    for pid in family:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def _wait(process: subprocess.Popen[bytes], seconds: float) -> None:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return


def _last_line(log: Path) -> str:
    with log.open("rb") as stream:
        stream.seek(max(0, log.stat().st_size - 400))
        lines = stream.read().decode("utf-8", "replace").splitlines()
    return lines[-1].strip() if lines else "started"
