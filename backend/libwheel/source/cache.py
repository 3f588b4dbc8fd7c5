"""The cache of archives, each under its own hash: a file that is there is the right one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from libwheel import files
from libwheel.console import Console
from libwheel.settings import CACHE_HINT


def entry(cache: Path, sha256: str) -> Path:
    """Return where the archive of that hash is, or would be."""
    return cache / "archives" / sha256[:2] / sha256


def holds(cache: Path, sha256: str) -> bool:
    """Tell whether the archive of that hash is in the cache, and whole."""
    return _is_good(entry(cache, sha256), sha256)


def obtain(
    cache: Path, sha256: str, name: str, fill: Callable[[Path], None], console: Console
) -> Path:
    """Return the verified archive.

    Where it is not in the cache, `fill` writes the verified bytes to the path that it is
    given, which may hold what an interrupted call left. One process does so at a time. Raises
    BuildError where the cache cannot be written to.
    """
    goal = entry(cache, sha256)
    lock = goal.with_suffix(".lock")
    waiting = f"waiting for another build that fetches {name}"
    with files.writing_to(goal.parent, CACHE_HINT):
        if _is_good(goal, sha256):
            return goal
        with files.locked(lock, on_wait=lambda: console.note(waiting)):
            if _is_good(goal, sha256):
                return goal
            if goal.exists():
                console.warn(f"{goal} is corrupted; it is deleted, and {name} fetched again")
                goal.unlink()
            part = goal.with_suffix(".part")
            fill(part)
            part.chmod(0o644)
            part.replace(goal)
            return goal


def _is_good(path: Path, sha256: str) -> bool:
    return path.is_file() and files.sha256_of(path) == sha256
