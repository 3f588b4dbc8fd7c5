"""Makes the conventional prefix of a library wheel: plain names, by links, outside the wheel.

For builds that are given a folder, as in ``HDF5_DIR=...`` or ``--with-hdf5=...``, and look for
``lib/libhdf5.so`` and ``include/hdf5.h`` in it. Wheels cannot hold links, and the plain names are
not ours to put into an environment; so the folder is in the user's cache.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

Links = Mapping[str, Path]  # from a path in the prefix to what it leads to


def cache_folder() -> Path:
    """Return libwheel's cache folder, as README.md of libwheel has it.

    Raises OSError where no environment variable names one.
    """
    chosen, home = os.environ.get("LIBWHEEL_CACHE", ""), os.environ.get("HOME")
    if chosen:
        return _absolute("LIBWHEEL_CACHE", chosen)
    xdg = Path(os.environ.get("XDG_CACHE_HOME", ""))
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
    folder = cache / "prefixes"
    folder.mkdir(parents=True, exist_ok=True)
    _forget_the_gone(folder)
    stable = folder / f"{name}-{_digest(str(place))}"
    listed = "\n".join(f"{link}\t{goal}" for link, goal in sorted(links.items()))
    wanted = f"{stable.name}.{_digest(listed)}"
    if _leads_to(stable) != wanted:
        _fill(folder / wanted, links)
        _switch(stable, wanted)
    return stable


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _leads_to(stable: Path) -> str | None:
    """Return the name of the folder that is there, whole, behind the prefix."""
    return stable.readlink().name if stable.is_symlink() and stable.is_dir() else None


def _fill(folder: Path, links: Links) -> None:
    """Make the folder with its links; where another process was faster, its one stays."""
    fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        fresh.chmod(0o755)
        for link, goal in links.items():
            path = fresh / link
            path.parent.mkdir(parents=True, exist_ok=True)
            path.symlink_to(goal)
        try:
            fresh.rename(folder)
        except OSError:
            if not folder.is_dir():
                raise
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _switch(stable: Path, wanted: str) -> None:
    """Let the prefix lead to another folder, and delete the one before."""
    before = _leads_to(stable)
    beside = Path(tempfile.mkdtemp(prefix=f".{stable.name}.", dir=stable.parent))
    try:
        (beside / "link").symlink_to(wanted)
        (beside / "link").replace(stable)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    if before and before != wanted:
        shutil.rmtree(stable.parent / before, ignore_errors=True)


def _forget_the_gone(folder: Path) -> None:
    """Delete the prefixes of environments that are no more, as an isolated build's."""
    for stable in folder.iterdir():
        name = _leads_to(stable)
        if name and not any(path.exists() for path in (stable / "lib").iterdir()):
            stable.unlink(missing_ok=True)
            shutil.rmtree(folder / name, ignore_errors=True)
