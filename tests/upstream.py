"""What a maintainer does: builds a project from its sdist, repairs the wheel, and installs it."""

from __future__ import annotations

import os
import shutil
import sys
import zipfile
from collections.abc import Mapping
from email.parser import HeaderParser
from pathlib import Path

from packaging.requirements import Requirement

from environments import Venv, libwheel, run
from examples import FOLDER
from extensions import packages


def build_wheel(
    requirement: str, folder: Path, variables: Mapping[str, str], *settings: str
) -> Path:
    """Let pip fetch the sdist and build it, with isolation; the unpacked sdist stays in `folder`.

    Without pip's cache, which gives back the wheel that was built with whatever library before.
    """
    (folder / "tmp").mkdir(parents=True)
    own = {"PYTHONPATH": "", "TMPDIR": str(folder / "tmp"), "PATH": path_without_ours()}
    pip = (sys.executable, "-m", "pip", "wheel", "--no-clean", "--no-cache-dir", "--no-deps")
    what = ("--no-binary", requirement.partition("==")[0], requirement, "-w", folder / "dist")
    run(*pip, *what, *settings, variables={**own, **variables})
    [wheel] = (folder / "dist").iterdir()
    return wheel


def path_without_ours() -> str:
    """Return PATH without the tests' environment.

    The `pkg-config` that PyPI's pkgconf puts there is a Python script, which finds none of its
    modules in pip's isolated builds.
    """
    ours = str(Path(sys.executable).parent)
    return ":".join(entry for entry in os.environ["PATH"].split(":") if entry != ours)


def repair(building: Venv, out: Path, *wheels: Path) -> list[Path]:
    """Run `libwheel repair` where it sees the packages of the environment."""
    paths = (os.environ["PYTHONPATH"], str(packages(building.python)))
    done = libwheel("repair", *wheels, "-o", out, variables={"PYTHONPATH": ":".join(paths)})
    assert done.returncode == 0, done.stdout
    return sorted(out.iterdir())


def requirements(wheel: Path) -> set[Requirement]:
    """Return what the metadata of a wheel require."""
    archive = zipfile.ZipFile(wheel)
    [name] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
    said = HeaderParser().parsestr(archive.read(name).decode()).get_all("Requires-Dist", [])
    return {Requirement(text) for text in said}


def install_example(
    venv: Venv, name: str, index: Path, folder: Path, variables: Mapping[str, str] | None = None
) -> None:
    """Let pip build a copy of one of tests/consumers in isolation, and install what it requires."""
    project = shutil.copytree(FOLDER / name, folder / name)
    own = {"PYTHONPATH": "", "PATH": path_without_ours()}
    what = ("--find-links", index, project)
    venv.pip("install", "--quiet", *what, variables={**own, **(variables or {})})
