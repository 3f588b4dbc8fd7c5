"""An environment to look at: the folders from which a Python imports, and what it says of itself.

That Python is asked, in a process of its own; it needs no libwheel.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from libwheel.errors import BuildError

# What `python -c` puts first is the current folder, which is no part of the environment.
_QUESTION = """
import sys
sys.path[:] = [folder for folder in sys.path if folder]
import json, os, platform, sysconfig
version = platform.python_version()
print(json.dumps({
    "executable": os.path.realpath(sys.executable),
    "prefix": sys.prefix,
    "base_prefix": getattr(sys, "base_prefix", sys.prefix),
    "path": sys.path,
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


@dataclass(frozen=True)
class Environment:
    """What a Python says of itself.

    `python` is what was asked, `program` the file that the kernel runs then. `folders` are those
    of sys.path that are there, in its order. `markers` are the values of PEP 508's environment
    markers.
    """

    python: Path
    program: Path
    prefix: Path
    base_prefix: Path
    folders: tuple[Path, ...]
    markers: Mapping[str, str]


def ask(python: Path) -> Environment:
    """Ask a Python, as it would run from here: with PYTHONPATH and the user's own packages.

    Raises BuildError where it is no Python.
    """
    said, complaint = _answer(python)
    try:
        return _environment(python.absolute(), json.loads(said.rpartition("\n")[2]))
    except (ValueError, TypeError, KeyError):
        last = (complaint or said).rpartition("\n")[2]
        raise BuildError(f"{python}: does not answer as a Python does: {last}") from None


def _environment(python: Path, said: dict[str, Any]) -> Environment:
    folders = dict.fromkeys(map(Path, said["path"]))
    return Environment(
        python=python,
        program=Path(said["executable"]),
        prefix=Path(said["prefix"]),
        base_prefix=Path(said["base_prefix"]),
        folders=tuple(folder for folder in folders if folder.is_dir()),
        markers=dict(said["markers"]),
    )


def _answer(python: Path) -> tuple[str, str]:
    """Return what it prints, and what it complains of.

    Into files: whatever it starts and leaves behind would keep a pipe open.
    """
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        try:
            subprocess.run(
                (python.absolute(), "-c", _QUESTION),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                check=False,
                timeout=_PATIENCE,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise BuildError(f"{python}: cannot be run: {error}; wanted: a Python") from None
        return _content(output), _content(errors)


def _content(stream: IO[bytes]) -> str:
    stream.seek(0)
    return stream.read().decode("utf-8", "replace").strip()
