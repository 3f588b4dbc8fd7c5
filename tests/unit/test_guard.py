from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import libwheel
from libwheel.errors import BuildError, InternalError, LibwheelError, RefusedError, StoppedError
from libwheel.guard import INTERRUPTED, REFUSED, guarded

BACKEND = Path(libwheel.__file__).parents[1]


def status_of(error: BaseException) -> object:
    def work() -> None:
        raise error

    with pytest.raises(SystemExit) as caught:
        guarded(work)
    return caught.value.code


def test_what_the_work_returns_is_returned() -> None:
    assert guarded(lambda: 7) == 7


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (BuildError("no compiler"), "no compiler\n"),
        (
            InternalError("patchelf failed"),
            "patchelf failed\nThis is a fault of libwheel itself; please report it.\n",
        ),
        (FileNotFoundError(2, "No such file", "/a"), "/a: No such file\n"),
        (OSError(18, "Cross-device link", "/a", None, "/b"), "/a -> /b: Cross-device link\n"),
    ],
)
def test_an_error_is_shown_without_a_traceback(
    error: LibwheelError | OSError, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status_of(error) == 1
    assert capsys.readouterr().err == f"error: {text}"


def test_what_nobody_foresaw_keeps_its_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ZeroDivisionError):
        guarded(lambda: 1 // 0)
    assert capsys.readouterr().err == (
        "error: ZeroDivisionError: integer division or modulo by zero\n"
        "This is a fault of libwheel itself; please report it, with what follows.\n"
    )


def test_a_refusal_has_a_status_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert status_of(RefusedError("there is no MASM")) == REFUSED
    assert capsys.readouterr().err == "error: there is no MASM\n"


def test_who_is_stopped_may_have_more_to_say(capsys: pytest.CaptureFixture[str]) -> None:
    assert status_of(StoppedError("interrupted: 1 of 2 wheels is not there")) == INTERRUPTED
    assert capsys.readouterr().err == "error: interrupted: 1 of 2 wheels is not there\n"


def test_ctrl_c(capsys: pytest.CaptureFixture[str]) -> None:
    assert status_of(KeyboardInterrupt()) == INTERRUPTED
    assert capsys.readouterr().err == "error: interrupted\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_that_asks_to_end_unwinds_the_stack(number: signal.Signals) -> None:
    unwound = []

    def work() -> None:
        try:
            os.kill(os.getpid(), number)
            signal.pause()
        finally:
            unwound.append(number)

    before = signal.getsignal(number)
    with pytest.raises(SystemExit) as caught:
        guarded(work)
    assert (caught.value.code, unwound) == (INTERRUPTED, [number])
    assert signal.getsignal(number) is before


def test_what_nohup_has_set_stays() -> None:
    code = (
        "import os, signal\nfrom libwheel.guard import guarded\n"
        "guarded(lambda: (os.kill(os.getpid(), signal.SIGHUP), print('still here')))"
    )
    done = subprocess.run(
        ("sh", "-c", 'trap "" HUP; exec "$0" -c "$1"', sys.executable, code),
        env={"PYTHONPATH": str(BACKEND), "PATH": os.defpath},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "still here\n", "")
