"""Staged libraries, and an environment that an installer would have put their files into."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from libwheel.naming import Tag
from libwheel.staging import Role, StagedFile, StagedLibrary

TAG = Tag("hdf5", "1.14.5", "310", 0)
SITE = PurePosixPath("lib/python3.11/site-packages")

Texts = Mapping[tuple[Role, PurePosixPath], str]


def library(name: str, *requires: str, stem: str = "", tag: Tag = TAG) -> StagedLibrary:
    """Return a staged library whose bytes nobody asks for."""
    path = PurePosixPath("lib", tag.library_file(stem or name))
    file = StagedFile(Role.RUNTIME, path, Path("/stage") / path)
    stem = stem or name
    return StagedLibrary(name, f"The {name} library", stem, file, requires)


ONE = (library("hdf5"),)
TWO = (library("hdf5"), library("hdf5_hl", "hdf5"))


def install(texts: Texts, libraries: tuple[StagedLibrary, ...], prefix: Path) -> Path:
    """Put the files where an installer puts them, with empty libraries and a header."""
    for (role, path), text in texts.items():
        top = prefix / SITE if role is Role.LOCATOR else prefix
        write(top / path, text)
    for staged in libraries:
        write(prefix / staged.file.path, "")
    write(prefix / TAG.include_folder / "hdf5.h", "")
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
