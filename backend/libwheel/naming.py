"""Every name that carries the tag, computed in this one place.

File names follow the binary distribution format (wheel names, build tags) and the
normalisation rules of the PyPA specifications.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass

from libwheel.target import Os

_WORD = "pywheel"
_RPATH = "@rpath/"  # before install names: found by the RPATH of whoever needs the library


def canonical(name: str) -> str:
    """Return the normalised distribution name, as in ``hdf5`` or ``zlib-ng``."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pywheel(name: str) -> str:
    """``hdf5-pywheel``: the tagged name of a library wheel, or of a library."""
    return f"{name}-{_WORD}"


def import_name(wheel: str) -> str:
    """``hdf5_pywheel``: the locator package of the library wheel ``hdf5``."""
    return pywheel(wheel).replace("-", "_")


def cmake_target(wheel: str, library: str) -> str:
    """``hdf5-pywheel::hdf5_hl``: the imported target of a library."""
    return f"{pywheel(wheel)}::{library}"


@dataclass(frozen=True)
class Layout:
    """Where a library wheel's files are, below the installation prefix, and what they are called.

    `top` is what upstream takes for its prefix, empty for the prefix itself. `runtime` is the
    folder of what is loaded, `library` that of what is linked with; pkg-config and CMake files are
    below the latter. On Windows all of it is where conda has it, and its Python looks. `site` is
    where installers put packages, however those folders are called.
    """

    top: str
    runtime: str
    library: str
    include: str
    site: str
    file_prefix: str
    file_suffix: str

    @property
    def top_from_site(self) -> str:
        """``../../..``: the way from the folder of packages to the top."""
        return posixpath.relpath(f"/{self.top}", f"/{self.site}")

    def below_top(self, path: str) -> str:
        """``lib/x.lib`` for ``Library/lib/x.lib``: where a file is in upstream's own terms."""
        return path.removeprefix(f"{self.top}/")


_UNIX = ("", "lib", "lib", "include", "lib/pythonX.Y/site-packages", "lib")
_WINDOWS = ("Library", "Library/bin", "Library/lib", "Library/include", "Lib/site-packages", "")
_LAYOUTS: Mapping[Os, Layout] = {
    Os.LINUX: Layout(*_UNIX, ".so"),
    Os.MACOS: Layout(*_UNIX, ".dylib"),
    Os.WINDOWS: Layout(*_WINDOWS, ".dll"),
}


def layout(os: Os) -> Layout:
    return _LAYOUTS[os]


@dataclass(frozen=True)
class Tag:
    """What makes the names of one library wheel unique.

    `wheel` is the canonical distribution name, `version` the release in its normal form
    (PEP 440), `abi` the library's ABI (usually upstream's SOVERSION), `build` the wheel's
    build tag, `variant` what was chosen other than the defaults, a local version label. `os` is
    the target's: it decides what libraries' files are called, and where they are.
    """

    wheel: str
    version: str
    abi: str
    build: int
    variant: str = ""
    os: Os = Os.LINUX

    def __str__(self) -> str:
        """``openblas 0.3.29+pthreads``: the wheel, as a person names it."""
        return f"{self.wheel} {self.full_version}"

    @property
    def full_version(self) -> str:
        """``0.3.29+pthreads``: the wheel's version, with the local label of a variant."""
        return f"{self.version}+{self.variant}" if self.variant else self.version

    @property
    def pywheel(self) -> str:
        """``hdf5-pywheel``: the header and CMake folder, the CMake package."""
        return pywheel(self.wheel)

    @property
    def import_name(self) -> str:
        """``hdf5_pywheel``: the locator package."""
        return import_name(self.wheel)

    @property
    def exact(self) -> str:
        """``hdf5-pywheel-1.14.5-0``: the .pc name of this very build."""
        return f"{self.pywheel}-{self.full_version}-{self.build}"

    @property
    def version_node(self) -> str:
        """``HDF5_PYWHEEL_310``: the version node of every exported symbol."""
        return re.sub(r"\W", "_", f"{self.pywheel}_{self.abi}").upper()

    @property
    def layout(self) -> Layout:
        return layout(self.os)

    @property
    def include_folder(self) -> str:
        return f"{self.layout.include}/{self.pywheel}"

    @property
    def cmake_folder(self) -> str:
        return f"{self.layout.library}/cmake/{self.pywheel}"

    @property
    def pkgconfig_folder(self) -> str:
        return f"{self.layout.library}/pkgconfig"

    @property
    def release_stem(self) -> str:
        """``hdf5-1.14.5``: how the wheel's and the sdist's name begin."""
        return f"{self.wheel.replace('-', '_')}-{self.full_version}"

    @property
    def wheel_stem(self) -> str:
        """``hdf5-1.14.5-0``: the same with the build tag."""
        return f"{self.release_stem}-{self.build}"

    def wheel_tag(self, platform: str) -> str:
        """``py3-none-manylinux_2_17_x86_64``: the compatibility tag for a platform tag."""
        return f"py3-none-{platform}"

    def package(self, library: str) -> str:
        """``hdf5_hl-pywheel``: the .pc name of a library."""
        return pywheel(library)

    def cmake_target(self, library: str) -> str:
        """``hdf5-pywheel::hdf5_hl``: the imported target of a library."""
        return cmake_target(self.wheel, library)

    def link_name(self, stem: str) -> str:
        """``hdf5_hl-pywheel-310``: what follows ``-l``."""
        return f"{pywheel(stem)}-{self.abi}"

    def library_file(self, stem: str) -> str:
        """``libhdf5_hl-pywheel-310.so``: file name and SONAME; ``.dylib``, ``.dll`` elsewhere."""
        return self._file(self.link_name(stem))

    def load_name(self, stem: str) -> str:
        """``@rpath/libhdf5-pywheel-310.dylib``: by what its users name the library to the loader.

        Elsewhere than on macOS it is the file's name.
        """
        return f"{_RPATH if self.os is Os.MACOS else ''}{self.library_file(stem)}"

    def import_library_file(self, stem: str) -> str | None:
        """``hdf5_hl-pywheel-310.lib``: what is linked with where that is not the library itself."""
        return f"{self.link_name(stem)}.lib" if self.os is Os.WINDOWS else None

    def plain_library_file(self, stem: str) -> str:
        """``libhdf5.so``: what builds that know no tags look for; on Windows ``hdf5.lib``."""
        return f"{stem}.lib" if self.os is Os.WINDOWS else self._file(stem)

    def _file(self, name: str) -> str:
        return f"{self.layout.file_prefix}{name}{self.layout.file_suffix}"


# As Tag.library_file makes them.
_LIBRARY_FILE = re.compile(
    "|".join(
        rf"{one.file_prefix}{pywheel('(.+)')}-(.+){re.escape(one.file_suffix)}"
        for one in _LAYOUTS.values()
    )
)


@dataclass(frozen=True)
class TaggedFile:
    """What the file name of a library says: ``libhdf5_hl-pywheel-310.so`` of any wheel."""

    stem: str
    abi: str


def tagged_file(name: str) -> TaggedFile | None:
    """Take a file name or SONAME apart; None where it is no library wheel's."""
    match = _LIBRARY_FILE.fullmatch(name)
    return TaggedFile(*filter(None, match.groups())) if match else None


def wheel_of_node(node: str, abi: str) -> str | None:
    """``hdf5``: the library wheel whose version node this is; None where it is no such node."""
    wheel = canonical(node.rpartition(f"_{_WORD.upper()}_")[0])
    return wheel if wheel and Tag(wheel, "", abi, 0).version_node == node else None
