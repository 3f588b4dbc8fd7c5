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
from typing import IO

from libwheel.console import Console
from libwheel.errors import BuildError
from libwheel.files import NO_SPACE, explain_os_error, is_full, no_space, writing_to
from libwheel.signals import held

TAIL = 25  # lines of its output that a failed command shows
GRACE = 0.1  # seconds that a command has to end by itself: a frontend gives us 0.25 after Ctrl-C


@dataclass(frozen=True)
class Command:
    """A program with its arguments, the folder to run it in, and what it is for.

    `variables` is the whole environment that the program sees, but for what is `hidden`: no
    message shows that.
    """

    title: str
    argv: tuple[str, ...]
    folder: Path
    variables: Mapping[str, str] = field(default_factory=dict)
    hidden: Mapping[str, str] = field(default_factory=dict)

    def as_shell(self) -> str:
        """Return one line for a POSIX shell that does the same in the same environment."""
        return f"cd {shlex.quote(str(self.folder))} && {shlex.join(self.argv)}"

    def to_paste(self) -> str:
        """Return one line that does the same in any shell's environment."""
        variables = [f"{name}={value}" for name, value in self.variables.items()]
        argv = shlex.join(["env", "-i", *variables, *self.argv])
        return f"cd {shlex.quote(str(self.folder))} && {argv}"


class CommandError(BuildError):
    """A command failed: its last lines, how to repeat it, and where its whole log is."""

    def __init__(self, command: Command, status: int, log: Path) -> None:
        self.command, self.status, self.log = command, status, log
        tail = log.read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL:]
        how = f"was ended by signal {-status}" if status < 0 else f"failed with status {status}"
        lines = [
            f"{command.title} {how}:",
            *(f"  | {line}" for line in tail),
            *(f"  {reason}" for reason in _lack_of_space(command, log, tail)),
            "  to repeat it (-C work-dir=FOLDER keeps the tree):",
            f"    {command.to_paste()}",
            f"  log: {log}",
        ]
        super().__init__("\n".join(lines))


def _lack_of_space(command: Command, log: Path, tail: Iterable[str]) -> Iterator[str]:
    """Say which disk is full, if one is: what a command says of it is often nothing."""
    folders = [f for f in (command.folder, log.parent) if is_full(f)]
    if not folders and any(NO_SPACE in line for line in tail):
        folders = [command.folder]  # the command has deleted what it could not finish
    for folder in folders:
        yield explain_os_error(no_space(folder), folder)


def run(command: Command, log: Path, console: Console) -> None:
    """Run a command, its output going to `log`.

    Raises CommandError where it fails, BuildError where the program cannot be run. Whatever
    ends this call early ends the command and all that it has started.
    """
    command.folder.mkdir(parents=True, exist_ok=True)
    with (
        _opened(log) as output,
        console.progress(command.title) as progress,
        started(command, output.fileno()) as process,
    ):
        while process.poll() is None:
            _wait(process, 0.2)
            progress.show(_last_line(log))
    if process.returncode:
        raise CommandError(command, process.returncode, log)


def _opened(log: Path) -> IO[bytes]:
    with writing_to(log.parent):
        log.parent.mkdir(parents=True, exist_ok=True)
        return log.open("wb")


@contextmanager
def started(command: Command, output: int) -> Iterator[subprocess.Popen[bytes]]:
    """Start a command, its output going to a file descriptor; an exception ends its family."""
    process = None
    try:
        with held():  # else Ctrl-C could come when it runs and we do not have it yet
            process = popen(command, output)
        yield process
    except BaseException:
        if process:
            end(process, GRACE)
        raise


def popen(command: Command, output: int) -> subprocess.Popen[bytes]:
    """Start a command, in a session of its own; whoever calls this sees to its end."""
    try:
        return subprocess.Popen(
            command.argv,
            cwd=command.folder,
            env={**command.hidden, **command.variables},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # so that its whole family can be ended
        )
    except OSError as error:
        raise BuildError(
            f"{command.title}: cannot run {command.argv[0]!r}: {error.strerror}"
        ) from None


def end(process: subprocess.Popen[bytes], grace: float) -> None:
    """Ask the command and all of its session to end; end who does not within `grace` seconds.

    Whatever they were writing is the workspace's, which goes or is emptied by the next build.
    """
    try:
        _signal(_family(process.pid), signal.SIGTERM)
        deadline = time.monotonic() + grace
        while _family(process.pid) and time.monotonic() < deadline:
            time.sleep(0.01)
    finally:  # also where a second Ctrl-C cuts the wait short
        while family := _family(process.pid):
            _signal(family, signal.SIGKILL)
            time.sleep(0.01)
        process.wait()


def _family(session: int) -> list[int]:
    """Return the living processes of a session.

    Its process group is less than that: ninja gives each of its jobs a group of its own.
    """
    with os.scandir("/proc") as entries:
        pids = [int(entry.name) for entry in entries if entry.name.isdigit()]
    return [pid for pid in pids if _is_of(pid, session)]


def _is_of(pid: int, session: int) -> bool:
    """Say whether a process is a living one of the session.

    There may be thousands of others: they cost one system call each.
    """
    try:
        if os.getsid(pid) != session:
            return False
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:  # it has just ended
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def _signal(family: Iterable[int], number: signal.Signals) -> None:
    for pid in family:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def _wait(process: subprocess.Popen[bytes], seconds: float) -> None:
    """Wait for the end of a process; unlike Popen.wait, not a moment longer after Ctrl-C."""
    deadline, pause = time.monotonic() + seconds, 0.001
    while process.poll() is None and time.monotonic() < deadline:
        time.sleep(pause)
        pause = min(2 * pause, 0.05)


def _last_line(log: Path) -> str:
    with log.open("rb") as stream:
        stream.seek(max(0, log.stat().st_size - 400))
        lines = stream.read().decode("utf-8", "replace").splitlines()
    return lines[-1].strip() if lines else "started"
