"""The native toolchain: the C compiler of this machine."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Sequence

from libwheel.errors import BuildError
from libwheel.settings import Environment
from libwheel.toolchains.toolchain import Toolchain

CC = ("cc", "gcc", "clang")
CXX = ("c++", "g++", "clang++")

NO_COMPILER = (
    f"no C compiler: none of {', '.join(CC)} is on PATH; install one (Debian: apt install gcc) or "
    "name it in CC"
)


def find(environment: Environment) -> Toolchain:
    """Return the compilers that CC and CXX name, or the usual ones on PATH.

    Raises BuildError where there is no C compiler or no `strip`.
    """
    cc = _chosen("CC", environment.cc, environment.path) or _first(CC, environment.path)
    if not cc:
        raise BuildError(NO_COMPILER)
    strip = _first(("strip",), environment.path)
    if not strip:
        raise BuildError("no `strip` on PATH; install binutils (Debian: apt install binutils)")
    cxx = _chosen("CXX", environment.cxx, environment.path) or _first(CXX, environment.path)
    asked = [(*program, "--version") for program in (cc, cxx, strip) if program]
    asked.append((*cc, "-Wl,--version"))
    said = [_first_line(argv, environment.path) for argv in asked]
    return Toolchain(cc, cxx, strip, "\n".join([*said, _libc()]))


def is_there(environment: Environment) -> bool:
    """Tell whether this machine has a C compiler, or CC names one."""
    return bool(environment.cc or _first(CC, environment.path))


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


def _first_line(argv: tuple[str, ...], path: str) -> str:
    """Return a command and the first line that it prints."""
    variables = {"PATH": path, "LC_ALL": "C"}
    try:
        result = subprocess.run(argv, env=variables, capture_output=True, check=False)
    except OSError as error:
        raise BuildError(f"cannot run {argv[0]}: {error.strerror}; is it a compiler?") from None
    if result.returncode:
        why = re.search(rb"error: (.*)", result.stderr)
        said = f": {why[1].decode(errors='replace')}" if why else ""
        raise BuildError(f"`{shlex.join(argv)}` failed; is it a compiler, with its linker?{said}")
    return f"{shlex.join(argv)}: {result.stdout.decode(errors='replace').partition(chr(10))[0]}"


def _libc() -> str:
    """Return glibc's name and version; nothing where there is another C library."""
    known = "CS_GNU_LIBC_VERSION" in os.confstr_names
    return (os.confstr("CS_GNU_LIBC_VERSION") or "") if known else ""
