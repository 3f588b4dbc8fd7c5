"""The library wheels that one of ours is built against, and the prefix that its build sees.

An installed one is read by its RECORD and its locator's constants, a wheel's file by what is in
it: nothing of either is imported.
"""

from __future__ import annotations

import os
import shutil
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from libwheel import locator, naming
from libwheel.binaries import elf
from libwheel.binaries.binary import Binary
from libwheel.consumer import packages
from libwheel.consumer.library_wheels import LibraryWheel
from libwheel.errors import BuildError
from libwheel.files import sha256_of
from libwheel.locator import Constants
from libwheel.words import listed


@dataclass(frozen=True)
class RequiredWheel:
    """A library wheel that is built against.

    `version` is its full one, with the label of a variant. `files` is all that it puts into an
    environment, by its path below the prefix: ``lib/...``, ``include/...``. One that is not
    direct is here because another of them requires it.
    """

    version: str
    constants: Constants
    files: Mapping[PurePosixPath, Path]
    is_direct: bool = True

    def __str__(self) -> str:
        return f"{self.name} {self.version}"

    @property
    def name(self) -> str:
        return self.constants.distribution

    @property
    def compatible(self) -> str:
        """The versions that what is built against this one may run with, a PEP 440 specifier."""
        return self.constants.compatible

    @cached_property
    def libraries(self) -> Mapping[str, Binary]:
        """Its libraries by their file names, which NEEDED has."""
        names = self.constants.libraries
        return {name: elf.read(self.files[PurePosixPath("lib", name)]) for name in names}

    @cached_property
    def digests(self) -> Mapping[str, str]:
        """What of it can make a difference to a build: every file that the build sees."""
        return {str(name): sha256_of(path) for name, path in sorted(self.files.items())}


def installed(wheel: LibraryWheel) -> RequiredWheel:
    """Return one that is installed.

    Raises BuildError where files of it are missing, or where RECORD does not tell its files.
    """
    if damage := damage_of(wheel):
        raise BuildError(f"{wheel} is installed in {wheel.site} and of no use: {damage}")
    return RequiredWheel(wheel.version, wheel.constants, _recorded(wheel))


def damage_of(wheel: LibraryWheel) -> str:
    """Say what is wrong with an installed one, and what to do; nothing where it is whole."""
    again = f"python -m pip install --force-reinstall --no-deps '{wheel.name}=={wheel.version}'"
    if wheel.package.problem:
        return f"{wheel.package.problem}: {again}"
    if not wheel.constants.exact:
        return f"its locator {naming.import_name(wheel.name)} cannot be read: {again}"
    files = _recorded(wheel)
    promised = (PurePosixPath("lib", name) for name in wheel.constants.libraries)
    lacking = [str(place) for place in promised if place not in files]
    if lacking:
        return f"it was installed without {listed(lacking)} (`pip install --target`?): {again}"
    gone = [str(name) for name, path in files.items() if not packages.exists(path)]
    return f"{listed(gone)} {'is' if len(gone) == 1 else 'are'} gone: {again}" if gone else ""


def unpacked(wheel: Path, folder: Path) -> RequiredWheel:
    """Return the one whose wheel is given, made by us, with its files unpacked below `folder`."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    [scheme] = folder.glob("*.data/data")
    distribution, version, *_ = wheel.name.split("-")
    text = (folder / naming.import_name(distribution) / "__init__.py").read_text(encoding="utf-8")
    paths = (path for path in sorted(scheme.rglob("*")) if path.is_file())
    files = {PurePosixPath(path.relative_to(scheme)): path for path in paths}
    return RequiredWheel(version, locator.read(text), files)


def write_prefix(wheels: Iterable[RequiredWheel], folder: Path) -> None:
    """Put their files into a conventional prefix: under their own names, and under plain ones.

    They are copies, which an upstream's build may do with as it likes, and nothing that a tool
    could follow to a place outside: installers share files between environments (uv), and a
    pkg-config takes a linked .pc for what it leads to. The plain names are links in the prefix.
    Raises BuildError where two have one plain name.
    """
    owners: dict[PurePosixPath, RequiredWheel] = {}
    for wheel in wheels:
        for name, path in wheel.files.items():
            goal = folder / name
            goal.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, goal)
        for plain, own in _plain_names(wheel):
            other = owners.setdefault(plain, wheel)
            if other is not wheel:
                raise BuildError(f"{other} and {wheel} both have {plain}: no build can use both")
            link = folder / plain
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(os.path.relpath(folder / own, link.parent))


def _plain_names(wheel: RequiredWheel) -> Iterator[tuple[PurePosixPath, PurePosixPath]]:
    """Yield each further name in the prefix, and the name of the file that it stands for."""
    headers = PurePosixPath("include", wheel.constants.pywheel)
    for name in wheel.files:
        if name.is_relative_to(headers):
            yield PurePosixPath("include") / name.relative_to(headers), name
    for plain, goal in wheel.constants.plain.items():
        yield PurePosixPath(plain), PurePosixPath(goal)


def _recorded(wheel: LibraryWheel) -> dict[PurePosixPath, Path]:
    """Return what RECORD lists of the prefix, by its path there."""
    named = ((_place(recorded.name, wheel), recorded.name) for recorded in wheel.package.files)
    return {place: wheel.package.path(name) for place, name in named if place}


def _place(recorded: str, wheel: LibraryWheel) -> PurePosixPath | None:
    """Return the path below the prefix of what RECORD names; None for what is elsewhere.

    RECORD is relative to the site folder and may not name ``lib``: a site folder below lib goes
    up no further.
    """
    path, pywheel = PurePosixPath(recorded), wheel.constants.pywheel
    if path.parts[:1] not in (("..",), ("/",)):
        return None  # the locator, the dist-info
    if path.name in wheel.constants.libraries:
        return PurePosixPath("lib", path.name)
    if path.parts[-2:-1] == ("pkgconfig",):
        return PurePosixPath("lib", "pkgconfig", path.name)
    for folder, place in (("include", "include"), ("cmake", "lib/cmake")):
        for parent in path.parents:
            if parent.parts[-2:] == (folder, pywheel):
                return PurePosixPath(place, pywheel) / path.relative_to(parent)
    return None
