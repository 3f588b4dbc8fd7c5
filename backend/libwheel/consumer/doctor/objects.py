"""The ELF files of an environment's distributions, and what each of them is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from libwheel.binaries import elf, elf_light
from libwheel.binaries.elf_light import Glance
from libwheel.consumer import packages
from libwheel.consumer.packages import Package
from libwheel.errors import BuildError

_SHARED = re.compile(r"\.so(\.[^/]+)?$")
_LIBRARY = re.compile(r"\.so(\.\d+)*$")  # by its name nothing but a shared library
_NO_SUFFIX = re.compile(r"(^|/)[^/.]+$")
_INIT = ("PyInit_", "PyModExport_")  # what Python looks up in an extension module


@dataclass(frozen=True)
class Object:
    """An ELF file; `exports` are the names of the strong symbols that it offers."""

    path: Path
    owner: Package
    glance: Glance
    exports: frozenset[str]

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def is_program(self) -> bool:
        return not _SHARED.search(self.name)

    @cached_property
    def is_extension(self) -> bool:
        """Whether Python imports it. What is neither this nor a program is a library."""
        return exports_a_module(self.exports)

    @property
    def is_library(self) -> bool:
        return not self.is_extension and not self.is_program


@dataclass(frozen=True)
class Unsound:
    """A file that is called a shared library and cannot be read as one."""

    path: Path
    owner: Package
    reason: str


def exports_a_module(exports: Iterable[str]) -> bool:
    """Tell whether Python finds what it looks up in an extension module."""
    return any(name.startswith(_INIT) for name in exports)


def read(installed: Iterable[Package]) -> tuple[tuple[Object, ...], tuple[Unsound, ...]]:
    """Return the files that RECORD lists and the disk has: the sound ones, the others."""
    sound: dict[Path, Object] = {}
    unsound: list[Unsound] = []
    for package in installed:
        for path in _candidates(package):
            try:
                if _is_of_the_loader(path):
                    sound.setdefault(path, _object(path, package))
            except OSError as error:
                unsound.append(Unsound(path, package, f"cannot be read: {error.strerror}"))
            except BuildError as error:
                unsound.append(Unsound(path, package, str(error).removeprefix(f"{path}: ")))
    return tuple(sound.values()), tuple(unsound)


def _candidates(package: Package) -> Iterator[Path]:
    for file in package.files:
        if _SHARED.search(file.name):
            path = package.path(file.name)
            if packages.exists(path):
                yield path
        elif _NO_SUFFIX.search(file.name) and ".dist-info/" not in file.name:
            path = package.path(file.name)
            if _is_program(path):
                yield path


def _is_of_the_loader(path: Path) -> bool:
    """Tell whether a file is, or is called, what the loader loads: no static program is."""
    if _SHARED.search(path.name):
        return elf.is_elf(path) or bool(_LIBRARY.search(path.name))
    return not elf_light.is_static(path)


def _is_program(path: Path) -> bool:
    """Tell so of a file without a suffix, which is anything; what cannot be read is none."""
    try:
        return path.is_file() and elf.is_elf(path)
    except OSError:
        return False


def _object(path: Path, package: Package) -> Object:
    return Object(path, package, elf_light.glance(path), elf_light.strong_exports(path))
