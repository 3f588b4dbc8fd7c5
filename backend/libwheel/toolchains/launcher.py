"""Compiler launchers: ccache, sccache and distcc, which stand before the compiler.

What they give back is what the compiler would have made: no key and no result depends on them.
"""

from __future__ import annotations

import hashlib
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from libwheel.errors import BuildError
from libwheel.settings import LAUNCHERS, NO_LAUNCHER, Environment

_CCACHE, _SCCACHE, _DISTCC = LAUNCHERS
# What CMake takes the launcher of a compiler from.
_COMPILERS = {"CC": "CMAKE_C_COMPILER_LAUNCHER", "CXX": "CMAKE_CXX_COMPILER_LAUNCHER"}
_NOT_FOR_ZIG = {
    _SCCACHE: "the objects that zig makes through it have other bytes than those it makes alone",
    _DISTCC: "its servers do not have zig",
}


@dataclass(frozen=True)
class Launcher:
    """A program that runs the compiler, or has what it made before.

    `variables` are what each build tells it: of the compilers, so that what an older one made is
    not taken for what this one would make.
    """

    name: str
    path: str
    variables: Mapping[str, str]

    def before(self, variables: Mapping[str, str], system: str) -> dict[str, str]:
        """Return what is changed in the environment of a build, and what is new in it."""
        compilers = [name for name in _COMPILERS if name in variables]
        if system == "cmake":  # which asks the compiler itself what it is
            launched = {_COMPILERS[name]: self.path for name in compilers}
        else:
            launched = {name: f"{shlex.quote(self.path)} {variables[name]}" for name in compilers}
        return {**launched, **self.variables}

    def start(self, environment: Environment) -> None:
        """Start sccache's server: one that a build's command started would be in the workspace."""
        if self.name == _SCCACHE:
            done = _run((self.path, "--show-stats"), environment, subprocess.DEVNULL)
            if done.returncode:
                raise BuildError(
                    f"sccache's server does not start: see `{self.path} --show-stats`; "
                    f"-C launcher={NO_LAUNCHER} builds without it"
                )


@dataclass(frozen=True)
class Compiler:
    """What is to be launched; `is_wrapped`: it is a script of the build's.

    `fingerprint` tells it from every compiler that may make something else.
    """

    argv: Sequence[str]
    fingerprint: str
    is_wrapped: bool


def find(
    environment: Environment, wanted: str | None, compiler: Compiler, note: Callable[[str], None]
) -> Launcher | None:
    """Return the launcher that is wanted, else the first that is found and can be used.

    Raises BuildError where one that is asked for cannot be used; `note` is told why another is
    not.
    """
    if wanted == NO_LAUNCHER:
        return None
    for name in (wanted,) if wanted else _usual(environment, compiler):
        path = shutil.which(name, path=environment.path)
        reason = _reason(name, path, environment, compiler)
        if path and not reason:
            return Launcher(name, path, _variables(name, compiler))
        if wanted:
            raise BuildError(f"-C launcher={name}: {reason}")
        if path:
            note(f"{name} is not used: {reason}")
    return None


def _usual(environment: Environment, compiler: Compiler) -> Sequence[str]:
    """Return those that are used unasked: distcc does nothing without hosts."""
    if compiler.is_wrapped:
        return [name for name in LAUNCHERS if name not in _NOT_FOR_ZIG]
    has_hosts = "DISTCC_HOSTS" in environment.launching
    return LAUNCHERS if has_hosts else (_CCACHE, _SCCACHE)


def _reason(name: str, path: str | None, environment: Environment, compiler: Compiler) -> str:
    """Return why a launcher cannot be used, if it cannot."""
    if not path:
        return f"it is not on PATH (Debian: apt install {name})"
    program = Path(compiler.argv[0])
    names = {program.name, program.resolve().name}
    if itself := names.intersection(LAUNCHERS):
        return f"the compiler {program} is {itself.pop()} already"
    if compiler.is_wrapped and name in _NOT_FOR_ZIG:
        return f"zig compiles, and {_NOT_FOR_ZIG[name]}; {_CCACHE} works with it"
    return _no_place(path, environment) if name == _CCACHE else ""


def _no_place(path: str, environment: Environment) -> str:
    """Return why ccache cannot write to its cache: it would let each compilation fail."""
    done = _run((path, "--get-config", "cache_dir"), environment, subprocess.PIPE)
    folder = Path(done.stdout.strip())
    if done.returncode or not folder.is_absolute():
        return f"it does not know where its cache is (CCACHE_DIR): {done.stderr.strip()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return ""
    except OSError as error:
        return f"it cannot write to its cache, {folder}: {error.strerror}"


def _variables(name: str, compiler: Compiler) -> dict[str, str]:
    """Return what tells a compiler from another: a wrapper's text is not all of it."""
    digest = hashlib.sha256(compiler.fingerprint.encode()).hexdigest()
    if name == _CCACHE:
        kind = {"CCACHE_COMPILERTYPE": "clang"} if compiler.is_wrapped else {}
        return {"CCACHE_COMPILERCHECK": f"string:{digest}", **kind}
    return {"SCCACHE_C_CUSTOM_CACHE_BUSTER": digest} if name == _SCCACHE else {}


def _run(
    argv: Sequence[str], environment: Environment, output: int
) -> subprocess.CompletedProcess[str]:
    home = {"HOME": str(environment.home)} if environment.home else {}
    variables = {"PATH": environment.path, **home, **environment.launching}
    return subprocess.run(
        argv,
        env=variables,
        stdout=output,
        stderr=output,
        stdin=subprocess.DEVNULL,
        text=True,
        check=False,
        start_new_session=True,
    )
