"""The locator's answers wherever pip and uv put a library wheel."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from environments import attempt, make_venv, run
from extensions import library_wheel

pytestmark = pytest.mark.compiles

PACKAGE = "answer_make_pywheel"

# A project whose backend writes down what the locator says in pip's isolated build.
PYPROJECT = """\
[build-system]
requires = ["answer-make"]
build-backend = "asker"
backend-path = ["."]
"""
BACKEND = f"""\
import pathlib, subprocess, sys
def prepare_metadata_for_build_wheel(folder, config_settings=None):
    said = subprocess.run(
        [sys.executable, "-m", "{PACKAGE}", "libdir"], capture_output=True, text=True, check=True)
    pathlib.Path(__file__).with_name("said.txt").write_text(
        said.stdout + str((pathlib.Path(said.stdout.strip()) / "libanswer-pywheel-1.so").exists()))
    info = pathlib.Path(folder, "asker-1.dist-info")
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\\nName: asker\\nVersion: 1\\n")
    return info.name
def build_wheel(folder, config_settings=None, metadata_directory=None):
    raise SystemExit("asked enough")
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return library_wheel("make-answer", tmp_path_factory.mktemp("layouts"))


def pip(*arguments: str | Path, **variables: str) -> str:
    common = ("--quiet", "--no-deps", "--no-index")
    return run(
        *(sys.executable, "-m", "pip", *arguments[:1], *common, *arguments[1:]),
        variables=variables,
    )


def libdir(python: str | Path, **variables: str) -> Path:
    return Path(run(python, "-m", PACKAGE, "libdir", variables=variables).strip())


def test_user(wheel: Path, tmp_path: Path) -> None:
    base = {"PYTHONUSERBASE": str(tmp_path), "PIP_BREAK_SYSTEM_PACKAGES": "1"}
    outside = Path(sys.base_prefix) / "bin" / "python3"
    run(outside, "-m", "pip", "install", "--user", "--no-deps", "--no-index", wheel, variables=base)
    assert libdir(outside, **base) == tmp_path / "lib"


def test_prefix(wheel: Path, tmp_path: Path) -> None:
    pip("install", "--prefix", tmp_path, wheel)
    [site] = tmp_path.glob("lib/python3.*/site-packages")
    assert libdir(sys.executable, PYTHONPATH=str(site)) == tmp_path / "lib"


def test_uv(wheel: Path, tmp_path: Path) -> None:
    venv = make_venv(tmp_path / "venv")
    run("uv", "pip", "install", "--python", venv.python, "--no-deps", "--no-index", wheel)
    assert libdir(venv.python) == venv.root / "lib"


def test_a_folder_with_a_space_and_an_umlaut(wheel: Path, tmp_path: Path) -> None:
    venv = make_venv(tmp_path / "my präfix")
    venv.install(wheel)
    assert libdir(venv.python) == venv.root / "lib"


def test_the_overlay_of_an_isolated_build(wheel: Path, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    (tmp_path / "asker.py").write_text(BACKEND)
    links = ("--no-index", "--find-links", wheel.parent)
    done = attempt(sys.executable, "-m", "pip", "wheel", *links, "-w", tmp_path / "out", tmp_path)
    assert "asked enough" in done.stdout
    place, exists = (tmp_path / "said.txt").read_text().splitlines()
    assert "overlay" in Path(place).parts
    assert exists == "True"


def test_target_is_reported(wheel: Path, tmp_path: Path) -> None:
    pip("install", "--target", tmp_path, wheel)
    done = attempt(
        *(sys.executable, "-m", PACKAGE, "libdir"),
        variables={"PYTHONPATH": f"{tmp_path}{os.pathsep}"},
    )
    assert done.returncode == 1
    assert "`pip install --target` leaves out what goes to lib" in done.stdout
    assert "Traceback" not in done.stdout
