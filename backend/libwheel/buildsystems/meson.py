"""Meson, with Ninja."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

from libwheel.buildsystems.job import LIBDIR, PREFIX, Cross, Job
from libwheel.process import Command
from libwheel.recipe import Value
from libwheel.target import Os

REQUIRES = ("meson>=1.3", "ninja>=1.11")


_COMPILERS = {"c": "CC", "cpp": "CXX"}  # with a launcher, where there is one
_SYSTEMS = {Os.LINUX: "linux", Os.MACOS: "darwin", Os.WINDOWS: "windows"}


def commands(job: Job) -> tuple[Command, ...]:
    """Configure, build, install."""
    folder = str(job.folder)
    options = [f"-D{name}={_value(value)}" for name, value in job.build.options.items()]
    places = (f"--prefix={PREFIX}", f"--libdir={LIBDIR}")
    cross = (f"--cross-file={_cross_file(job.cross)}",) if job.cross else ()
    habits = ("--buildtype=release", "--wrap-mode=nodownload")
    return (
        job.command(
            "configure",
            job.source,
            *("meson", "setup", *places, *habits, *cross, *options, folder, str(job.top)),
        ),
        job.command(
            "compile",
            job.source,
            *("meson", "compile", "-C", folder, "-j", str(job.jobs), *job.build.targets),
        ),
        job.command(
            "install",
            job.source,
            *("meson", "install", "-C", folder, "--no-rebuild", "--destdir", str(job.destination)),
        ),
    )


def files(job: Job) -> Mapping[Path, str]:
    """Return the file that tells Meson of a toolchain which is not the machine's."""
    if not job.cross:
        return {}
    target, variables = job.cross.target, job.variables
    sections: Mapping[str, Mapping[str, str | bool | list[str]]] = {
        "binaries": {
            **{name: shlex.split(variables[v]) for name, v in _COMPILERS.items()},
            **{name: variables[name.upper()] for name in ("ar", "ranlib", "strip")},
            "pkg-config": "pkg-config",
        },
        "host_machine": {
            "system": _SYSTEMS[target.os],
            "cpu_family": target.arch,
            "cpu": target.arch,
            "endian": "little",
        },
        "properties": {
            "needs_exe_wrapper": not target.is_of_host,
            "pkg_config_libdir": f"{job.cross.root}/lib/pkgconfig",
        },
    }
    return {_cross_file(job.cross): "\n".join(map(_section, sections, sections.values()))}


def _section(name: str, values: Mapping[str, str | bool | list[str]]) -> str:
    lines = (
        f"{key} = {str(v).lower() if isinstance(v, bool) else repr(v)}" for key, v in values.items()
    )
    return "\n".join([f"[{name}]", *lines, ""])


def _cross_file(cross: Cross) -> Path:
    return cross.folder / "meson.ini"


def unused(_job: Job, _log: str) -> list[str]:
    """Return nothing: an option that the project does not have makes `meson setup` fail."""
    return []


def _value(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
