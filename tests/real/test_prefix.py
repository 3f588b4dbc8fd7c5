"""The conventional prefix of HDF5's wheel, in the hands of the tools that search prefixes."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from environments import Venv, run, run_alone
from linked_programs import loaded

pytestmark = pytest.mark.real

# CMake's own FindHDF5, and the wheel's package
BY_CMAKE = {
    "HDF5_ROOT": ("HDF5 1.14.5 REQUIRED COMPONENTS C HL", "hdf5::hdf5_hl hdf5::hdf5"),
    "CMAKE_PREFIX_PATH": ("hdf5-pywheel 1.14.5 REQUIRED", "hdf5-pywheel::hdf5_hl"),
}


@pytest.fixture(scope="module")
def prefix(hdf5_venv: Venv, tmp_path_factory: pytest.TempPathFactory) -> Path:
    variables = {"HOME": str(tmp_path_factory.mktemp("home"))}
    asked = (hdf5_venv.python, "-I", "-m", "hdf5_pywheel", "prefix")
    return Path(run_alone(*asked, variables=variables).strip())


@pytest.mark.parametrize("variable", BY_CMAKE)
def test_cmake(
    prefix: Path, hdf5_venv: Venv, hdf5_recipe: Path, variable: str, tmp_path: Path
) -> None:
    package, targets = BY_CMAKE[variable]
    (tmp_path / "CMakeLists.txt").write_text(
        f"cmake_minimum_required(VERSION 3.20)\nproject(smoke C)\nfind_package({package})\n"
        f"add_executable(smoke {hdf5_recipe}/smoke.c)\n"
        f"target_link_libraries(smoke PRIVATE {targets})\n"
    )
    build = tmp_path / "build"
    run("cmake", "-S", tmp_path, "-B", build, "-G", "Ninja", f"-D{variable}={prefix}")
    run("cmake", "--build", build)
    assert_it_works(build / "smoke", hdf5_venv)


def finders() -> list[str]:
    """Return every pkg-config on PATH: the machine's, and PyPI's, which resolves links."""
    found = (shutil.which("pkg-config", path=p) for p in os.environ["PATH"].split(":"))
    return sorted({str(Path(path).resolve()) for path in found if path})


@pytest.mark.parametrize("package", ["hdf5", "hdf5_hl"])
def test_pkg_config(
    prefix: Path, hdf5_venv: Venv, hdf5_recipe: Path, package: str, tmp_path: Path
) -> None:
    variables = {"PKG_CONFIG_PATH": f"{prefix}/lib/pkgconfig"}
    for finder in finders():
        assert run(finder, "--modversion", package, variables=variables) == "1.14.5\n"
        flags = run(finder, "--cflags", "--libs", package, variables=variables).split()
        rpath = f"-Wl,-rpath,{prefix}/lib"
        more = ["-lhdf5_hl-pywheel-310"] if package == "hdf5" else []
        run("cc", hdf5_recipe / "smoke.c", *flags, *more, rpath, "-o", tmp_path / "smoke")
        assert_it_works(tmp_path / "smoke", hdf5_venv)


def assert_it_works(program: Path, venv: Venv) -> None:
    said = run_alone(program, program.with_suffix(".h5"))
    assert re.fullmatch(r"HDF5 1\.14\.5: 100 x 1000 ints, \d+ bytes stored\n", said)
    names = [f"lib{name}-pywheel-310.so" for name in ("hdf5", "hdf5_hl")]
    assert {path for path in loaded(program) if "hdf5" in path.name} == {
        (venv.root / "lib" / name).resolve() for name in names
    }
