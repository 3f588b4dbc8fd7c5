"""h5py and versioned-hdf5, written by others, built from their sdists and sharing one HDF5."""

from __future__ import annotations

import json
import re
import shutil
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import mapped
from environments import Venv, attempt, make_venv, run
from suites import Outcomes, counts, differences, run_suite
from upstream import build_wheel, repair, requirements

pytestmark = pytest.mark.real

H5PY, VERSIONED = "h5py==3.16.0", "versioned-hdf5==2.6.0"
LIBRARIES = ("libhdf5-pywheel-310.so", "libhdf5_hl-pywheel-310.so")
# What they and their tests need
BESIDE = ("numpy", "ndindex", "pytest", "pytest-mpi", "hypothesis")
QUICKLY = {"CFLAGS": "-O0 -g0", "CXXFLAGS": "-O0 -g0"}

# What the HDF5 of the stock wheel has and ours has not: szip, and what is new in HDF5 2
ALLOWED_SKIP = re.compile(r"szip|HDF5 (>= )?2\.0", re.IGNORECASE)
NO_SKIP = re.compile(r"(?!)")
NOT_TIMED = "not test_big_O_performance"  # compares milliseconds: it fails where others compute too

BOTH = """
import json, sys
import h5py, numpy, versioned_hdf5

plain, versioned = sys.argv[1:]
with h5py.File(plain, "w") as file:
    file.create_dataset("numbers", data=numpy.arange(1000), compression="gzip")
with h5py.File(versioned, "w") as file:
    with versioned_hdf5.VersionedHDF5File(file).stage_version("first") as group:
        group.create_dataset("numbers", data=numpy.arange(10))
with h5py.File(versioned, "r+") as file:
    with versioned_hdf5.VersionedHDF5File(file).stage_version("second") as group:
        group["numbers"][0] = 100
with h5py.File(plain, "r") as file:
    sums = [int(file["numbers"][:].sum())]
with h5py.File(versioned, "r") as file:
    versions = versioned_hdf5.VersionedHDF5File(file)
    sums += [int(versions[name]["numbers"][:].sum()) for name in ("first", "second")]
print(json.dumps([sums, mapped("libhdf5")]))
"""


@dataclass(frozen=True)
class Built:
    """The two wheels as their own build systems made them, and versioned-hdf5's unpacked sdist."""

    h5py: Path
    versioned: Path
    sdist: Path


