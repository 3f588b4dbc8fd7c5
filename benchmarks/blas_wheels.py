"""What the benchmarks of BLAS have in common: a wheel in its environment, a clean process."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import venv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

THEIRS = "scipy-openblas32"

_PLACES = (
    "lib/libopenblas-pywheel-*.so",
    "lib/python*/site-packages/scipy_openblas32/lib/libscipy_openblas*.so",
)
_SETTINGS = ("OPENBLAS_", "GOTO_", "OMP_", "KMP_", "GOMP_", "BLIS_", "MKL_")


@dataclass(frozen=True)
class Environment:
    """A virtual environment with one BLAS in it."""

    prefix: Path

    @property
    def python(self) -> Path:
        return self.prefix / "bin" / "python"

    @property
    def blas(self) -> Path:
        """Return the shared library with 32-bit integers."""
        found = [path for pattern in _PLACES for path in self.prefix.glob(pattern)]
        if len(found) != 1:
            sys.exit(f"wanted one BLAS in {self.prefix}, found {len(found)}")
        return found[0]


def wheel(text: str) -> Path:
    """Return the path of a wheel, for argparse."""
    path = Path(text)
    if path.suffix != ".whl" or not path.is_file():
        raise argparse.ArgumentTypeError(f"{text} is no wheel")
    return path


def installed(wanted: str | Path, prefix: Path) -> Environment:
    """Install a wheel, with what it requires from its own folder; or a package from the index."""
    venv.create(prefix, with_pip=True, symlinks=True)
    environment = Environment(prefix)
    path = Path(wanted)
    local = ("--no-index", f"--find-links={path.parent.absolute()}") if path.is_file() else ()
    pip = (environment.python, "-m", "pip", "install", "--quiet", "--only-binary", ":all:")
    subprocess.run((*pip, *local, wanted), check=True)
    return environment


def variables(threads: int) -> dict[str, str]:
    """Return this process's environment variables less what tunes a BLAS, with so many threads."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith(_SETTINGS)}
    return {**kept, "OMP_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": str(threads)}


def output(arguments: Sequence[str | Path], threads: int) -> str:
    """Run a script of ours in a new process, with so many threads."""
    argv = (sys.executable, "-s", *arguments)
    done = subprocess.run(argv, env=variables(threads), capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr or f"{argv} failed with status {done.returncode}")
    return done.stdout


def compiled(source: str, library: Path, *flags: str) -> Path:
    """Compile a C source into a shared library."""
    path = library.with_suffix(".c")
    path.write_text(source, encoding="utf-8")
    command = ["gcc", "-O2", "-shared", "-fPIC", str(path), *flags, "-o", str(library)]
    subprocess.run(command, check=True)
    return library


def turns(rounds: int) -> Iterator[tuple[int, int]]:
    """Yield which of two is first and which second, in each round."""
    for number in range(rounds):
        yield (0, 1) if number % 2 == 0 else (1, 0)
