"""The temporary folder of a repair, and what is said where its disk is full."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from libwheel.files import NO_SPACE, is_full, no_space, writing_to


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
    if NO_SPACE in said or is_full(folder):
        raise no_space(folder)
