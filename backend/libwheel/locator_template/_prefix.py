"""Makes the conventional prefix of a library wheel: plain names, by links, outside the wheel.

For builds that are given a folder, as in ``HDF5_DIR=...`` or ``--with-hdf5=...``, and look for
``lib/libhdf5.so`` and ``include/hdf5.h`` in it. Wheels cannot hold links, and the plain names are
not ours to put into an environment; so the folder is in the user's cache. The locators of all
library wheels share that cache: what is in it must stay as every one of them expects it.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

_REMEMBERED = 30 * 24 * 60 * 60  # seconds for which a prefix outlives its environment at least

Links = Mapping[str, Path]  # from a path in the prefix to what it leads to


def cache_folder(variables: Mapping[str, str]) -> Path:
    """Return libwheel's cache folder, as README.md of libwheel has it.

    Raises OSError where no environment variable names one.
    """
    chosen, home = variables.get("LIBWHEEL_CACHE", ""), variables.get("HOME")
    if chosen:
        return _absolute("LIBWHEEL_CACHE", chosen)
    xdg = Path(variables.get("XDG_CACHE_HOME", ""))
    if xdg.is_absolute():
        return xdg / "libwheel"
    if not home:
        raise OSError("no place for the prefix: set LIBWHEEL_CACHE, XDG_CACHE_HOME or HOME")
    return Path(home).absolute() / ".cache" / "libwheel"


def _absolute(name: str, value: str) -> Path:
    if Path(value).is_absolute():
        return Path(value)
    raise OSError(f"{name} must be an absolute path, not {value!r}")


def make(name: str, place: Path, links: Links, cache: Path) -> Path:
    """Return the prefix of the library wheel `name` that is installed at `place`.

    Its path stays the same when the wheel is upgraded: it is a link to the folder with the
    links of just that installation, which is changed in one step. So several processes may ask
    at once, and what was printed before an upgrade is right again after the next call.
    """
    stable = cache / "prefixes" / f"{name}-{_digest(str(place))}"
    listed = "\n".join(f"{link}\t{goal}" for link, goal in sorted(links.items()))
    folder = stable.with_name(f"{stable.name}.{_digest(listed)}")
    wanted = {folder / link: goal for link, goal in links.items()} | {stable: Path(folder.name)}
    try:
        if not all(_leads_to(link, goal) for link, goal in wanted.items()):
            _renew(stable, folder, wanted)
        with suppress(OSError):  # a cache that may not be written to serves as well
            _remember(folder)
            _forget_the_gone(stable.parent)
    except OSError as error:
        raise OSError(
            f"cannot make {error.filename or stable}: {error.strerror}; "
            "LIBWHEEL_CACHE names another folder for the prefix"
        ) from error
    return stable


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _leads_to(link: Path, goal: Path) -> bool:
    try:
        return link.readlink() == goal
    except OSError:  # no link, or another process has just deleted it
        return False


def _renew(stable: Path, folder: Path, wanted: Mapping[Path, Path]) -> None:
    """Make the links that are missing or wrong, the prefix itself last; delete what is past."""
    stable.parent.mkdir(parents=True, exist_ok=True)
    with _alone(stable.parent):
        for link, goal in wanted.items():
            if not _leads_to(link, goal):
                _link(link, goal)
        for past in stable.parent.glob(f"{stable.name}.*"):
            if past != folder:
                shutil.rmtree(past, ignore_errors=True)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Wait until no other process changes `folder`."""
    with (folder / ".lock").open("ab") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def _link(link: Path, goal: Path) -> None:
    """Let `link` lead to `goal`, in one step."""
    link.parent.mkdir(parents=True, exist_ok=True)
    fresh = link.with_name(f".{link.name}.new")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(goal)
    fresh.replace(link)


def _remember(folder: Path) -> None:
    """Let the folder's time tell when it was last asked for."""
    os.utime(folder)


def _forget_the_gone(prefixes: Path) -> None:
    """Delete the prefixes of environments that are no more, as an isolated build's.

    Not those that were asked for of late: the environment may only be out of sight, moved away
    for a while, or on another machine that has the same home. But at once where anybody could
    put a library in its place, for whatever has the prefix in its RUNPATH to load.
    """
    if any(map(_is_past, prefixes.iterdir())):
        with _alone(prefixes):
            for stable in filter(_is_past, list(prefixes.iterdir())):
                folder = prefixes / stable.readlink().name
                stable.unlink()
                shutil.rmtree(folder, ignore_errors=True)


def _is_past(stable: Path) -> bool:
    try:
        if not stable.readlink().name.startswith(f"{stable.name}."):
            return False
        libraries = _libraries(stable)
        if any(map(_is_there, libraries)):
            return False
        return _is_old(stable) or any(_is_open_to_all(path.readlink()) for path in libraries)
    except OSError:  # no link, or another process has just deleted it
        return False


def _is_old(prefix: Path) -> bool:
    try:
        return time.time() - prefix.stat().st_mtime > _REMEMBERED
    except FileNotFoundError:  # its folder is gone
        return True


def _is_open_to_all(gone: Path) -> bool:
    """Tell whether anybody can make what is gone, as below /tmp."""
    there = next(folder for folder in gone.parents if folder.exists())
    return bool(there.stat().st_mode & stat.S_IWOTH)


def _libraries(stable: Path) -> list[Path]:
    lib = stable / "lib"
    return [path for path in lib.iterdir() if path.is_symlink()] if lib.is_dir() else []


def _is_there(path: Path) -> bool:
    """Tell whether what the link leads to is there, or cannot be seen just now."""
    try:
        path.stat()
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return True
