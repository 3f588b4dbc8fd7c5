"""Staged libraries, and an environment that an installer would have put their files into."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath

from libwheel.naming import Tag
from libwheel.staging import ForeignLibrary, Role, StagedFile, StagedLibrary
from libwheel.target import Os

TAG = Tag("hdf5", "1.14.5", "310", 0)
MACOS, WINDOWS = replace(TAG, os=Os.MACOS), replace(TAG, os=Os.WINDOWS)


def site(tag: Tag = TAG) -> PurePosixPath:
    """Return the folder of packages, below the prefix."""
    return PurePosixPath(tag.layout.site.replace("X.Y", "3.11"))


SITE = site()

Texts = Mapping[tuple[Role, PurePosixPath], str]


def library(name: str, *requires: str, stem: str = "", tag: Tag = TAG) -> StagedLibrary:
    """Return a staged library whose bytes nobody asks for."""
    stem = stem or name
    file = _file(Role.RUNTIME, tag.layout.runtime, tag.library_file(stem))
    linked = tag.import_library_file(stem)
    link_file = _file(Role.LINK, tag.layout.library, linked) if linked else None
    return StagedLibrary(name, f"The {name} library", stem, file, requires, link_file)


def _file(role: Role, folder: str, name: str) -> StagedFile:
    path = PurePosixPath(folder, name)
    return StagedFile(role, path, Path("/stage") / path)


def two(tag: Tag) -> tuple[StagedLibrary, ...]:
    return (library("hdf5", tag=tag), library("hdf5_hl", "hdf5", tag=tag))


ONE = (library("hdf5"),)
TWO = two(TAG)

# Two libraries of one file, of which one adds flags; and two that need another wheel's, have
# headers of the same names, and conflict.
OMP_TAG, BLAS_TAG = Tag("openmp", "19.1.7", "5", 0), Tag("openblas", "0.3.29", "0", 0)
OMP = (
    library("omp", tag=OMP_TAG),
    replace(
        library("openmp", stem="omp", tag=OMP_TAG),
        cflags=("-fopenmp",),
        libs=("-Wl,--no-as-needed", "-lomp", "-Wl,--as-needed"),
    ),
)
OMP_FROM_OUTSIDE = ForeignLibrary("openmp", "19.1.7", "omp", OMP_TAG.library_file("omp"))
BLAS = (
    replace(
        library("openblas", tag=BLAS_TAG),
        foreign=(OMP_FROM_OUTSIDE,),
        include="openblas",
        conflicts=("openblas64",),
    ),
    replace(
        library("openblas64", stem="openblas_64", tag=BLAS_TAG),
        foreign=(OMP_FROM_OUTSIDE,),
        include="openblas64",
        suffix="64_",
        conflicts=("openblas",),
    ),
)


def install(
    texts: Texts, libraries: tuple[StagedLibrary, ...], prefix: Path, tag: Tag = TAG
) -> Path:
    """Put the files where an installer puts them, with empty libraries and a header."""
    for (role, path), text in texts.items():
        top = prefix / site(tag) if role is Role.LOCATOR else prefix
        write(top / path, text)
    for staged in libraries:
        for file in staged.files:
            write(prefix / file.path, "")
        write(prefix / tag.include_folder / staged.include / f"{tag.wheel}.h", "")
    return prefix


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def program(name: str) -> str:
    """Return a program: PyPI's, beside this Python, or the machine's."""
    path = shutil.which(name, path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    assert path, f"the tests need {name}"
    return path
