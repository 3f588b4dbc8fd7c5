"""The library wheels, built once for all the modules that use them."""

from __future__ import annotations

from pathlib import Path

import pytest

from checkouts import build, checkout
from environments import Venv, make_venv


@pytest.fixture(scope="session")
def recipes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkout(tmp_path_factory.mktemp("checkout")) / "recipes"


@pytest.fixture(scope="session")
def hdf5_recipe(recipes: Path) -> Path:
    return recipes / "hdf5"


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


@pytest.fixture(scope="session")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder for wheels that --find-links names."""
    return tmp_path_factory.mktemp("index")


@pytest.fixture(scope="session")
def openmp_wheel(recipes: Path, index: Path) -> Path:
    build(recipes / "openmp", index, "--wheel")
    [path] = index.glob("openmp-19.1.7-0-py3-none-*.whl")
    return path


@pytest.fixture(scope="session")
def openblas_wheel(recipes: Path, index: Path, openmp_wheel: Path) -> Path:
    """Built on what the recipe beside it gives, which is that wheel's tree."""
    assert openmp_wheel.parent == index
    build(recipes / "openblas", index, "--wheel")
    [path] = index.glob("openblas-0.3.29-0-py3-none-*.whl")
    return path


@pytest.fixture(scope="session")
def openmp_venv(openmp_wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Venv:
    venv = make_venv(tmp_path_factory.mktemp("openmp"))
    venv.install(openmp_wheel)
    return venv


@pytest.fixture(scope="session")
def openblas_venv(
    openblas_wheel: Path, index: Path, tmp_path_factory: pytest.TempPathFactory
) -> Venv:
    """An environment for which openblas was asked; openmp comes because that requires it."""
    venv = make_venv(tmp_path_factory.mktemp("openblas"))
    venv.pip("install", "--quiet", "--no-index", "--find-links", index, openblas_wheel)
    return venv
