"""An environment to look at: the folders from which a Python imports, and what it says of itself.

That Python is asked, in a process of its own; it needs no libwheel.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from libwheel.console import plain
from libwheel.consumer import packages
from libwheel.errors import BuildError

# What `python -c` puts first is the current folder, which is no part of the environment.
_QUESTION = """
import sys
sys.path[:] = [folder for folder in sys.path if folder]
import json, os, platform, sysconfig
version = platform.python_version()
if sys.version_info < (3, 9):  # what the locators of library wheels, and import_probe, are for
    print(json.dumps({"refused": "is Python %s; wanted: Python 3.9 or newer" % version}))
    sys.exit()
print(json.dumps({
    "executable": os.path.realpath(sys.executable),
    "prefix": sys.prefix,
    "base_prefix": getattr(sys, "base_prefix", sys.prefix),
    "path": sys.path,
    "site": [sysconfig.get_path("purelib"), sysconfig.get_path("platlib")],
    "markers": {
        "implementation_name": sys.implementation.name,
        "implementation_version": version,
        "os_name": os.name,
        "platform_machine": platform.machine(),
        "platform_release": platform.release(),
        "platform_system": platform.system(),
        "platform_version": platform.version(),
        "platform_python_implementation": platform.python_implementation(),
        "python_full_version": version,
        "python_version": ".".join(version.split(".")[:2]),
        "sys_platform": sys.platform,
    },
}))
"""
_PATIENCE = 60.0  # seconds
_PROGRAMS = ("python", "python3")  # some environments have but the second
_SHOWN = 200  # characters of a complaint; one that is longer quotes our question
_WANTED = "wanted: an environment's Python, or the environment's folder"


@dataclass(frozen=True)
class Environment:
    """What a Python says of itself.

    `python` is what was asked, `program` the file that the kernel runs then. `folders` are those
    of sys.path that are there, in its order, and those of which we may not see whether they are.
    `markers` are the values of PEP 508's environment markers.
    """

    python: Path
    program: Path
    prefix: Path
    base_prefix: Path
    folders: tuple[Path, ...]
    markers: Mapping[str, str]


def python_of(place: Path) -> Path:
    """Return the Python of an environment's folder, or `place` itself where it is none.

    Raises BuildError where the folder has none.
    """
    # os.path: what pathlib has raises where we may not look
    if not os.path.isdir(place):  # noqa: PTH112
        return place
    programs = [place / "bin" / name for name in _PROGRAMS]
    for program in (*filter(packages.exists, programs), *filter(os.path.islink, programs)):
        return program
    names = " nor ".join(f"bin/{name}" for name in _PROGRAMS)
    raise BuildError(f"{place}: has neither {names}; {_WANTED}")


def ask(python: Path, patience: float = _PATIENCE) -> Environment:
    """Ask a Python, as it would run from here: with PYTHONPATH and the user's own packages.

    Raises BuildError where it is no Python, too old a one, or silent for `patience` seconds.
    """
    said, complaint, status = _answer(python, patience)
    try:
        answer = json.loads(said.rpartition("\n")[2])
        if "refused" in answer:
            raise BuildError(f"{python}: {answer['refused']}")
        return _environment(python.absolute(), answer)
    except (ValueError, TypeError, KeyError):
        last = plain((complaint or said).rpartition("\n")[2])
        told = f" and said: {last}" if 0 < len(last) <= _SHOWN else ""
        raise BuildError(
            f"{python}: does not answer as a Python does: it ended with exit status {status}"
            f"{told}; {_WANTED}"
        ) from None


def _environment(python: Path, said: dict[str, Any]) -> Environment:
    hidden = filter(_is_hidden, map(Path, said["site"]))  # which site leaves out of sys.path
    folders = dict.fromkeys((*map(Path, said["path"]), *hidden))
    return Environment(
        python=python,
        program=Path(said["executable"]),
        prefix=Path(said["prefix"]),
        base_prefix=Path(said["base_prefix"]),
        folders=tuple(f for f in folders if _is_hidden(f) or f.is_dir()),
        markers=dict(said["markers"]),
    )


def _is_hidden(path: Path) -> bool:
    """Tell whether we may not even see if there is such a folder."""
    try:
        path.stat()
    except OSError as error:
        return isinstance(error, PermissionError)
    return False


def _answer(python: Path, patience: float) -> tuple[str, str, int]:
    """Return what it prints, what it complains of, and its exit status.

    Into files: whatever it starts and leaves behind would keep a pipe open.
    """
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        try:
            done = subprocess.run(
                (python.absolute(), "-c", _QUESTION),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                check=False,
                timeout=patience,
            )
        except OSError as error:
            reason = error.strerror
            is_missing = isinstance(error, FileNotFoundError)
            if is_missing and python.is_symlink() and not packages.exists(python):
                reason = f"it is a link to {python.readlink()}, which is not there"
            raise BuildError(f"{python}: cannot be run: {reason}; {_WANTED}") from None
        except subprocess.TimeoutExpired:
            raise BuildError(
                f"{python}: has not answered within {patience:.0f} seconds; {_WANTED}"
            ) from None
        return _content(output), _content(errors), done.returncode


def _content(stream: IO[bytes]) -> str:
    stream.seek(0)
    return stream.read().decode("utf-8", "replace").strip()
