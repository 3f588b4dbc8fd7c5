"""Make alone: everything is said by variables on its command line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from libwheel.buildsystems.job import PREFIX, Job
from libwheel.process import Command
from libwheel.recipe import Value

PROGRAMS = ("make",)

_FLAGS = ("CC", "CXX", "AR", "RANLIB", "STRIP", "CFLAGS", "CXXFLAGS", "LDFLAGS")


def commands(job: Job) -> tuple[Command, ...]:
    """Build and install, with the prefix under both of its usual names.

    On the command line, because a makefile's own assignments win over the environment.
    """
    given: Mapping[str, Value] = {
        **{name: job.variables[name] for name in _FLAGS if name in job.variables},
        "PREFIX": str(PREFIX),
        "prefix": str(PREFIX),
        **job.build.options,
    }
    variables = [f"{name}={_value(value)}" for name, value in given.items()]
    install = ("make", "install", *variables, f"DESTDIR={job.destination}")
    return (
        job.command("compile", job.top, "make", f"-j{job.jobs}", *variables, *job.build.targets),
        job.command("install", job.top, *install),
    )


def unused(job: Job, _log: str) -> list[str]:
    """Return the variables whose name stands in no makefile of the source tree."""
    texts = [path.read_text("utf-8", "replace") for path in _makefiles(job.source)]
    return [name for name in job.build.options if not any(_mentions(text, name) for text in texts)]


def _makefiles(source: Path) -> list[Path]:
    names = re.compile(r"(GNU)?[Mm]akefile.*|.*\.(mk|make|inc)")
    return [
        path for path in sorted(source.rglob("*")) if names.fullmatch(path.name) and path.is_file()
    ]


def _mentions(text: str, name: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) is not None


def _value(value: Value) -> str:
    """Return 1 for true and nothing for false: what makefiles test for."""
    return {True: "1", False: ""}[value] if isinstance(value, bool) else str(value)
