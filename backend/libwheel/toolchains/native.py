"""The native toolchain: the C compiler of this machine."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from collections.abc import Sequence

from libwheel.errors import BuildError
from libwheel.settings import Environment
from libwheel.toolchains.toolchain import Toolchain

CC = ("cc", "gcc", "clang")
CXX = ("c++", "g++", "clang++")


def find(environment: Environment) -> Toolchain:
    """Return the compilers that CC and CXX name, or the usual ones on PATH.

    Raises BuildError where there is no C compiler or no `strip`.
    """
    cc = _chosen("CC", environment.cc, environment.path) or _first(CC, environment.path)
    if not cc:
        raise BuildError(
            f"no C compiler: none of {', '.join(CC)} is on PATH; install one "
            "(Debian: apt install gcc) or name it in CC"
        )
    strip = _first(("strip",), environment.path)
    if not strip:
        raise BuildError("no `strip` on PATH; install binutils (Debian: apt install binutils)")
    cxx = _chosen("CXX", environment.cxx, environment.path) or _first(CXX, environment.path)
    programs = [program for program in (cc, cxx, strip) if program]
    fingerprint = "\n".join(_version(program, environment.path) for program in programs)
    return Toolchain("native", cc, cxx, strip, fingerprint)


def _chosen(variable: str, value: str, path: str) -> tuple[str, ...]:
    argv = shlex.split(value)
    if not argv:
        return ()
    program = shutil.which(argv[0], path=path)
    if program is None:
        raise BuildError(f"{variable} names {argv[0]!r}, which is not a program on PATH")
    return (program, *argv[1:])


def _first(names: Sequence[str], path: str) -> tuple[str, ...]:
    found = (shutil.which(name, path=path) for name in names)
    return next(((program,) for program in found if program), ())


def _version(argv: tuple[str, ...], path: str) -> str:
    """Return the program, its arguments and the first line of its ``--version``."""
    result = subprocess.run(
        (*argv, "--version"), env={"PATH": path, "LC_ALL": "C"}, capture_output=True, check=False
    )
    if result.returncode:
        raise BuildError(f"`{shlex.join(argv)} --version` failed; is it a compiler?")
    return f"{shlex.join(argv)}: {result.stdout.decode(errors='replace').partition(chr(10))[0]}"