@pytest.fixture(scope="module")
def built(hdf5_venv: Venv, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Both at once, from the index's sdists, with isolation on."""
    folder = tmp_path_factory.mktemp("built")
    prefix = run(hdf5_venv.python, "-m", "hdf5_pywheel", "prefix").strip()
    with ThreadPoolExecutor() as pool:
        h5py = pool.submit(build_wheel, H5PY, folder / "h5py", {"HDF5_DIR": prefix, **QUICKLY})
        search = {"PKG_CONFIG_PATH": f"{prefix}/lib/pkgconfig", **QUICKLY}
        versioned = pool.submit(build_wheel, VERSIONED, folder / "versioned", search)
    made = h5py.result(), versioned.result()
    [sdist] = (folder / "versioned" / "tmp").glob("pip-wheel-*/versioned-hdf5_*")
    return Built(*made, sdist)


@pytest.fixture(scope="module")
def repaired(built: Built, hdf5_venv: Venv, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return repair(hdf5_venv, tmp_path_factory.mktemp("repaired"), built.h5py, built.versioned)


@pytest.fixture(scope="module")
def shared(
    repaired: list[Path], hdf5_wheel: Path, tmp_path_factory: pytest.TempPathFactory
) -> Venv:
    """A user's environment: the two are asked for, and HDF5 comes because they require it."""
    offered = folder_with(tmp_path_factory.mktemp("offered"), *repaired, hdf5_wheel)
    venv = make_venv(tmp_path_factory.mktemp("shared"))
    venv.pip("install", "--quiet", "--only-binary", ":all:", *BESIDE)
    venv.pip("install", "--quiet", "--no-index", "--find-links", offered, H5PY, VERSIONED)
    return venv


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Venv:
    """The wheels that the index has."""
    venv = make_venv(tmp_path_factory.mktemp("stock"))
    venv.pip("install", "--quiet", "--only-binary", ":all:", H5PY, VERSIONED, *BESIDE)
    return venv


def folder_with(folder: Path, *wheels: Path) -> Path:
    for wheel in wheels:
        shutil.copy2(wheel, folder)
    return folder


def test_one_process_maps_one_hdf5_for_both(shared: Venv, tmp_path: Path) -> None:
    said = shared.ask("-c", mapped.SOURCE + BOTH, tmp_path / "plain.h5", tmp_path / "versioned.h5")
    sums, libraries = json.loads(said)
    assert sums == [499_500, 45, 145]
    assert libraries == [str(shared.root / "lib" / name) for name in LIBRARIES]


def test_no_hdf5_is_inside_the_wheels(repaired: list[Path]) -> None:
    for wheel in repaired:
        names = [Path(name).name for name in zipfile.ZipFile(wheel).namelist()]
        assert [name for name in names if name.startswith("libhdf5")] == []


def test_the_metadata_say_which_hdf5_they_need(built: Built, repaired: list[Path]) -> None:
    for before, after in zip((built.h5py, built.versioned), repaired, strict=True):
        assert requirements(after) == requirements(before) | {Requirement("hdf5~=1.14.5")}
        assert "hdf5" not in {requirement.name for requirement in requirements(before)}


def test_pip_refuses_an_hdf5_that_is_too_old_and_installs_nothing(
    built: Built, hdf5_wheel: Path, hdf5_newer_wheel: Path, tmp_path: Path
) -> None:
    """h5py of a maintainer who has HDF5 1.14.6, for a user who can have 1.14.5 only."""
    newer = make_venv(tmp_path / "newer")
    newer.install(hdf5_newer_wheel)
    offered = folder_with(tmp_path, hdf5_wheel, *repair(newer, tmp_path / "out", built.h5py))
    user = make_venv(tmp_path / "user")
    user.pip("install", "--quiet", "--only-binary", ":all:", "numpy")
    before = user.files()
    done = attempt(
        *(sys.executable, "-m", "pip", "--python", user.python, "install"),
        *("--no-index", "--find-links", offered, H5PY),
    )
    assert done.returncode == 1
    assert "No matching distribution found for hdf5~=1.14.6" in done.stdout
    assert user.files() == before


@pytest.fixture(scope="module")
def suites(
    built: Built, shared: Venv, stock: Venv, tmp_path_factory: pytest.TempPathFactory
) -> dict[tuple[str, str], Outcomes]:
    """Run both projects' own tests in both environments, and print what came of them."""
    folder = tmp_path_factory.mktemp("suites")
    for name in ("tests", "test_data"):
        shutil.copytree(built.sdist / name, folder / name)
    for name in ("conftest.py", "pyproject.toml"):
        shutil.copy2(built.sdist / name, folder)
    ways = {
        "h5py": ("--pyargs", "h5py"),
        "versioned_hdf5": ("-m", "not slow", "-k", NOT_TIMED, "tests"),
    }
    with ThreadPoolExecutor(2) as pool:
        running = {
            (suite, name): pool.submit(
                run_suite,
                venv,
                folder / f"{suite}-{name}.xml",
                *arguments,
                cwd=folder if suite == "versioned_hdf5" else venv.root,
            )
            for suite, arguments in ways.items()
            for name, venv in (("stock", stock), ("shared", shared))
        }
    return {key: future.result() for key, future in running.items()}


@pytest.mark.parametrize(
    ("suite", "allowed"),
    [("h5py", ALLOWED_SKIP), ("versioned_hdf5", NO_SKIP)],
    ids=["h5py", "versioned-hdf5"],
)
def test_the_project_s_own_tests_say_what_they_say_of_the_stock_wheel(
    suites: dict[tuple[str, str], Outcomes],
    suite: str,
    allowed: re.Pattern[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    usual, ours = suites[suite, "stock"], suites[suite, "shared"]
    with capsys.disabled():
        for name, outcomes in (("stock", usual), ("shared", ours)):
            sys.stdout.write(f"\n{suite}, {name}: {dict(counts(outcomes))}")
    assert differences(usual, ours, allowed) == []
    assert counts(ours)["passed"] > 800
