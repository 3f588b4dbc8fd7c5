"""Files that are there whole or not at all, and locks between processes."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from libwheel.errors import BuildError
from libwheel.signals import held

NO_SPACE = os.strerror(errno.ENOSPC)  # as programs say it, too
_FULL = 1 << 20  # with less than these bytes free

Ignored = Callable[[str, list[str]], Iterable[str]]

_CANNOT_WRITE = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "the file would be larger than is allowed",
    errno.ENAMETOOLONG: "a file's name is too long",
    errno.EROFS: "it is read-only",
    errno.EACCES: "there is no permission",
    errno.EPERM: "there is no permission",
    errno.ENOTDIR: "a part of the path is no folder",
    errno.EEXIST: "a part of the path is no folder",
}


@contextmanager
def writing_to(folder: Path, hint: str = "") -> Iterator[None]:
    """Raise BuildError where the block fails because `folder` cannot be written to.

    An error that names a file elsewhere is not about `folder`, nor is a file that lacks in it.
    """
    try:
        yield
    except OSError as error:
        if not _is_about(error, folder):
            raise
        raise BuildError(explain_os_error(error, folder, hint)) from error


def explain_os_error(error: OSError, folder: Path, hint: str = "") -> str:
    """Say why nothing can be written to `folder`, and what space there is."""
    reason = _CANNOT_WRITE.get(error.errno or 0, error.strerror or str(error))
    space = f" ({free(folder) / 1e6:.1f} MB free)" if error.errno == errno.ENOSPC else ""
    return f"cannot write to {folder}: {reason}{space}{hint and f'; {hint}'}"


def _is_about(error: OSError, folder: Path) -> bool:
    names = (name for name in (error.filename, error.filename2) if isinstance(name, str))
    paths, folder = [Path(name).resolve() for name in names], folder.resolve()
    around = any(folder.is_relative_to(path) for path in paths)
    if error.errno == errno.ENOENT:  # where a folder cannot be made, as in /proc
        return around
    inside = any(path.is_relative_to(folder) for path in paths)
    return error.errno in _CANNOT_WRITE and (not paths or around or inside)


def free(folder: Path) -> int:
    """Return how many bytes fit where `folder` is, or will be."""
    there = next(path for path in (folder, *folder.parents) if path.is_dir())
    return shutil.disk_usage(there).free


def is_full(folder: Path) -> bool:
    """Tell whether the disk of a folder has no space left, or as good as none."""
    return free(folder) < _FULL


def no_space(folder: Path) -> OSError:
    """Return what the operating system raises where the disk of a folder is full."""
    return OSError(errno.ENOSPC, NO_SPACE, str(folder))


# Where a folder in it is read-only, rm fails at first, unless it is root's.
_DELETE = 'rm -rf -- "$1" || { chmod -R u+rwx -- "$1"; exec rm -rf -- "$1"; }'


class _Outliving(subprocess.Popen[bytes]):
    """A process that may be left running; Popen would warn of that."""

    def __del__(self) -> None:
        pass


def begin_deletion(folder: Path) -> Callable[[], None]:
    """Delete a folder by a process of its own; return what waits until it is gone.

    That process goes on where ours is ended, be it by Ctrl-C or SIGKILL.
    """
    process = _deleting(folder)

    def wait() -> None:
        if process:
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)  # where there is no rm

    return wait


def _deleting(folder: Path) -> _Outliving | None:
    try:
        with held():  # else Ctrl-C could come before it is in a session of its own
            return _Outliving(
                ("sh", "-c", _DELETE, "sh", folder),
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
    except OSError:  # there is no sh on PATH, or no process to be had
        return None


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Open a file that takes the place of `path` when the block ends without an error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
        Path(name).chmod(0o644)
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)


@contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """Yield a new folder that becomes `path` when the block ends without an error.

    Where `path` is there already with something in it (another process was faster), it stays
    as it is.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        yield fresh
        fresh.chmod(0o755)
        try:
            fresh.rename(path)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def copy_tree(source: Path, goal: Path, leave_out: Ignored | None = None, hint: str = "") -> None:
    """Copy what is in a folder into another, links as links; `leave_out` is as copytree's.

    Raises BuildError: at once where there is no space, else with every file that failed.
    """

    def copy(path: str, copied: str) -> None:
        with writing_to(goal.parent, hint):
            shutil.copy2(path, copied)

    try:
        shutil.copytree(
            source, goal, symlinks=True, ignore=leave_out, copy_function=copy, dirs_exist_ok=True
        )
    except shutil.Error as error:
        lines = (f"  {path}: {reason}" for path, _, reason in error.args[0])
        raise BuildError("\n".join([f"cannot copy {source}:", *lines])) from None


@contextmanager
def locked(path: Path, on_wait: Callable[[], None]) -> Iterator[None]:
    """Hold the lock file `path`; call `on_wait` once where another process has it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            on_wait()
            fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
