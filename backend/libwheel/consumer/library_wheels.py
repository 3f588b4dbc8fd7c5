"""The library wheels that are installed in an environment, as their locators describe them.

Nothing of the environment is imported: it may be another Python's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.tags import parse_tag

from libwheel import locator, naming
from libwheel.consumer import packages
from libwheel.consumer.packages import Package
from libwheel.locator import Constants


@dataclass(frozen=True)
class LibraryWheel:
    """A library wheel in an environment.

    `compatible` is the range of versions that a consumer built against it may run with.
    `requires` are the library wheels that this one runs with. `platforms` are the platform tags
    it was installed from.
    """

    name: str
    version: str
    compatible: SpecifierSet
    requires: tuple[Requirement, ...]
    platforms: tuple[str, ...]
    constants: Constants
    package: Package

    def __str__(self) -> str:
        return f"{self.name} {self.version}"

    @property
    def site(self) -> Path:
        """The folder of its dist-info."""
        return self.package.site

    @cached_property
    def libraries(self) -> Mapping[str, Path]:
        """Where RECORD says that its libraries are, by file name, dependencies first.

        A file that RECORD does not list is left out, one that the disk lacks is not. Where
        there is no RECORD, they are where they would be in a virtual environment.
        """
        names = {PurePosixPath(file.name).name: file.name for file in self.package.files}
        names = names or {name: f"../../{name}" for name in self.constants.libraries}
        return {
            name: self.package.path(names[name])
            for name in self.constants.libraries
            if name in names
        }


def installed(site_folders: Iterable[Path]) -> tuple[LibraryWheel, ...]:
    """Return the library wheels of each folder in turn, as Python would find them.

    A name that an earlier folder has hides it in a later one. One whose locator cannot be read
    is left out.
    """
    found = map(_described, packages.installed(site_folders))
    return tuple(wheel for wheel in found if wheel)


def among(installed: Iterable[Package]) -> tuple[LibraryWheel, ...]:
    """Return the library wheels among these, also what is left of one that has lost its locator."""
    found = (_described(package) or _remains(package) for package in installed)
    return tuple(wheel for wheel in found if wheel)


def _described(package: Package) -> LibraryWheel | None:
    """Describe it by its locator: a folder NAME_pywheel beside the dist-info of its name."""
    try:
        text = (package.site / _locator(package)).read_text(encoding="utf-8")
        constants = locator.read(text)
        compatible = SpecifierSet(constants.compatible)
        versions = constants.requires.items()
        requires = tuple(Requirement(f"{name}{text}") for name, text in versions)
    except (OSError, ValueError):
        return None  # it has none, or it is somebody else's
    if constants.distribution != package.key:
        return None
    return _wheel(package, constants, compatible, requires)


def _remains(package: Package) -> LibraryWheel | None:
    """Describe it by what RECORD lists: a locator and libraries."""
    names = [file.name for file in package.files]
    libraries = [name for path in names if naming.tagged_file(name := PurePosixPath(path).name)]
    if not libraries or _locator(package) not in names:
        return None
    pywheel = naming.pywheel(package.key)
    constants = Constants(package.key, pywheel, "", "", tuple(libraries), {}, {}, {})
    return _wheel(package, constants, SpecifierSet(), ())


def _locator(package: Package) -> str:
    return f"{naming.import_name(package.key)}/__init__.py"


def _wheel(
    package: Package,
    constants: Constants,
    compatible: SpecifierSet,
    requires: tuple[Requirement, ...],
) -> LibraryWheel:
    return LibraryWheel(
        name=package.key,
        version=package.version,
        compatible=compatible,
        requires=requires,
        platforms=tuple(sorted(set(_platforms(package)))),
        constants=constants,
        package=package,
    )


def _platforms(package: Package) -> Iterator[str]:
    try:
        lines = (package.info / "WHEEL").read_text(encoding="utf-8").splitlines()
        for line in lines:
            if line.startswith("Tag:"):
                text = line.removeprefix("Tag:").strip()
                yield from (tag.platform for tag in parse_tag(text))
    except (OSError, ValueError):
        return  # files-missing and file-changed tell
