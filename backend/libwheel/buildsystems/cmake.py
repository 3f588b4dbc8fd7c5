"""CMake, with Ninja."""

from __future__ import annotations

import re
from collections.abc import Mapping

from libwheel.buildsystems.job import LIBDIR, PREFIX, Job
from libwheel.process import Command
from libwheel.recipe import Value

REQUIRES = ("cmake>=3.26", "ninja>=1.11")

# What every build is told; a recipe's options come after it.
_OPTIONS: Mapping[str, Value] = {
    "BUILD_SHARED_LIBS": True,
    "CMAKE_BUILD_TYPE": "Release",
    "CMAKE_INSTALL_PREFIX": str(PREFIX),
    "CMAKE_INSTALL_LIBDIR": LIBDIR,
    "CMAKE_SKIP_INSTALL_RPATH": True,
    "CMAKE_FIND_USE_PACKAGE_REGISTRY": False,
    "CMAKE_FIND_USE_SYSTEM_PACKAGE_REGISTRY": False,
    "FETCHCONTENT_FULLY_DISCONNECTED": True,
}


def commands(job: Job) -> tuple[Command, ...]:
    """Configure, build, install; a relative path in an option starts at the source tree."""
    folder = str(job.folder)
    options = [f"-D{name}={_value(v)}" for name, v in ({**_OPTIONS, **job.build.options}).items()]
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


def unused(job: Job, log: str) -> list[str]:
    """Return the options in CMake's warning of variables that the project did not use."""
    found = re.search(
        r"Manually-specified variables were not used by the project:\n\n((?: .*\n)+)", log
    )
    names = found.group(1).split() if found else []
    return [name for name in job.build.options if name.partition(":")[0] in names]


def _value(value: Value) -> str:
    return {True: "ON", False: "OFF"}[value] if isinstance(value, bool) else str(value)
