"""Builds a small C program against an installed library wheel, in the ways that README.md shows.

All of them take the variables CC, CFLAGS and LDFLAGS.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path

from environments import Venv, run, run_alone

Way = Callable[[Venv, Path, str, Sequence[str], Path], Path]


def by_pkg_config(
    venv: Venv, source: Path, pywheel: str, libraries: Sequence[str], folder: Path
) -> Path:
    """Call the compiler with what pkg-config says."""
    variables = {"PKG_CONFIG_PATH": _pkg_config_path(venv, pywheel)}
    packages = [f"{library}-pywheel" for library in libraries]
    flags = run("pkg-config", "--cflags", "--libs", *packages, variables=variables).split()
    libdir = run("pkg-config", "--variable=libdir", packages[0], variables=variables).strip()
    program = folder / "smoke"
    words = [
        word for name in ("CFLAGS", "LDFLAGS") for word in shlex.split(os.environ.get(name, ""))
    ]
    compiler = (os.environ.get("CC", "cc"), *words)
    run(*compiler, source, *flags, f"-Wl,-rpath,{libdir}", "-o", program)
    return program


def by_meson(
    venv: Venv, source: Path, pywheel: str, libraries: Sequence[str], folder: Path
) -> Path:
    """Let Meson find the libraries by name."""
    found = ", ".join(f"dependency('{library}-pywheel')" for library in libraries)
    (folder / "meson.build").write_text(
        f"project('smoke', 'c')\nexecutable('smoke', '{source.name}', dependencies: [{found}])\n"
    )
    (folder / source.name).write_bytes(source.read_bytes())
    variables = {"PKG_CONFIG_PATH": _pkg_config_path(venv, pywheel)}
    run("meson", "setup", "build", cwd=folder, variables=variables)
    run("meson", "compile", "-C", "build", cwd=folder, variables=variables)
    return folder / "build" / "smoke"


def by_cmake(
    venv: Venv, source: Path, pywheel: str, libraries: Sequence[str], folder: Path
) -> Path:
    """Let CMake find the package with nothing set but the activated environment's PATH."""
    targets = " ".join(f"{pywheel}::{library}" for library in libraries)
    (folder / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.15)\nproject(smoke C)\n"
        f"find_package({pywheel} REQUIRED COMPONENTS {' '.join(libraries)})\n"
        f"add_executable(smoke {source})\ntarget_link_libraries(smoke PRIVATE {targets})\n"
    )
    run("cmake", "-S", folder, "-B", folder / "build", "-G", "Ninja", variables={"PATH": venv.path})
    run("cmake", "--build", folder / "build", variables={"PATH": venv.path})
    return folder / "build" / "smoke"


WAYS: dict[str, Way] = {
    "pkg-config": by_pkg_config,
    "meson": by_meson,
    "cmake": by_cmake,
}


def loaded(program: Path) -> list[Path]:
    """Return the files that ldd says the program loads."""
    lines = run_alone("ldd", program, variables={"PATH": os.environ["PATH"]}).splitlines()
    return [
        Path(line.split(" => ")[1].split(" (")[0]).resolve() for line in lines if " => " in line
    ]


def _pkg_config_path(venv: Venv, pywheel: str) -> str:
    return venv.ask("-m", pywheel.replace("-", "_"), "pkgconfigdir")
