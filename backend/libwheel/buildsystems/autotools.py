"""Autotools: a `configure` script, then make."""

from __future__ import annotations

import re

from libwheel.buildsystems.job import LIBDIR, PREFIX, Job
from libwheel.process import Command
from libwheel.recipe import Value

PROGRAMS = ("make",)


def commands(job: Job) -> tuple[Command, ...]:
    """Configure, build, install, all in the source tree: not every configure can elsewhere."""
    options = [_option(name, value) for name, value in job.build.options.items()]
    places = (f"--prefix={PREFIX}", f"--libdir={PREFIX / LIBDIR}")
    return (
        job.command("configure", job.top, "sh", "./configure", *places, *options),
        job.command("compile", job.top, "make", f"-j{job.jobs}", *job.build.targets),
        job.command("install", job.top, "make", "install", f"DESTDIR={job.destination}"),
    )


def unused(job: Job, log: str) -> list[str]:
    """Return the options in configure's warning of those it does not recognise."""
    found = re.search(r"configure: WARNING: unrecognized options: (.*)", log)
    names = re.findall(r"--([\w-]+)", found.group(1)) if found else []
    return [name for name in job.build.options if name in names]


def _option(name: str, value: Value) -> str:
    """Return ``--enable-x`` for true, ``--enable-x=no`` for false, else ``--name=value``."""
    if value is True:
        return f"--{name}"
    return f"--{name}={'no' if value is False else value}"
