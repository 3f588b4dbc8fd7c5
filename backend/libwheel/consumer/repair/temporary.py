"""The temporary folder of a repair, and what is said where its disk is full."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from libwheel.files import free, writing_to

_NO_SPACE = os.strerror(errno.ENOSPC)
_FULL = 1 << 20  # with less than these bytes free


@contextmanager
def temporary() -> Iterator[Path]:
    """Yield a folder that goes when the block ends; BuildError where it cannot be written to."""
    parent = Path(tempfile.gettempdir())
    with (
        tempfile.TemporaryDirectory(prefix="libwheel-", dir=parent) as folder,
        writing_to(parent, "TMPDIR names another folder"),
    ):
        yield Path(folder)


def refuse_full(folder: Path, said: str) -> None:
    """Raise OSError where a program, which `said` that, has failed because the disk is full.

    What it could not finish it may have deleted, and what it said may be lost.
    """
    if _NO_SPACE in said or free(folder) < _FULL:
        raise OSError(errno.ENOSPC, _NO_SPACE, str(folder))
