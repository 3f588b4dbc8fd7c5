"""The programs that a build needs from the package index: where they are, and which version.

In pip's isolated builds only the RECORD of an installed distribution knows where its programs
are: `sys.prefix` and `sysconfig` speak of the outer environment.
"""

from __future__ import annotations

import re
import shutil
import site
import subprocess
import sysconfig
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

from libwheel.errors import BuildError

# The programs that are not in `bin` under their distribution's name.
_PLACES = {"ziglang": ("ziglang", "zig")}


@dataclass(frozen=True)
class Program:
    """An executable file, what it says of its version, and the folder of its distribution."""

    path: Path
    version: str
    site: Path | None = None


def find(requirement: str, search_path: str) -> Program:
    """Return the program of the distribution that `requirement` asks for.

    The program has the distribution's name, but for zig. One on `search_path` serves as well where
    the distribution is not installed. Raises BuildError where there is none, or too old a one.
    """
    wanted = Requirement(requirement)
    program = _installed(wanted.name, search_path) or _on_path(wanted.name, search_path)
    if program is None:
        raise BuildError(f"there is no {wanted.name}: python -m pip install '{requirement}'")
    if not wanted.specifier.contains(program.version, prereleases=True):
        raise BuildError(
            f"{program.path} is version {program.version}; this build needs {requirement}: "
            f"python -m pip install '{requirement}'"
        )
    return program


def find_all(requirements: Iterable[str], search_path: str) -> tuple[Program, ...]:
    """Return the program of each requirement; see `find`. Every one that lacks is reported."""
    found, lacking = [], []
    for requirement in requirements:
        try:
            found.append(find(requirement, search_path))
        except BuildError as error:
            lacking.append(str(error))
    if lacking:
        raise BuildError("\n".join(lacking))
    return tuple(found)


def search_path(programs: Sequence[Program], outer: str) -> str:
    """Return a PATH that finds the programs first, then what `outer` finds."""
    folders = dict.fromkeys(str(program.path.parent) for program in programs)
    return ":".join([*folders, outer])


def variables(programs: Sequence[Program], outer: str) -> dict[str, str]:
    """Return the environment in which the programs work: PATH, and PYTHONPATH if need be.

    Some are Python scripts. Their interpreter looks into its own site-packages by itself, but
    not into the folders of pip's isolated builds.
    """
    usual = {Path(folder).resolve() for folder in _usual_folders()}
    folders = dict.fromkeys(program.site for program in programs)
    extra = [str(folder) for folder in folders if folder and folder.resolve() not in usual]
    python_path = {"PYTHONPATH": ":".join(extra)} if extra else {}
    return {"PATH": search_path(programs, outer), **python_path}


def _usual_folders() -> list[str]:
    names = ("purelib", "platlib")
    return [*map(sysconfig.get_path, names), *site.getsitepackages(), site.getusersitepackages()]


def _installed(name: str, search_path: str) -> Program | None:
    """Return the program of an installed distribution; it may be a link (uv makes them)."""
    try:
        installed = distribution(name)
    except PackageNotFoundError:
        return None
    wanted = _PLACES.get(name, ("bin", name))
    for file in installed.files or ():
        found = Path(str(file.locate()))
        if file.parts[-2:] == wanted and found.exists():
            path = found.parent.resolve() / wanted[-1]
            return _asked(path, Path(str(installed.locate_file(""))), search_path)
    return None


def _on_path(name: str, search_path: str) -> Program | None:
    path = shutil.which(_PLACES.get(name, (name,))[-1], path=search_path)
    return _asked(Path(path), None, search_path) if path else None


def _asked(path: Path, site: Path | None, search_path: str) -> Program:
    """Return the program, of the version that is the first number in what ``--version`` prints.

    A snapshot of zig, as ``0.17.0-dev.1+abc``, is another version than its release. The program is
    asked in the environment that it will work in.
    """
    machine = variables([Program(path, "", site)], search_path)
    command = (str(path), "version" if path.name == "zig" else "--version")
    try:
        result = subprocess.run(command, env=machine, capture_output=True, text=True, check=False)
    except OSError as error:  # as on a file system that is mounted with noexec
        raise BuildError(f"cannot run {path}: {error.strerror}") from None
    number = re.search(r"\d+(\.\d+)+(-dev\S*)?", result.stdout)
    if result.returncode or not number:
        raise BuildError(f"`{' '.join(command)}` failed: {result.stdout}{result.stderr}".strip())
    return Program(path, number[0], site)
