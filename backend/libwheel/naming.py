"""Every name that carries the tag, computed in this one place.

File names follow the binary distribution format (wheel names, build tags) and the
normalisation rules of the PyPA specifications.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_WORD = "pywheel"


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
class Tag:
    """What makes the names of one library wheel unique.

    `wheel` is the canonical distribution name, `version` the release in its normal form
    (PEP 440), `abi` the library's ABI (usually upstream's SOVERSION), `build` the wheel's
    build tag, `variant` what was chosen other than the defaults, a local version label.
    """

    wheel: str
    version: str
    abi: str
    build: int
    variant: str = ""

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
    def include_folder(self) -> str:
        return f"include/{self.pywheel}"

    @property
    def cmake_folder(self) -> str:
        return f"lib/cmake/{self.pywheel}"

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
        """``libhdf5_hl-pywheel-310.so``: file name and SONAME."""
        return f"lib{self.link_name(stem)}.so"

    def plain_library_file(self, stem: str) -> str:
        """``libhdf5_hl.so``: what builds that know no tags look for."""
        return f"lib{stem}.so"


_LIBRARY_FILE = re.compile(rf"lib{pywheel('(.+)')}-(.+)\.so")  # as Tag.library_file makes them


@dataclass(frozen=True)
class TaggedFile:
    """What the file name of a library says: ``libhdf5_hl-pywheel-310.so`` of any wheel."""

    stem: str
    abi: str


def tagged_file(name: str) -> TaggedFile | None:
    """Take a file name or SONAME apart; None where it is no library wheel's."""
    match = _LIBRARY_FILE.fullmatch(name)
    return TaggedFile(match[1], match[2]) if match else None


def wheel_of_node(node: str, abi: str) -> str | None:
    """``hdf5``: the library wheel whose version node this is; None where it is no such node."""
    wheel = canonical(node.rpartition(f"_{_WORD.upper()}_")[0])
    return wheel if wheel and Tag(wheel, "", abi, 0).version_node == node else None
