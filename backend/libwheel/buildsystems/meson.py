"""Meson, with Ninja."""

from __future__ import annotations

from libwheel.buildsystems.job import LIBDIR, PREFIX, Job
from libwheel.process import Command
from libwheel.recipe import Value

REQUIRES = ("meson>=1.3", "ninja>=1.11")


def commands(job: Job) -> tuple[Command, ...]:
    """Configure, build, install."""
    folder = str(job.folder)
    options = [f"-D{name}={_value(value)}" for name, value in job.build.options.items()]
    places = (f"--prefix={PREFIX}", f"--libdir={LIBDIR}")
    habits = ("--buildtype=release", "--wrap-mode=nodownload")
    return (
        job.command(
            "configure",
            job.source,
            *("meson", "setup", *places, *habits, *options, folder, str(job.top)),
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


def unused(_job: Job, _log: str) -> list[str]:
    """Return nothing: an option that the project does not have makes `meson setup` fail."""
    return []


def _value(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
