"""zlib by every frontend, from the checkout and from the sdist alone."""

from __future__ import annotations

import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

import wheel_files
from checkouts import build, checkout, stranger
from environments import Venv, libwheel, make_venv, run, run_alone
from libwheel.binaries import elf
from libwheel.wheel import Member
from linked_programs import WAYS, loaded

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkout(tmp_path_factory.mktemp("checkout")) / "recipes" / "zlib"


@pytest.fixture(scope="module")
def built(recipe: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the sdist and the wheel that `python -m build` made."""
    out = tmp_path_factory.mktemp("dist")
    build(recipe, out)
    return out


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    [path] = built.glob("zlib-1.3.1-0-py3-none-*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Venv:
    venv = make_venv(tmp_path_factory.mktemp("venv"))
    venv.install(wheel)
    return venv


def test_every_frontend_makes_the_same_wheel(recipe: Path, wheel: Path, tmp_path: Path) -> None:
    stranger(sys.executable, "-m", "pip", "wheel", "--no-deps", "-w", tmp_path / "pip", recipe)
    stranger("uv", "build", "--python", sys.executable, "-o", tmp_path / "uv", recipe)
    for frontend in ("pip", "uv"):
        [made] = (tmp_path / frontend).glob("*.whl")
        assert made.name == wheel.name
        assert made.read_bytes() == wheel.read_bytes()


def test_pip_installs_the_recipe(recipe: Path, tmp_path: Path) -> None:
    venv = make_venv(tmp_path / "venv")
    venv.pip("install", "--quiet", recipe)
    assert venv.ask("-m", "zlib_pywheel", "version") == "1.3.1"


def test_the_sdist_alone_makes_the_same_wheel(built: Path, wheel: Path, tmp_path: Path) -> None:
    [sdist] = built.glob("zlib-1.3.1.tar.gz")
    stranger(sys.executable, "-m", "pip", "wheel", "--no-deps", "-w", tmp_path, sdist)
    assert (tmp_path / wheel.name).read_bytes() == wheel.read_bytes()


def test_an_sdist_of_the_unpacked_sdist_is_the_same(built: Path, tmp_path: Path) -> None:
    [sdist] = built.glob("zlib-1.3.1.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    build(tmp_path / "zlib-1.3.1", tmp_path / "dist", "--sdist")
    assert (tmp_path / "dist" / sdist.name).read_bytes() == sdist.read_bytes()


def test_an_sdist_with_its_sources_builds_with_no_network(
    recipe: Path, wheel: Path, tmp_path: Path
) -> None:
    build(recipe, tmp_path / "bundled", "--sdist", "-C", "sdist-sources=bundle")
    [sdist] = (tmp_path / "bundled").iterdir()
    offline = {
        "LIBWHEEL_CACHE": str(tmp_path / "empty"),
        "LIBWHEEL_DEBIAN_MIRROR": "http://127.0.0.1:9/debian",
    }
    run(
        *(sys.executable, "-m", "pip", "wheel", "--no-deps", "-w", tmp_path / "out", sdist),
        variables={"PYTHONPATH": "", **offline},
    )
    assert (tmp_path / "out" / wheel.name).read_bytes() == wheel.read_bytes()


def test_every_symbol_has_our_node_though_upstream_versions_some(installed: Venv) -> None:
    library = installed.root / "lib" / "libz-pywheel-1.so"
    listed = run("nm", "--dynamic", "--defined-only", "--with-symbol-versions", library)
    symbols = [line.split()[2] for line in listed.splitlines() if line.split()[1] != "A"]
    assert len(symbols) == 88
    assert {symbol.partition("@@")[2] for symbol in symbols} == {"ZLIB_PYWHEEL_1"}
    assert "deflate@@ZLIB_PYWHEEL_1" in symbols  # upstream gives it no version
    assert "inflateReset2@@ZLIB_PYWHEEL_1" in symbols  # upstream gives it ZLIB_1.2.3.4


@pytest.mark.parametrize("way", WAYS)
def test_the_smoke_program_runs(installed: Venv, recipe: Path, way: str, tmp_path: Path) -> None:
    program = WAYS[way](installed, recipe / "smoke.c", "zlib-pywheel", ["zlib"], tmp_path)
    assert run_alone(program).startswith("zlib 1.3.1: 100000 bytes in, ")
    assert installed.root / "lib" / "libz-pywheel-1.so" in loaded(program)


def test_a_consumer_is_bound_to_our_node(installed: Venv, recipe: Path, tmp_path: Path) -> None:
    program = WAYS["cmake"](installed, recipe / "smoke.c", "zlib-pywheel", ["zlib"], tmp_path)
    needed = run("readelf", "--version-info", "--wide", program)
    assert "File: libz-pywheel-1.so" in needed
    assert "Name: ZLIB_PYWHEEL_1" in needed


def test_the_metadata_is_of_version_2_4(wheel: Path) -> None:
    metadata = zipfile.ZipFile(wheel).read("zlib-1.3.1.dist-info/METADATA").decode()
    assert metadata.startswith("Metadata-Version: 2.4\nName: zlib\nVersion: 1.3.1\n")
    assert "\nLicense-Expression: Zlib\nLicense-File: LICENSE\n" in metadata


USER = """
#include <Python.h>
#include <zlib.h>
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_user"};
PyMODINIT_FUNC PyInit__user(void) {
    PyObject *made = PyModule_Create(&module);
    if (made) PyModule_AddStringConstant(made, "version", zlibVersion());
    return made;
}
"""


def test_a_consumer_is_repaired(wheel: Path, tmp_path: Path) -> None:
    """auditwheel knows versions of the system's zlib, and must not take ours for one of them."""
    host = wheel_files.install(wheel, tmp_path / "host")
    include = [f"-I{sysconfig.get_path('include')}", f"-I{host.prefix}/include/zlib-pywheel"]
    link = [f"-L{host.prefix}/lib", "-lz-pywheel-1"]
    code = wheel_files.compile_c(tmp_path, "_user", USER, "-shared", *include, *link)
    name = f"guest/_user{wheel_files.EXT_SUFFIX}"
    made = wheel_files.make_wheel(tmp_path / "dist", [Member(name, code)])
    done = libwheel("repair", made, "-o", tmp_path / "out", variables=host.variables)
    assert done.returncode == 0, done.stdout
    [repaired] = (tmp_path / "out").iterdir()
    assert "-manylinux_" in repaired.name
    found = elf.read_any(wheel_files.contents(repaired)[name], name)
    assert found
    assert "ZLIB_PYWHEEL_1" in {need.version for need in found.requirements}
    venv = make_venv(tmp_path / "venv")
    for one in (wheel, repaired):
        venv.install(one)
    assert venv.ask("-c", "from guest import _user; print(_user.version)") == "1.3.1"
