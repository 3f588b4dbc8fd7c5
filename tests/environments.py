"""Virtual environments as a stranger has them, and running programs in them."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

Variables = Mapping[str, str]


def run(*argv: str | Path, cwd: Path | None = None, variables: Variables | None = None) -> str:
    """Run a program that must succeed; return what it printed on both streams."""
    done = attempt(*argv, cwd=cwd, variables=variables)
    assert done.returncode == 0, f"{' '.join(map(str, argv))}\n{done.stdout}"
    return done.stdout


def attempt(
    *argv: str | Path, cwd: Path | None = None, variables: Variables | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program; standard error goes with standard output."""
    return subprocess.run(
        [str(word) for word in argv],
        cwd=cwd,
        env={**os.environ, **(variables or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def run_alone(*argv: str | Path, variables: Variables | None = None) -> str:
    """Run a program that must succeed, with these environment variables and no others."""
    done = subprocess.run(
        [str(word) for word in argv],
        env=dict(variables or {}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def libwheel(
    *arguments: str | Path, variables: Variables | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command line of the checkout."""
    return attempt(sys.executable, "-m", "libwheel", *arguments, variables=variables)


@dataclass(frozen=True)
class Venv:
    """A virtual environment; pip is run from the outside."""

    root: Path

    @property
    def bin(self) -> Path:
        return self.root / "bin"

    @property
    def python(self) -> Path:
        return self.bin / "python"

    @property
    def path(self) -> str:
        """PATH as it is where the environment is activated."""
        return f"{self.bin}:{os.environ['PATH']}"

    def pip(self, *arguments: str | Path, variables: Variables | None = None) -> str:
        argv = (sys.executable, "-m", "pip", "--python", self.python, *arguments)
        return run(*argv, variables=variables)

    def install(self, wheel: Path) -> None:
        self.pip("install", "--quiet", "--no-deps", "--no-index", wheel)

    def ask(self, *arguments: str | Path) -> str:
        """Run its Python in isolated mode; return what it printed, stripped."""
        return run_alone(self.python, "-I", *arguments).strip()

    def files(self) -> set[str]:
        """Return every file, but for byte code and the environment's own lib64 -> lib."""
        found = (p.relative_to(self.root) for p in self.root.rglob("*") if not p.is_dir())
        return {str(path) for path in found if path.suffix != ".pyc" and path.name != "lib64"}


def make_venv(folder: Path) -> Venv:
    venv.create(folder, with_pip=False, symlinks=True)
    return Venv(folder)
