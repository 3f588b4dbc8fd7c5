"""The folders of one build: a temporary place, or the one that `-C work-dir` names."""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from libwheel.errors import BuildError
from libwheel.files import begin_deletion, locked, writing_to
from libwheel.settings import CACHE_HINT

KEPT_LOGS = 20  # failed builds

_MARKER = ".libwheel-work-dir"
_PREFIX = "libwheel-"


@dataclass(frozen=True)
class Workspace:
    """The folders of one build: everything below `root` may go when the wheel is made."""

    root: Path
    logs: Path

    @property
    def source(self) -> Path:
        """The unpacked and patched upstream source."""
        return self.root / "source"

    @property
    def build(self) -> Path:
        return self.root / "build"

    @property
    def destination(self) -> Path:
        """DESTDIR of the installation; each configuration's is a folder in it."""
        return self.root / "destination"

    @property
    def stage(self) -> Path:
        return self.root / "stage"

    @property
    def tree(self) -> Path:
        """What is kept of the installation: see `InstalledTree`."""
        return self.root / "tree"

    @property
    def requires(self) -> Path:
        """A conventional prefix with the library wheels that this one is built against."""
        return self.root / "requires"

    @property
    def wheels(self) -> Path:
        """Those of them that had to be built first."""
        return self.root / "wheels"

    @property
    def temporary(self) -> Path:
        """TMPDIR of every command: what a killed compiler leaves goes as well."""
        return self.root / "tmp"

    @property
    def toolchain(self) -> Path:
        """The files that the toolchain brings, as scripts that stand for its programs."""
        return self.root / "toolchain"

    @property
    def folders(self) -> tuple[Path, ...]:
        """Every folder that a build makes below `root`."""
        made = (self.source, self.build, self.destination, self.stage, self.tree)
        return (*made, self.requires, self.wheels, self.temporary, self.toolchain)

    @property
    def version_script(self) -> Path:
        return self.root / "version-script.map"


@contextmanager
def temporary(stem: str, log_folder: Path, place: str = "") -> Iterator[Workspace]:
    """Yield a workspace that goes when the block ends.

    `place` stands for a folder that builds have in common: compiler caches know a file by its path.
    Where that is in use, or somebody else's, another serves.

    Its logs stay, below `log_folder`, where the block ends with an error. A frontend that is
    interrupted lets us live for a moment only: all deletions are under way before we wait.
    """
    with (
        ExitStack() as at_last,
        kept_logs(stem, log_folder) as logs,
        _folder(at_last, place) as root,
    ):
        if str(root).split() != [str(root)]:
            raise BuildError(f"TMPDIR must have no white space: make and configure cannot: {root}")
        with writing_to(root, "TMPDIR, or -C work-dir, names another folder"):
            yield _ready(Workspace(root.resolve(), logs))


@contextmanager
def _folder(at_last: ExitStack, place: str) -> Iterator[Path]:
    """Yield a folder whose deletion begins when the block ends; `at_last` waits for it."""
    with ExitStack() as stack:
        shared = _shared(stack, place) if place else None
        root = shared or Path(tempfile.mkdtemp(prefix=_PREFIX))
        try:
            yield root
        finally:
            at_last.callback(begin_deletion(_moved(root) if shared else root))


def _shared(stack: ExitStack, place: str) -> Path | None:
    """Return the folder of that name, empty, where it is ours alone as long as `stack` is open."""
    root = Path(tempfile.gettempdir(), common_name(place))
    with suppress(OSError):
        root.mkdir(mode=0o700, exist_ok=True)
        facts = root.lstat()
        if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != os.geteuid():
            return None
        handle = stack.enter_context(_held(root))
        if not os.path.samestat(os.fstat(handle), root.lstat()):  # it has just been moved
            return None
        root.chmod(0o700)
        for left in root.iterdir():  # by a build that was killed
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        return root
    return None


def common_name(place: str) -> str:
    """Return the name of the folder for that place.

    It is as long as mkdtemp's: where an RPATH was taken out of a binary, that length shows.
    """
    return f"{_PREFIX}{hashlib.sha256(place.encode()).hexdigest()[:8]}"


def _moved(root: Path) -> Path:
    """Give a folder another name, so that its own is free while it is deleted."""
    return root.rename(f"{root}-{secrets.token_hex(4)}")


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
def kept_logs(stem: str, parent: Path) -> Iterator[Path]:
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
def _held(folder: Path) -> Iterator[int]:
    """Hold a folder, and yield its descriptor; BlockingIOError where another process holds it."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield handle
    finally:
        os.close(handle)
