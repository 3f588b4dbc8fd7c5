"""CMake, with Ninja."""

from __future__ import annotations

import re
from collections.abc import Mapping

from libwheel.buildsystems.job import LIBDIR, PREFIX, Cross, Job
from libwheel.process import Command
from libwheel.recipe import Value
from libwheel.target import Os

REQUIRES = ("cmake>=3.26", "ninja>=1.11")

# What every build is told; a recipe's options come after it.
_OPTIONS: Mapping[str, Value] = {
    "BUILD_SHARED_LIBS": True,
    "CMAKE_BUILD_TYPE": "Release",
    "CMAKE_INSTALL_PREFIX": str(PREFIX),
    "CMAKE_INSTALL_LIBDIR": LIBDIR,
    "CMAKE_BUILD_RPATH_USE_ORIGIN": True,  # else the length of the build folder's name stays
    "CMAKE_SKIP_INSTALL_RPATH": True,
    "CMAKE_FIND_USE_PACKAGE_REGISTRY": False,
    "CMAKE_FIND_USE_SYSTEM_PACKAGE_REGISTRY": False,
    "FETCHCONTENT_FULLY_DISCONNECTED": True,
}


_SYSTEMS = {Os.LINUX: "Linux", Os.MACOS: "Darwin", Os.WINDOWS: "Windows"}
_PROCESSORS = {(Os.MACOS, "aarch64"): "arm64", (Os.WINDOWS, "x86_64"): "AMD64"}


def commands(job: Job) -> tuple[Command, ...]:
    """Configure, build, install; a relative path in an option starts at the source tree."""
    folder = str(job.folder)
    crossing = _crossing(job.cross, job.variables) if job.cross else {}
    given = {**_OPTIONS, **crossing, **job.build.options}
    options = [f"-D{name}={_value(v)}" for name, v in given.items()]
    targets = [word for target in job.build.targets for word in ("--target", target)]
    run = ("cmake", "--build", folder, "--parallel", str(job.jobs), *targets)
    install = ("env", f"DESTDIR={job.destination}", "cmake", "--install", folder)
    return (
        job.command(
            "configure",
            job.source,
            *("cmake", "-S", str(job.top), "-B", folder, "-G", "Ninja", *options),
        ),
        job.command("compile", job.source, *run),
        job.command("install", job.source, *install),
    )


def _crossing(cross: Cross, variables: Mapping[str, str]) -> Mapping[str, Value]:
    """Return what CMake is told of a toolchain that is not the machine's.

    Its name of the system makes a build a cross build: tests of programs are not run then. Nothing
    that the machine has for itself is found, wherever the programs run.
    """
    target = cross.target
    programs = ("AR", "RANLIB", "STRIP")  # CMake takes the compilers from CC and CXX by itself
    found: dict[str, Value] = {f"CMAKE_{name}": variables[name] for name in programs}
    found["CMAKE_FIND_ROOT_PATH"] = str(cross.root)
    found["CMAKE_FIND_ROOT_PATH_MODE_PROGRAM"] = "NEVER"
    for kind in ("INCLUDE", "LIBRARY", "PACKAGE"):
        found[f"CMAKE_FIND_ROOT_PATH_MODE_{kind}"] = "ONLY"
    if not target.is_of_host:
        found["CMAKE_SYSTEM_NAME"] = _SYSTEMS[target.os]
        found["CMAKE_SYSTEM_PROCESSOR"] = _PROCESSORS.get((target.os, target.arch), target.arch)
    if target.os is Os.WINDOWS:
        found["CMAKE_RC_COMPILER"] = variables["RC"]
    if target.os is Os.MACOS:
        major, minor = target.floor or (0, 0)
        found |= {
            "CMAKE_INSTALL_NAME_TOOL": variables["STRIP"],
            "CMAKE_OSX_DEPLOYMENT_TARGET": f"{major}.{minor}",
            "CMAKE_OSX_SYSROOT": "",
            "CMAKE_SKIP_RPATH": True,
        }
    return found


def unused(job: Job, log: str) -> list[str]:
    """Return the options in CMake's warning of variables that the project did not use."""
    found = re.search(
        r"Manually-specified variables were not used by the project:\n\n((?: .*\n)+)", log
    )
    names = found.group(1).split() if found else []
    return [name for name in job.build.options if name.partition(":")[0] in names]


def _value(value: Value) -> str:
    return {True: "ON", False: "OFF"}[value] if isinstance(value, bool) else str(value)
