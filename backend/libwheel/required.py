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
from libwheel.binaries import reading
from libwheel.binaries.binary import Binary
from libwheel.consumer import packages
from libwheel.consumer.library_wheels import LibraryWheel
from libwheel.errors import BuildError
from libwheel.files import sha256_of
from libwheel.locator import Constants
from libwheel.naming import Layout, Tag
from libwheel.target import Os
from libwheel.words import listed


@dataclass(frozen=True)
class RequiredWheel:
    """A library wheel that is built against.

    `version` is its full one, with the label of a variant. `files` is all that it puts into an
    environment, by its path below the layout's top: ``lib/...``, ``include/...``. One that is not
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
    def layout(self) -> Layout:
        return naming.layout(Os(self.constants.system))

    @cached_property
    def libraries(self) -> Mapping[str, Binary]:
        """Its libraries by their file names, which NEEDED has."""
        folder = self.layout.below_top(self.layout.runtime)
        names = self.constants.libraries
        return {name: reading.read(self.files[PurePosixPath(folder, name)]) for name in names}

    @cached_property
    def plain_names(self) -> Mapping[PurePosixPath, PurePosixPath]:
        """Each further name in a conventional prefix, and the name of the file it stands for.

        They are those that the locator's `prefix` has.
        """
        plain = self.constants.plain.items()
        own = {PurePosixPath(name): PurePosixPath(goal) for name, goal in plain}
        return {**dict(self._plain_headers()), **own}

    def _plain_headers(self) -> Iterator[tuple[PurePosixPath, PurePosixPath]]:
        """Yield the headers that are to be in include itself: of libraries that go together.

        Of what two folders have under one name the later one's is there, and nothing of the other;
        the wheel's own folder comes before either's of its name.
        """
        top = PurePosixPath("include", self.constants.pywheel)
        offers = self.constants.offers
        folders = [top / offers[name]["include"] for name in self.constants.together]
        places = dict.fromkeys((top, *folders))
        below = [(n.relative_to(p), p) for p in places for n in self.files if n.is_relative_to(p)]
        chosen = {name.parts[0]: place for name, place in below}
        for name, place in below:
            if chosen[name.parts[0]] == place and name.parts[0] != top.name:
                yield "include" / name, place / name

    @cached_property
    def digests(self) -> Mapping[str, str]:
        """What of it can make a difference to a build: every file and link that the build sees."""
        files = {str(name): sha256_of(path) for name, path in sorted(self.files.items())}
        links = {str(name): f"-> {goal}" for name, goal in sorted(self.plain_names.items())}
        return files | links


def installed(wheel: LibraryWheel) -> RequiredWheel:
    """Return one that is installed, and has no damage."""
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


def unpacked(wheel: Path, tag: Tag, folder: Path) -> RequiredWheel:
    """Return the one whose wheel is given, made by us, with its files unpacked below `folder`."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    [scheme] = folder.glob("*.data/data")
    top = scheme / tag.layout.top
    text = (folder / tag.import_name / "__init__.py").read_text(encoding="utf-8")
    paths = (path for path in sorted(top.rglob("*")) if path.is_file())
    files = {PurePosixPath(path.relative_to(top)): path for path in paths}
    return RequiredWheel(tag.full_version, locator.read(text), files)


def write_prefix(wheels: Iterable[RequiredWheel], folder: Path) -> None:
    """Put their files into a conventional prefix: under their own names, and under plain ones.

    They are copies, which an upstream's build may do with as it likes, and nothing that a tool
    could follow to a place outside: installers share files between environments (uv), and a
    pkg-config takes a linked .pc for what it leads to. The plain names are links in the prefix.
    Raises BuildError where two have one name, or one a name that leads out of the prefix.
    """
    owners: dict[PurePosixPath, RequiredWheel] = {}
    for wheel in wheels:
        for name in (*wheel.files, *wheel.plain_names):
            other = owners.setdefault(name, wheel)
            if other is not wheel:
                raise BuildError(f"{other} and {wheel} both have {name}: no build can use both")
        for name, path in wheel.files.items():
            shutil.copyfile(path, _goal(folder, name, wheel))
        for plain, own in wheel.plain_names.items():
            goal = _goal(folder, plain, wheel)
            goal.symlink_to(os.path.relpath(_goal(folder, own, wheel), goal.parent))


def _goal(folder: Path, name: PurePosixPath, wheel: RequiredWheel) -> Path:
    """Return the place of a name in the prefix, whose folder is there then."""
    if name.is_absolute() or ".." in name.parts:
        raise BuildError(f"{wheel} names {str(name)!r}, which would be outside the build's prefix")
    goal = folder / name
    goal.parent.mkdir(parents=True, exist_ok=True)
    return goal


def _recorded(wheel: LibraryWheel) -> dict[PurePosixPath, Path]:
    """Return what RECORD lists of the prefix, by its path there."""
    named = ((_place(recorded.name, wheel), recorded.name) for recorded in wheel.package.files)
    return {place: wheel.package.path(name) for place, name in named if place}


def _place(recorded: str, wheel: LibraryWheel) -> PurePosixPath | None:
    """Return the path below the prefix of what RECORD names; None for what is elsewhere.

    It is known by its end, as the locator knows it. RECORD is relative to the site folder and may
    not name ``lib``: a site folder below lib goes up no further. Where the site folder is the
    prefix (`uv pip install --target`), it goes up nowhere.
    """
    path, pywheel = PurePosixPath(recorded), wheel.constants.pywheel
    if path.parts[:1] in ((naming.import_name(wheel.name),), (wheel.package.info.name,)):
        return None
    if path.name in wheel.constants.libraries:
        return PurePosixPath("lib", path.name)
    if path.parts[-2:-1] == ("pkgconfig",):
        return PurePosixPath("lib", "pkgconfig", path.name)
    for folder, place in (("include", "include"), ("cmake", "lib/cmake")):
        for parent in path.parents:
            if parent.parts[-2:] == (folder, pywheel):
                return PurePosixPath(place, pywheel) / path.relative_to(parent)
    return None
