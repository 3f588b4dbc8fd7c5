"""The one place that prints an error and exits."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import NoReturn, TypeVar

from libwheel.console import Console
from libwheel.errors import InternalError, LibwheelError

T = TypeVar("T")

INTERRUPTED = 130


def guarded(work: Callable[[], T]) -> T:
    """Return what `work` returns; print what it raises and exit.

    The exit status is 1 for an error and 130 after Ctrl-C or SIGTERM, either of which unwinds
    the stack first, so that commands are ended and temporary files go.
    """
    console = Console()
    previous = signal.signal(signal.SIGTERM, _interrupt)
    try:
        return work()
    except InternalError as error:
        console.error(f"{error}\nThis is a fault of libwheel itself; please report it.")
    except LibwheelError as error:
        console.error(str(error))
    except OSError as error:
        console.error(describe(error))
    except KeyboardInterrupt:
        console.error("interrupted")
        sys.exit(INTERRUPTED)
    finally:
        signal.signal(signal.SIGTERM, previous)
    sys.exit(1)


def describe(error: OSError) -> str:
    """Return what an operating system error means to the person who builds."""
    places = " -> ".join(str(name) for name in (error.filename, error.filename2) if name)
    return f"{places}: {error.strerror}" if places else str(error)


def _interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
