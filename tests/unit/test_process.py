from __future__ import annotations

import io
import os
import pty
import shlex
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

import libwheel
from libwheel.console import Console
from libwheel.errors import BuildError
from libwheel.process import GRACE, TAIL, Command, CommandError, run

BACKEND = Path(libwheel.__file__).parents[1]
PATIENCE = 20.0  # seconds
PATH = {"PATH": os.defpath}


def shell(script: str, folder: Path) -> Command:
    return Command("compile", ("sh", "-c", script), folder, PATH)


def quiet() -> Console:
    return Console(io.StringIO())


def failure(command: Command, log: Path) -> CommandError:
    with pytest.raises(CommandError) as error:
        run(command, log, quiet())
    return error.value


def test_the_output_goes_to_the_log_in_its_order(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "log"
    run(shell("echo out; echo err >&2; echo out", tmp_path), log, quiet())
    assert log.read_text() == "out\nerr\nout\n"


def test_the_command_runs_in_its_folder_which_is_made(tmp_path: Path) -> None:
    run(shell("pwd", tmp_path / "a" / "b"), tmp_path / "log", quiet())
    assert (tmp_path / "log").read_text() == f"{tmp_path}/a/b\n"


def test_the_environment_is_what_is_given_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CFLAGS", "-g")
    command = Command("show", ("/usr/bin/env",), tmp_path, {"ONE": "1", "TWO": "a b"})
    run(command, tmp_path / "log", quiet())
    assert (tmp_path / "log").read_text() == "ONE=1\nTWO=a b\n"


def test_what_is_hidden_is_seen_by_the_program_and_shown_to_nobody(tmp_path: Path) -> None:
    command = replace(shell('test "$SECRET" = word', tmp_path), hidden={"SECRET": "word"})
    run(command, tmp_path / "log", quiet())
    error = failure(replace(command, argv=("false",)), tmp_path / "log")
    assert "SECRET" not in str(error)


def test_the_program_is_looked_for_on_the_given_path(tmp_path: Path) -> None:
    program = tmp_path / "bin" / "program"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho ours\n")
    program.chmod(0o755)
    run(
        Command("say", ("program",), tmp_path, {"PATH": str(program.parent)}),
        tmp_path / "log",
        quiet(),
    )
    assert (tmp_path / "log").read_text() == "ours\n"


def test_there_is_no_input_to_wait_for(tmp_path: Path) -> None:
    run(shell("cat; echo end", tmp_path), tmp_path / "log", quiet())
    assert (tmp_path / "log").read_text() == "end\n"


def test_a_failed_command_shows_how_to_repeat_it_its_last_lines_and_its_log(
    tmp_path: Path,
) -> None:
    log = tmp_path / "log"
    script = "seq 1 100; echo 'no such header' >&2; exit 3"
    error = failure(shell(script, tmp_path), log)
    assert (error.status, error.log) == (3, log)
    assert str(error).splitlines() == [
        "compile failed with status 3:",
        *(f"  | {n}" for n in range(102 - TAIL, 101)),
        "  | no such header",
        "  to repeat it (-C work-dir=FOLDER keeps the tree):",
        f"    cd {tmp_path} && env -i PATH={os.defpath} sh -c {shlex.quote(script)}",
        f"  log: {log}",
    ]


def test_what_a_failed_command_shows_does_the_same_when_pasted(tmp_path: Path) -> None:
    folder = tmp_path / "a folder; exit 9"
    script = 'echo "$1"; pwd; echo "$CPPFLAGS $ONE"; exit 3'
    command = Command("say", ("/bin/sh", "-c", script, "sh", "it's $HOME"), folder, {"ONE": "a b"})
    error = failure(command, tmp_path / "log")
    line = str(error).splitlines()[-2]
    pasted = subprocess.run(
        ("sh", "-c", line),
        env=PATH | {"CPPFLAGS": "-DSTRAY"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (pasted.returncode, pasted.stdout) == (3, f"it's $HOME\n{folder}\n a b\n")
    assert pasted.stdout == (tmp_path / "log").read_text()


def test_a_command_as_a_line_of_a_script(tmp_path: Path) -> None:
    command = Command("say", ("echo", "a b"), tmp_path / "c d", {"ONE": "1"})
    assert command.as_shell() == f"cd '{tmp_path}/c d' && echo 'a b'"


def test_a_command_that_a_signal_ends_says_so(tmp_path: Path) -> None:
    error = failure(shell("kill -SEGV $$", tmp_path), tmp_path / "log")
    assert str(error).startswith(f"compile was ended by signal {int(signal.SIGSEGV)}:")


def test_output_that_is_not_utf_8_is_shown_as_well_as_can_be(tmp_path: Path) -> None:
    error = failure(shell(r"printf '\377x\n'; exit 1", tmp_path), tmp_path / "log")
    assert "  | \ufffdx" in str(error)


def test_a_missing_program(tmp_path: Path) -> None:
    command = Command("compile", ("no-such-program",), tmp_path, PATH)
    with pytest.raises(BuildError) as error:
        run(command, tmp_path / "log", quiet())
    assert str(error.value) == ("compile: cannot run 'no-such-program': No such file or directory")


def test_a_program_that_cannot_be_run(tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text("text")
    with pytest.raises(BuildError, match=r"cannot run '.*/program': Permission denied"):
        run(Command("compile", (str(program),), tmp_path, PATH), tmp_path / "log", quiet())


# Each starts a grandchild that writes its pid to the file "pid" and then outlives everyone.
SLEEP = "echo $$ > pid.new; mv pid.new pid; exec sleep 1000"
FAMILIES = {
    "a child that waits": f"sh -c '{SLEEP}' & wait",
    "a child that has left": f"sh -c '{SLEEP}' & sleep 1000",
    "a group of its own, as ninja's jobs": f"set -m; sh -c '{SLEEP}' & wait",
}
DEAF = (
    """trap '' TERM; sh -c 'echo $$ > pid.new; mv pid.new pid; while :; do sleep 1; done' & wait"""
)


class Interrupting(io.StringIO):
    """A stream that raises KeyboardInterrupt in who writes to it, once the grandchild runs."""

    def __init__(self, pid: Path) -> None:
        super().__init__()
        self.pid = pid

    def isatty(self) -> bool:
        if self.pid.exists():
            raise KeyboardInterrupt
        return False


def is_alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def wait_for(path: Path) -> int:
    deadline = time.monotonic() + PATIENCE
    while not path.exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return int(path.read_text())


@pytest.mark.parametrize("script", FAMILIES.values(), ids=list(FAMILIES))
def test_an_exception_ends_the_command_and_all_that_it_started(
    script: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("libwheel.process.GRACE", PATIENCE)
    pid = tmp_path / "pid"
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run(shell(script, tmp_path), tmp_path / "log", Console(Interrupting(pid)))
    assert not is_alive(int(pid.read_text()))
    assert time.monotonic() - start < PATIENCE  # nobody had to be waited for


def test_who_does_not_listen_is_ended_all_the_same(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    with pytest.raises(KeyboardInterrupt):
        run(shell(DEAF, tmp_path), tmp_path / "log", Console(Interrupting(pid)))
    assert not is_alive(int(pid.read_text()))


def test_who_listens_has_the_time_to_clean_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("libwheel.process.GRACE", PATIENCE)
    child = 'trap "sleep 0.5; touch cleaned; exit" TERM; echo $$ > pid; while :; do sleep 0.1; done'
    with pytest.raises(KeyboardInterrupt):
        run(
            shell(f"sh -c '{child}' & sleep 1000", tmp_path),
            tmp_path / "log",
            Console(Interrupting(tmp_path / "pid")),
        )
    assert (tmp_path / "cleaned").exists()


RUN = """
import sys
from pathlib import Path
from libwheel import process
from libwheel.console import Console
folder = Path(sys.argv[1])
process.GRACE = float(sys.argv[3])
command = process.Command("compile", ("sh", "-c", sys.argv[2]), folder)
process.run(command, folder / "log", Console())
"""


def start_run(script: str, folder: Path, grace: float = PATIENCE) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        (sys.executable, "-c", RUN, folder, script, str(grace)),
        env={"PYTHONPATH": str(BACKEND)},
        stderr=subprocess.PIPE,
    )


@pytest.mark.parametrize("script", FAMILIES.values(), ids=list(FAMILIES))
def test_ctrl_c_ends_the_command_and_all_that_it_started(script: str, tmp_path: Path) -> None:
    with start_run(script, tmp_path) as process:
        grandchild = wait_for(tmp_path / "pid")
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
    assert errors.endswith(b"KeyboardInterrupt\n")
    assert not is_alive(grandchild)


def test_a_second_ctrl_c_ends_at_once_who_does_not_listen(tmp_path: Path) -> None:
    with start_run(DEAF, tmp_path) as process:
        grandchild = wait_for(tmp_path / "pid")
        process.send_signal(signal.SIGINT)
        time.sleep(0.5)
        assert is_alive(grandchild)
        start = time.monotonic()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
    assert time.monotonic() - start < PATIENCE - 1
    assert not is_alive(grandchild)


def test_one_ctrl_c_is_enough_for_who_does_not_listen(tmp_path: Path) -> None:
    with start_run(DEAF, tmp_path, GRACE) as process:
        grandchild = wait_for(tmp_path / "pid")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE)
    assert not is_alive(grandchild)


def test_a_frontend_s_patience_leaves_time_for_more_than_the_grace() -> None:
    assert GRACE <= 0.25 / 2  # what subprocess.run gives after Ctrl-C before it kills


def test_a_command_that_ends_by_itself_leaves_its_background_alone(tmp_path: Path) -> None:
    script = f"sh -c '{SLEEP}' & while ! [ -e pid ]; do :; done"
    run(shell(script, tmp_path), tmp_path / "log", quiet())
    pid = int((tmp_path / "pid").read_text())
    assert is_alive(pid)
    os.kill(pid, signal.SIGKILL)


def test_a_terminal_shows_the_last_line_of_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w", encoding="utf-8") as stream, os.fdopen(ours, "rb") as terminal:
        script = "echo '[3/7] Building x.c'; sleep 0.6"
        run(shell(script, tmp_path), tmp_path / "log", Console(stream))
        assert b"  compile (0 s): [3/7] Building x.c" in terminal.read1()
