"""Every build system in the isolated builds of a fresh environment, with nothing in the cache."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from conftest import ROOT
from environments import make_venv, run
from sample_projects import WHOLE, make_sample

pytestmark = pytest.mark.compiles


def in_tree(name: str, folder: Path) -> Path:
    """Make a sample that carries its backend, as an unpacked sdist does."""
    recipe = make_sample(name, folder).folder
    shutil.copy(ROOT / "recipes" / "zlib" / "_libwheel.py", recipe)
    shutil.copytree(ROOT / "backend", recipe / "backend")
    return recipe


@pytest.mark.parametrize("name", WHOLE)
def test_pip(name: str, tmp_path: Path) -> None:
    venv = make_venv(tmp_path / "venv")
    cache = {"PYTHONPATH": "", "LIBWHEEL_CACHE": str(tmp_path / "cache")}
    venv.pip("install", in_tree(name, tmp_path), variables=cache)
    package = f"{name.partition('-')[0]}"
    assert venv.ask("-m", f"answer_{package}_pywheel", "version") == "1.2.3"


@pytest.mark.parametrize("name", WHOLE)
def test_uv(name: str, tmp_path: Path) -> None:
    cache = {"PYTHONPATH": "", "LIBWHEEL_CACHE": str(tmp_path / "cache")}
    run("uv", "build", in_tree(name, tmp_path), "-o", tmp_path / "dist", variables=cache)
    assert len(list((tmp_path / "dist").glob("answer_*-1.2.3*"))) == 2
