"""The programs that a build needs from the package index: where they are, and which version.

In pip's isolated builds only the RECORD of an installed distribution knows where its programs
are: `sys.prefix` and `sysconfig` speak of the outer environment.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

from libwheel.errors import BuildError


@dataclass(frozen=True)
class Program:
    """An executable file, and what it says of its version."""

    path: Path
    version: str


def find(requirement: str, search_path: str) -> Program:
    """Return the program of the distribution that `requirement` asks for.

    The program has the distribution's name. One on `search_path` serves as well where the
    distribution is not installed. Raises BuildError where there is none, or too old a one.
    """
    wanted = Requirement(requirement)
    path = _installed(wanted.name) or shutil.which(wanted.name, path=search_path)
    if path is None:
        raise BuildError(f"there is no {wanted.name}: python -m pip install '{requirement}'")
    version = _version(str(path))
    if not wanted.specifier.contains(version, prereleases=True):
        raise BuildError(
            f"{path} is version {version}; this build needs {requirement}: "
            f"python -m pip install '{requirement}'"
        )
    return Program(Path(path), version)


def search_path(programs: Sequence[Program], outer: str) -> str:
    """Return a PATH that finds the programs first, then what `outer` finds."""
    folders = dict.fromkeys(str(program.path.parent) for program in programs)
    return ":".join([*folders, outer])


def _installed(name: str) -> Path | None:
    try:
        files = distribution(name).files or ()
    except PackageNotFoundError:
        return None
    found = (Path(str(file.locate())) for file in files if file.parts[-2:] == ("bin", name))
    return next((path.resolve() for path in found if path.exists()), None)


def _version(path: str) -> str:
    """Return the first number with dots in what ``--version`` prints."""
    result = subprocess.run((path, "--version"), capture_output=True, text=True, check=False)
    number = re.search(r"\d+(\.\d+)+", result.stdout)
    if result.returncode or not number:
        raise BuildError(f"`{path} --version` failed: {result.stdout}{result.stderr}".strip())
    return number[0]
