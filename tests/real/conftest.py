"""HDF5's wheel, built once for all the modules that use it."""

from __future__ import annotations

from pathlib import Path

import pytest

from checkouts import build, checkout
from environments import Venv, make_venv


@pytest.fixture(scope="session")
def hdf5_recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkout(tmp_path_factory.mktemp("checkout")) / "recipes" / "hdf5"


@pytest.fixture(scope="session")
def hdf5_dist(hdf5_recipe: Path) -> Path:
    """The folder with the sdist and the wheel that `python -m build` made."""
    build(hdf5_recipe, hdf5_recipe / "dist")
    return hdf5_recipe / "dist"


@pytest.fixture(scope="session")
def hdf5_wheel(hdf5_dist: Path) -> Path:
    [path] = hdf5_dist.glob("hdf5-1.14.5-0-py3-none-*.whl")
    return path


@pytest.fixture(scope="session")
def hdf5_venv(hdf5_wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Venv:
    """An environment with the wheel and nothing else; tests read it only."""
    venv = make_venv(tmp_path_factory.mktemp("venv"))
    venv.install(hdf5_wheel)
    return venv


@pytest.fixture(scope="session")
def hdf5_newer_wheel(hdf5_recipe: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Release 1.14.6: what is built against it does not run with 1.14.5."""
    out = tmp_path_factory.mktemp("newer")
    build(hdf5_recipe, out, "--wheel", "-C", "version=1.14.6")
    [path] = out.glob("hdf5-1.14.6-0-py3-none-*.whl")
    return path
