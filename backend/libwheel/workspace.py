"""The folders of one build: a temporary place, or the one that `-C work-dir` names."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from libwheel.errors import BuildError
from libwheel.files import begin_deletion, locked, writing_to
from libwheel.plan import Workspace
from libwheel.settings import CACHE_HINT

KEPT_LOGS = 20  # failed builds

_MARKER = ".libwheel-work-dir"


@contextmanager
def temporary(stem: str, log_folder: Path) -> Iterator[Workspace]:
    """Yield a workspace that goes when the block ends.

    Its logs stay, below `log_folder`, where the block ends with an error. A frontend that is
    interrupted lets us live for a moment only: all deletions are under way before we wait.
    """
    with ExitStack() as at_last, _logs(stem, log_folder) as logs, _folder(at_last) as root:
        if str(root).split() != [str(root)]:
            raise BuildError(f"TMPDIR must have no white space: make and configure cannot: {root}")
        with writing_to(root, "TMPDIR, or -C work-dir, names another folder"):
            yield _ready(Workspace(root.resolve(), logs))


@contextmanager
def _folder(at_last: ExitStack) -> Iterator[Path]:
    """Yield a folder whose deletion begins when the block ends; `at_last` waits for it."""
    root = Path(tempfile.mkdtemp(prefix="libwheel-"))
    try:
        yield root
    finally:
        at_last.callback(begin_deletion(root))


@contextmanager
def kept(root: Path) -> Iterator[Workspace]:
    """Yield a workspace that stays; what an earlier build left in it goes.

    Raises BuildError where the folder is not a build's, or where another build uses it.
    """
    if root.is_dir() and any(root.iterdir()) and not (root / _MARKER).exists():
        raise BuildError(f"-C work-dir: {root} holds files that are not a build's; name another")

    def refuse() -> None:
        raise BuildError(f"-C work-dir: another build works in {root}")

    with writing_to(root), locked(root / _MARKER, on_wait=refuse):
        space = Workspace(root.resolve(), root / "logs")
        for folder in (*space.folders, space.logs):
            if folder.is_dir():
                shutil.rmtree(folder)
        yield _ready(space)


def _ready(space: Workspace) -> Workspace:
    space.temporary.mkdir()
    return space


@contextmanager
def _logs(stem: str, parent: Path) -> Iterator[Path]:
    """Yield a folder for logs; it stays if there is one in it when the block fails.

    Who presses Ctrl-C was shown no log to read.
    """
    with writing_to(parent, CACHE_HINT):
        parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f"{stem}-", dir=parent))
    stays = False
    try:
        with _held(folder):
            yield folder
    except Exception as error:
        stays = not _interrupted(error) and folder.is_dir() and any(folder.iterdir())
        raise
    finally:
        if not stays:
            shutil.rmtree(folder, ignore_errors=True)
        _forget_old(parent)


def _interrupted(error: BaseException | None) -> bool:
    """Say whether an error came up after Ctrl-C only, as where nobody reads our output any more."""
    while error and not isinstance(error, KeyboardInterrupt):
        error = error.__context__
    return error is not None


def _forget_old(parent: Path) -> None:
    """Delete the oldest folders of logs, but none of a build that runs."""
    for folder in sorted(parent.glob("*"), key=_time)[:-KEPT_LOGS]:
        with suppress(OSError), _held(folder):
            shutil.rmtree(folder)


def _time(folder: Path) -> int:
    """Return when the folder changed; 0 where another process has just deleted it."""
    try:
        return folder.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Hold a folder; BlockingIOError where another process does."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)
