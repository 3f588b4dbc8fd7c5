"""What a build system is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from libwheel.process import Command
from libwheel.recipe import Build
from libwheel.target import Target

# Where upstream is told it will live: a neutral place, so that no build path gets into the
# result; everything is installed below DESTDIR.
PREFIX = PurePosixPath("/usr/local")
LIBDIR = "lib"


@dataclass(frozen=True)
class Cross:
    """A toolchain that is not the machine's own, and whose libraries are not found there, either.

    Its programs are named by the job's variables, as AR; files about them can be in `folder`. All
    that may be found is in the prefix `root`.
    """

    target: Target
    folder: Path
    root: Path


@dataclass(frozen=True)
class Job:
    """One build: upstream's source tree, the build folder, DESTDIR, and the environment.

    `name` is the configuration's, which ends the title of each command; nothing where the
    recipe has none.
    """

    build: Build
    source: Path
    folder: Path
    destination: Path
    jobs: int
    variables: Mapping[str, str]
    name: str = ""
    cross: Cross | None = None

    @property
    def top(self) -> Path:
        """The folder with upstream's build files."""
        return self.source / self.build.folder

    @property
    def installed(self) -> Path:
        """The installed tree, below DESTDIR."""
        return self.destination / PREFIX.relative_to("/")

    def command(self, title: str, folder: Path, *argv: str) -> Command:
        full = f"{title}-{self.name}" if self.name else title
        return Command(full, argv, folder, self.variables)
