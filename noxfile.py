"""What developers run: lint, types and tests as .ci/run does; `full` has what is too slow for it.

nox                      lint, types, tests
nox -s tests -- -k zlib  what stands behind -- goes to pytest
nox -s full              builds no test makes, then the benchmarks with their limits
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import nox

nox.needs_version = ">=2024.4.15"
nox.options.sessions = ["lint", "types", "tests"]

# Beyond what tests/real builds: the folder, the recipe, and what is chosen.
BUILDS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "openmp-21": ("openmp", {"version": "21.1.8"}),
    "openblas-pthreads": ("openblas", {"threads": "pthreads"}),
    "openblas-lp64": ("openblas", {"integers": "lp64"}),
    "openblas-new": ("openblas", {"version": "0.3.34"}),
}


@nox.session
def lint(session: nox.Session) -> None:
    session.install(".[lint]")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    session.install(".[test,lint]")
    session.run("mypy")


@nox.session
def tests(session: nox.Session) -> None:
    session.install(".[test]")
    session.run("python", "-m", "pytest", *session.posargs)


@nox.session
def full(session: nox.Session) -> None:
    """Take the trees of builds from libwheel's own cache where nothing has changed."""
    session.install(".[test]")
    wheels = Path(session.create_tmp())
    usual = wheels / "usual"
    build(session, usual, "openmp", {})
    openblas = build(session, usual, "openblas", {})
    built = {name: build(session, wheels / name, *what) for name, what in BUILDS.items()}
    benchmark(session, "zig")
    benchmark(session, "parallel")
    benchmark(session, "size", openblas)
    benchmark(session, "blas", openblas)
    benchmark(session, "threads", openblas, "--against", str(built["openblas-pthreads"]))


def build(session: nox.Session, folder: Path, recipe: str, choices: Mapping[str, str]) -> Path:
    """Build a library wheel, the only one of its recipe in the folder."""
    folder.mkdir(exist_ok=True)
    for old in folder.glob(f"{recipe}-*.whl"):
        old.unlink()
    options = [f"-C{name}={value}" for name, value in choices.items()]
    session.run("libwheel", "build", "-o", str(folder), *options, f"recipes/{recipe}")
    (wheel,) = folder.glob(f"{recipe}-*.whl")
    return wheel


def benchmark(session: nox.Session, name: str, *arguments: str | Path) -> None:
    """Run one of the benchmarks that have a limit; the session fails where it is broken."""
    session.run("python", f"benchmarks/{name}.py", *map(str, arguments))
