"""Has auditwheel do what it does for any wheel: graft the private libraries, prove the platform."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from packaging.requirements import Requirement

from libwheel import programs
from libwheel.errors import BuildError
from libwheel.programs import Program

AUDITWHEEL = "auditwheel>=6.4"  # older ones find no platform where a library is excluded
_TAIL = 15  # lines of what it says that are shown where it fails
_LOG = re.compile(r"^(INFO|WARNING|ERROR):[\w.]+:", re.MULTILINE)
_NOISE = re.compile(r"\s*$|Excluding |Traceback |  ")


@dataclass(frozen=True)
class Auditwheel:
    """How to run it: the beginning of the command, and the whole environment that it sees."""

    command: tuple[str, ...]
    variables: Mapping[str, str]


def find(
    patchelf: Program, variables: Mapping[str, str], requirement: str = AUDITWHEEL
) -> Auditwheel:
    """Return the auditwheel of this Python; BuildError where there is none, or too old a one."""
    wanted = Requirement(requirement)
    remedy = f"python -m pip install '{requirement}'"
    try:
        found = version(wanted.name)
    except PackageNotFoundError:
        raise BuildError(f"there is no {wanted.name}, which repairs wheels: {remedy}") from None
    if not wanted.specifier.contains(found, prereleases=True):
        raise BuildError(f"{wanted.name} is version {found}: {remedy}")
    return Auditwheel((sys.executable, "-m", wanted.name), _with(patchelf, variables))


def _with(patchelf: Program, variables: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which patchelf works; Python looks where it did, too."""
    needed = programs.variables([patchelf], variables.get("PATH", ""))
    if "PYTHONPATH" in needed and variables.get("PYTHONPATH"):
        needed["PYTHONPATH"] += f"{os.pathsep}{variables['PYTHONPATH']}"
    return {**variables, **needed}


def graft(wheel: Path, excluded: Iterable[str], folder: Path, auditwheel: Auditwheel) -> Path:
    """Repair a wheel into the empty `folder`, but for the `excluded` sonames; return the result.

    Raises BuildError, with what auditwheel says, where it does not make one.
    """
    words = [word for soname in sorted(excluded) for word in ("--exclude", soname)]
    options = ("-w", str(folder), "-z", "0")  # what is to be read again is not to be compressed
    command = (*auditwheel.command, "repair", *options, *words, str(wheel.absolute()))
    done = subprocess.run(
        command,
        cwd=folder,
        env=dict(auditwheel.variables),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    made = list(folder.glob("*.whl"))
    if done.returncode or len(made) != 1:
        said = "\n".join(f"  | {line}" for line in _told(done.stdout)[-_TAIL:])
        raise BuildError(f"auditwheel cannot repair it:\n{said}")
    return made[0]


def _told(output: str) -> list[str]:
    """Return what it says to its users: not what it excludes, no traceback but for its end."""
    return [line for line in _LOG.sub("", output).splitlines() if not _NOISE.match(line)]
