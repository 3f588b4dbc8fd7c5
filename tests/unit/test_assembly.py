from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from libwheel import assembly, locator
from libwheel.required import RequiredWheel
from libwheel.staging import StagedFile
from unit.staged import BLAS, OMP, OMP_FROM_OUTSIDE, OMP_TAG, library


def linked(path: Path, *words: str | Path) -> Path:
    """Make a library that needs those that are named."""
    argv = ("gcc", "-shared", "-o", path, f"-Wl,-soname,{path.name}", "-Wl,--no-as-needed")
    subprocess.run((*argv, *words), check=True)
    return path


def required(version: str) -> RequiredWheel:
    modules = locator.modules(OMP_TAG, ">= 19", OMP, {})
    constants = locator.read(modules[PurePosixPath("openmp_pywheel", "__init__.py")])
    return RequiredWheel(version, constants, {}, is_direct=True)


@pytest.mark.compiles
def test_what_a_library_needs_of_another_wheel_is_found_by_its_file(tmp_path: Path) -> None:
    """By the first library of that file; the label of a variant is no part of the release."""
    runtime = linked(tmp_path / OMP_TAG.library_file("omp"))
    ours = linked(tmp_path / "libours.so", runtime)
    staged = tuple(
        replace(one, file=StagedFile(one.file.role, one.file.path, path), foreign=())
        for one, path in ((BLAS[0], ours), (library("alone"), runtime))
    )
    user, alone = assembly.with_foreign(staged, [required("19.1.7+variant")])
    assert user.foreign == (OMP_FROM_OUTSIDE,)
    assert alone.foreign == ()
