"""Upstream's build systems: one module each, which returns commands as data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from libwheel.buildsystems import autotools, cmake, make, meson
from libwheel.buildsystems.job import Job
from libwheel.process import Command


@dataclass(frozen=True)
class BuildSystem:
    """What a build system's module offers.

    `requires`: programs that it needs from the package index, as PEP 508 requirements.
    `programs`: those that it needs of the machine.
    `commands`: what builds and installs a job. `unused`: the options of the recipe that the
    project did not use, from the job's tree and what the first command printed. `files`: what the
    commands read beyond the source tree.
    """

    requires: tuple[str, ...]
    programs: tuple[str, ...]
    commands: Callable[[Job], tuple[Command, ...]]
    unused: Callable[[Job, str], list[str]]
    files: Callable[[Job], Mapping[Path, str]] = lambda _job: {}


SYSTEMS: Mapping[str, BuildSystem] = {
    "autotools": BuildSystem((), autotools.PROGRAMS, autotools.commands, autotools.unused),
    "cmake": BuildSystem(cmake.REQUIRES, (), cmake.commands, cmake.unused),
    "make": BuildSystem((), make.PROGRAMS, make.commands, make.unused),
    "meson": BuildSystem(meson.REQUIRES, (), meson.commands, meson.unused, meson.files),
}
