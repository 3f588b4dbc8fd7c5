"""The one place that prints an error and exits."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TypeVar

from libwheel.console import Console
from libwheel.errors import InternalError, LibwheelError, RefusedError, StoppedError
from libwheel.signals import unwinding

T = TypeVar("T")

INTERRUPTED = 130
REFUSED = 3  # what several builds at once tell from a failure

_OUR_FAULT = "This is a fault of libwheel itself; please report it"


def guarded(work: Callable[[], T]) -> T:
    """Return what `work` returns; print what it raises and exit.

    The exit status is 1 for an error, 3 where a recipe cannot be built for the target at all, and
    130 after Ctrl-C, SIGTERM or SIGHUP, any of which unwinds the stack first, so that commands are
    ended and temporary files go. What nobody foresaw keeps its traceback, below a line that says
    whose fault it is.
    """
    console = Console()
    try:
        with unwinding():
            return work()
    except InternalError as error:
        console.error(f"{error}\n{_OUR_FAULT}.")
    except RefusedError as error:
        console.error(str(error))
        sys.exit(REFUSED)
    except StoppedError as error:
        console.error(str(error))
        sys.exit(INTERRUPTED)
    except LibwheelError as error:
        console.error(str(error))
    except OSError as error:
        console.error(describe(error))
    except KeyboardInterrupt:
        console.error("interrupted")
        sys.exit(INTERRUPTED)
    except Exception as error:
        console.error(f"{type(error).__name__}: {error}\n{_OUR_FAULT}, with what follows.")
        raise
    sys.exit(1)


def describe(error: OSError) -> str:
    """Return what an operating system error means to the person who builds."""
    places = " -> ".join(str(name) for name in (error.filename, error.filename2) if name)
    return f"{places}: {error.strerror}" if places else str(error)
