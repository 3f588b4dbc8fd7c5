"""The zig toolchain: one compiler, from the package index, for every target that has a name."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from libwheel import programs
from libwheel.errors import BuildError
from libwheel.programs import Program
from libwheel.settings import Environment
from libwheel.target import NAME_ANOTHER, NAMED, Format, Os, Target
from libwheel.toolchains import zig_wrapper
from libwheel.toolchains.toolchain import Toolchain

REQUIREMENT = "ziglang==0.17.0"

# Compilers that a source may need and zig is none of: what they make is for this machine alone.
LACKS = frozenset({"gfortran"})

# A DLL that declares no exports exports everything, and of zig's own C runtime these as well: who
# links with it would take another's atexit. A link option would say so; zig refuses that.
_HIDDEN_RUNTIME = ("atexit", "_CRT_INIT", "__mingw_module_is_dll")

_MACHINES = sorted({name.partition("-")[0] for name in NAMED})
_PYTHON = "python3"
# Its package has no program `zig` in `bin`.
_WHERE = "import pathlib, ziglang; print(pathlib.Path(ziglang.__file__).parent)"
_ON_PATH = f"export PATH=\"$({_PYTHON} -c '{_WHERE}'):$PATH\""
_OTHERS = ("AR", "RANLIB", "STRIP")
_OTHERS_FOR_WINDOWS = (*_OTHERS, "RC")


def find(
    environment: Environment,
    target: Target,
    names: Mapping[str, str],
    requirement: str = REQUIREMENT,
) -> Toolchain:
    """Return zig as the toolchain for a target.

    `names` are the file names of the libraries that are promised, by upstream's stem; where the
    format has it so, they get them when they are linked. Raises BuildError where zig is not
    there, and for a machine that is in no target's name: what is native may be any.
    """
    if target.arch not in _MACHINES:
        known = " and ".join(_MACHINES)
        raise BuildError(f"zig compiles for {known}, not for {target.arch}: {NAME_ANOTHER}")
    zig = programs.find(requirement, environment.path)
    others = _OTHERS_FOR_WINDOWS if target.os is Os.WINDOWS else _OTHERS
    cache = environment.cache / "zig"  # of C libraries; builds in parallel may share it
    return Toolchain(
        cc=("cc",),
        cxx=("c++",),
        strip=(),
        fingerprint=f"zig {zig.version} for {target}",
        others={name: name.lower() for name in others},
        files=files(target, names),
        programs=(zig, *_python(environment.path)),
        on_path=(f"{_PYTHON} -m pip install {requirement}", _ON_PATH),
        variables={"ZIG_GLOBAL_CACHE_DIR": str(cache)},
        cache=cache,
    )


def files(target: Target, names: Mapping[str, str]) -> Mapping[str, str]:
    """Return the scripts that stand for the compilers and their kin, by their names.

    Beside them is the package that the compilers' run; Python keeps its bytecode there.
    """
    is_edited = target.format is Format.ELF
    renamed = () if is_edited else tuple(f"{stem}={file}" for stem, file in names.items())
    facts = (zig_name(target), target.gnu, *renamed)
    return {
        **{name: _compiler(name, facts) for name in ("cc", "c++")},
        "ar": _script('exec zig ar "$@"'),
        "ranlib": _script('exec zig ranlib "$@"'),
        "ld": _script('exec zig ld.lld "$@"', "Libtool asks a linker for its name."),
        "strip": _script("exit 0", "What is shipped is stripped when all is linked."),
        **(_for_windows() if target.os is Os.WINDOWS else {}),
        **_wrapper(),
    }


def _for_windows() -> Mapping[str, str]:
    words = "".join(f" -exclude-symbols:{name}" for name in _HIDDEN_RUNTIME)
    directives = f'.section .drectve,"yn"\n.ascii "{words}"\n'
    return {"rc": _script('exec zig rc "$@"'), zig_wrapper.DIRECTIVES: directives}


def _wrapper() -> Mapping[str, str]:
    folder = Path(zig_wrapper.__file__).parent
    modules = sorted(folder.glob("*.py"))
    return {f"{folder.name}/{path.name}": path.read_text("utf-8") for path in modules}


def zig_name(target: Target) -> str:
    """Return what zig calls the target: of Windows it has two kinds; macOS 11 has to be 11.0."""
    if target.os is Os.MACOS and target.floor:
        major, minor = target.floor
        return f"{target.arch}-macos.{major}.{minor}"
    return f"{target}-gnu" if target.os is Os.WINDOWS else str(target)


_START = "import sys; sys.path.insert(0, sys.argv[1])"
_GO = "from zig_wrapper.program import main; sys.exit(main(sys.argv[2:]))"


def _compiler(name: str, facts: tuple[str, ...]) -> str:
    start = f"exec {_PYTHON} -I -S -c '{_START}; {_GO}'"
    return _script(f'{start} "${{0%/*}}" {name} {shlex.join(facts)} -- "$@"')


def _script(line: str, why: str = "") -> str:
    comment = [f"# {why}"] if why else []
    return "\n".join(["#!/bin/sh", *comment, line, ""])


def _python(path: str) -> tuple[Program, ...]:
    """Return this interpreter, where another one, or none, is found on PATH.

    The first there may be a shim that takes longer than a compiler.
    """
    own = Path(sys.executable).parent
    found = shutil.which(_PYTHON, path=path)
    if found and Path(found).parent == own:
        return ()
    if not os.access(own / _PYTHON, os.X_OK):
        raise BuildError(f"there is no {_PYTHON} beside {sys.executable}; zig's scripts need it")
    return (Program(own / _PYTHON, ""),)
