"""Relocatable pkg-config files: one for each library, and one that names the exact build."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from libwheel import locator
from libwheel.naming import Tag
from libwheel.staging import Role, StagedLibrary
from libwheel.target import Os

_BESIDE_THE_LIBRARIES = "../.."  # the way from there to the layout's top


@dataclass(frozen=True)
class Package:
    """What one .pc file says."""

    name: str
    description: str
    url: str
    version: str
    variables: Mapping[str, str]
    requires: tuple[str, ...]
    conflicts: tuple[str, ...]
    library_folder: str
    include_folder: PurePosixPath
    cflags: tuple[str, ...]
    libs: tuple[str, ...]

    def text(self, way: str, top: str = "prefix") -> str:
        """Return the file; `way` leads from its folder to the top, which is its variable `top`."""
        lines = [
            f"{top}=${{pcfiledir}}/{way}",
            f"libdir=${{{top}}}/{self.library_folder}",
            f"includedir=${{{top}}}/{self.include_folder}",
            *(f"{name}={value}" for name, value in self.variables.items()),
            "",
            f"Name: {self.name}",
            f"Description: {self.description}",
            *([f"URL: {self.url}"] if self.url else []),
            f"Version: {self.version}",
            *([f"Requires: {', '.join(self.requires)}"] if self.requires else []),
            *([f"Conflicts: {', '.join(self.conflicts)}"] if self.conflicts else []),
            " ".join(("Libs: -L${libdir}", *self.libs)),
            " ".join(("Cflags: -I${includedir}", *self.cflags)),
        ]
        return "\n".join(lines) + "\n"


def packages(tag: Tag, url: str, libraries: tuple[StagedLibrary, ...]) -> Mapping[str, Package]:
    """Return what each .pc file says, by the file's name.

    The exact build stands for the library that has the wheel's name, else the first.
    """
    found = {
        f"{tag.package(library.name)}.pc": _package(tag, url, library) for library in libraries
    }
    main = f"{tag.pywheel}.pc"
    if found:
        found[f"{tag.exact}.pc"] = found.get(main) or next(iter(found.values()))
    return found


def texts(found: Mapping[str, Package], tag: Tag) -> Mapping[tuple[Role, PurePosixPath], str]:
    """Return the files: once beside the libraries, once in the locator.

    pkg-config of Windows redefines `prefix`, as the folder two above the file's; in the locator
    that would be wrong.
    """
    inner = locator.way_to_top(tag), "top" if tag.os is Os.WINDOWS else "prefix"
    beside = {
        (Role.PKGCONFIG, PurePosixPath(tag.pkgconfig_folder, name)): p.text(_BESIDE_THE_LIBRARIES)
        for name, p in found.items()
    }
    inside = {
        (Role.LOCATOR, PurePosixPath(tag.import_name, "pkgconfig", name)): p.text(*inner)
        for name, p in found.items()
    }
    return beside | inside


def _package(tag: Tag, url: str, library: StagedLibrary) -> Package:
    layout = tag.layout
    return Package(
        name=tag.package(library.name),
        description=library.description,
        url=url,
        version=tag.version,
        variables=_variables(tag, library),
        requires=(
            *(tag.package(name) for name in library.requires),
            *(f"{tag.package(one.name)} >= {one.version}" for one in library.foreign),
        ),
        conflicts=tuple(tag.package(name) for name in library.conflicts),
        library_folder=layout.below_top(layout.library),
        include_folder=PurePosixPath(layout.below_top(tag.include_folder), library.include),
        cflags=library.cflags,
        libs=library.link_words(tag.link_name(library.stem)),
    )


def _variables(tag: Tag, library: StagedLibrary) -> Mapping[str, str]:
    """Return what is told in variables alone.

    `Version` has no label: to pkg-config ``0.3.29+pthreads`` is newer than ``0.3.29``, and not
    equal to it. `symbol_suffix` is read by NumPy's build and SciPy's.
    """
    found = {"variant": tag.variant, "symbol_suffix": library.suffix}
    return {name: value for name, value in found.items() if value}
