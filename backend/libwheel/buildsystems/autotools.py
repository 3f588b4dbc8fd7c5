"""Autotools: a `configure` script, then make."""

from __future__ import annotations

import platform
import re

from libwheel.buildsystems.job import LIBDIR, PREFIX, Cross, Job
from libwheel.process import Command
from libwheel.recipe import Value

PROGRAMS = ("make",)


def commands(job: Job) -> tuple[Command, ...]:
    """Configure, build, install, all in the source tree: not every configure can elsewhere."""
    options = [_option(name, value) for name, value in job.build.options.items()]
    places = (f"--prefix={PREFIX}", f"--libdir={PREFIX / LIBDIR}")
    words = ("sh", "./configure", *places, *_crossing(job.cross), *options)
    return (
        job.command("configure", job.top, *words),
        job.command("compile", job.top, "make", f"-j{job.jobs}", *job.build.targets),
        job.command("install", job.top, "make", "install", f"DESTDIR={job.destination}"),
    )


def unused(job: Job, log: str) -> list[str]:
    """Return the options in configure's warning of those it does not recognise."""
    found = re.search(r"configure: WARNING: unrecognized options: (.*)", log)
    names = re.findall(r"--([\w-]+)", found.group(1)) if found else []
    return [name for name in job.build.options if name in names]


def _crossing(cross: Cross | None) -> tuple[str, ...]:
    """Return what makes a build one for another machine: no test program is run then."""
    if cross is None or cross.target.is_of_host:
        return ()
    return (f"--build={platform.machine()}-pc-linux-gnu", f"--host={cross.target.gnu}")


def _option(name: str, value: Value) -> str:
    """Return ``--enable-x`` for true, ``--enable-x=no`` for false, else ``--name=value``."""
    if value is True:
        return f"--{name}"
    return f"--{name}={'no' if value is False else value}"
