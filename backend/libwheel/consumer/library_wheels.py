"""The library wheels that are installed in an environment, as their locators describe them.

Nothing of the environment is imported: it may be another Python's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import Distribution, PathDistribution
from pathlib import Path

from packaging.specifiers import SpecifierSet
from packaging.tags import parse_tag

from libwheel import locator, naming
from libwheel.locator import Constants


@dataclass(frozen=True)
class LibraryWheel:
    """A library wheel in an environment.

    `compatible` is the range of versions that a consumer built against it may run with.
    `platforms` are the platform tags it was installed from. `site` is the folder of its
    dist-info.
    """

    name: str
    version: str
    compatible: SpecifierSet
    platforms: tuple[str, ...]
    site: Path
    constants: Constants
    distribution: Distribution

    @cached_property
    def libraries(self) -> Mapping[str, Path]:
        """Where RECORD says that its libraries are, by file name, dependencies first.

        A file that RECORD does not list is left out, one that the disk lacks is not.
        """
        found = {file.name: Path(str(file.locate())) for file in self.distribution.files or ()}
        return {
            name: found[name].parent.resolve() / name
            for name in self.constants.libraries
            if name in found
        }


def installed(site_folders: Iterable[Path]) -> tuple[LibraryWheel, ...]:
    """Return the library wheels of each folder in turn, as Python would find them.

    A name that an earlier folder has hides it in a later one.
    """
    found: dict[str, LibraryWheel] = {}
    for folder in site_folders:
        for wheel in _in_folder(folder):
            found.setdefault(wheel.name, wheel)
    return tuple(found.values())


def _in_folder(site: Path) -> Iterator[LibraryWheel]:
    """Yield them by their locators: a folder `*_pywheel` beside the dist-info of its name."""
    for module in sorted(site.glob(f"{naming.import_name('*')}/__init__.py")):
        try:
            constants = locator.read(module.read_text(encoding="utf-8"))
        except ValueError:
            continue  # somebody else's package
        for info in site.glob("*.dist-info"):
            if naming.canonical(info.name.partition("-")[0]) == constants.distribution:
                yield _described(PathDistribution(info), constants, site)


def _described(distribution: Distribution, constants: Constants, site: Path) -> LibraryWheel:
    lines = (distribution.read_text("WHEEL") or "").splitlines()
    tags = [line.removeprefix("Tag:").strip() for line in lines if line.startswith("Tag:")]
    return LibraryWheel(
        name=constants.distribution,
        version=distribution.version,
        compatible=SpecifierSet(constants.compatible),
        platforms=tuple(sorted({tag.platform for text in tags for tag in parse_tag(text)})),
        site=site,
        constants=constants,
        distribution=distribution,
    )
