"""Has auditwheel do what it does for any wheel: graft the private libraries, prove the platform."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from packaging.requirements import Requirement

from libwheel import programs
from libwheel.consumer.repair.temporary import refuse_full
from libwheel.errors import BuildError
from libwheel.process import Command, started
from libwheel.programs import Program

AUDITWHEEL = "auditwheel>=6.4"  # older ones find no platform where a library is excluded
_TAIL = 15  # lines of what it says that are shown where it fails
_LOG = re.compile(r"^(INFO|WARNING|ERROR):[\w.]+:", re.MULTILINE)
_NOT_FOUND = re.compile(r"library \S+ could not be located")
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
    """Repair a wheel, but for the `excluded` sonames, in the empty `folder`; return the result.

    Whatever is written is there, and nothing writes any more when this call ends, however it
    ends. Raises BuildError, with what auditwheel says, where it makes no wheel, and OSError
    where that is because the disk is full.
    """
    out, own = folder / "out", folder / "temporary"
    out.mkdir()
    own.mkdir()
    words = [word for soname in sorted(excluded) for word in ("--exclude", soname)]
    options = ("-w", str(out), "-z", "0")  # what is to be read again is not to be compressed
    argv = (*auditwheel.command, "repair", *options, *words, str(wheel.absolute()))
    command = Command("auditwheel", argv, out, {**auditwheel.variables, "TMPDIR": str(own)})
    status, said = _run(command, folder / "log")
    made = list(out.glob("*.whl"))
    if status or len(made) != 1:
        refuse_full(folder, said)
        raise BuildError(_failure(said))
    return made[0]


def _run(command: Command, log: Path) -> tuple[int, str]:
    """Return the exit status, and all that was said."""
    with log.open("wb") as output, started(command, output.fileno()) as process:
        status = process.wait()
    return status, log.read_text(encoding="utf-8", errors="replace")


def _failure(said: str) -> str:
    lines = ["auditwheel cannot repair it:", *(f"  | {line}" for line in _told(said)[-_TAIL:])]
    if _NOT_FOUND.search(said):
        lines.append(
            "  Name the folder of the library in LD_LIBRARY_PATH, where auditwheel looks as well, "
            "or repair where the library is installed."
        )
    return "\n".join(lines)


def _told(output: str) -> list[str]:
    """Return what it says to its users: not what it excludes, no traceback but for its end."""
    return [line for line in _LOG.sub("", output).splitlines() if not _NOISE.match(line)]
