"""The signals that ask a process to end: all of them do what Ctrl-C does."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def unwinding() -> Iterator[None]:
    """Raise KeyboardInterrupt in the block for every ending; what nohup ignores stays ignored."""
    with _handled_by(_interrupt):
        yield


@contextmanager
def once() -> Iterator[None]:
    """Raise KeyboardInterrupt in the block for the first ending; those behind it are let go.

    Some send one twice, as `timeout` does: what the first one begins is done in peace.
    """
    came: list[int] = []

    def interrupt(number: int, frame: FrameType | None) -> None:
        came.append(number)
        if len(came) == 1:
            _interrupt(number, frame)

    with _handled_by(interrupt):
        yield


@contextmanager
def held() -> Iterator[None]:
    """Let endings that come in the block take effect at its end."""
    came: list[int] = []
    try:
        with _handled_by(lambda number, _frame: came.append(number)):
            yield
    finally:
        for number in came:
            os.kill(os.getpid(), number)


@contextmanager
def _handled_by(handler: Callable[[int, FrameType | None], object]) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # Python lets the main thread alone set handlers, and runs them there
        return
    previous = {number: signal.getsignal(number) for number in ENDINGS}
    heeded = [number for number in ENDINGS if previous[number] is not signal.SIG_IGN]
    for number in heeded:
        signal.signal(number, handler)
    try:
        yield
    finally:
        for number in heeded:
            signal.signal(number, previous[number])


def _interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
