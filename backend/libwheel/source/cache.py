"""The cache of archives, each under its own hash: a file that is there is the right one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from libwheel import files
from libwheel.console import Console
from libwheel.settings import CACHE_HINT
from libwheel.source.download import discard


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
    if _is_good(goal, sha256):
        return goal
    with alone(cache, sha256, name, console), lent(cache, sha256, name, fill, console) as found:
        if found != goal:
            found.chmod(0o644)
            found.replace(goal)
        return goal


@contextmanager
def alone(cache: Path, sha256: str, name: str, console: Console) -> Iterator[None]:
    """Keep other processes from the archive of that hash, and wait until none works on it."""
    goal = entry(cache, sha256)
    waiting = f"waiting for another build that fetches {name}"
    lock = goal.with_suffix(".lock")
    with (
        files.writing_to(goal.parent, CACHE_HINT),
        files.locked(lock, on_wait=lambda: console.note(waiting)),
    ):
        yield


@contextmanager
def lent(
    cache: Path, sha256: str, name: str, fill: Callable[[Path], None], console: Console
) -> Iterator[Path]:
    """Yield the verified archive, to be called in `alone`: the cache's, else one by `fill`.

    The latter is deleted when the block ends without an error. After an error it stays, so that
    nothing has to be fetched again.
    """
    goal = entry(cache, sha256)
    if _is_good(goal, sha256):
        yield goal
        return
    if goal.exists():
        console.warn(f"{goal} is corrupted; it is deleted, and {name} fetched again")
        goal.unlink()
    part = goal.with_suffix(".part")
    if not _is_good(part, sha256):
        fill(part)
    yield part
    discard(part)


def _is_good(path: Path, sha256: str) -> bool:
    return path.is_file() and files.sha256_of(path) == sha256
