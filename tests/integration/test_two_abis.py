"""Two incompatible versions of one library in one process: each extension calls its own."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from environments import Venv, make_venv, run
from extensions import library_wheel, options_for, packages, told_by, write_package
from sample_projects import SAMPLES, TWO_ABIS

pytestmark = pytest.mark.compiles

# The ABI it was compiled for, the ABI that it runs with, and a sum over the layout it was
# compiled for
RIGHT = {"first": [1, 1, 42], "second": [2, 2, 420]}
ABI = {"first": 1, "second": 2}

WAYS: Mapping[str, str] = {
    "each to itself": "import {before}, {after}",
    "the extension that comes first is global": """
import os, sys
usual = sys.getdlopenflags()
sys.setdlopenflags(usual | os.RTLD_GLOBAL)
import {before}
sys.setdlopenflags(usual)
import {after}
""",
    "both extensions are global": """
import os, sys
sys.setdlopenflags(sys.getdlopenflags() | os.RTLD_GLOBAL)
import {before}, {after}
""",
    "the library that comes first is global": """
import ctypes, sys
library = ctypes.CDLL(sys.prefix + "/lib/{library}", mode=ctypes.RTLD_GLOBAL)
import {before}, {after}
""",
}


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return [library_wheel(sample, tmp_path_factory.mktemp(sample)) for sample in TWO_ABIS]


@pytest.fixture(scope="module")
def tagged(wheels: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Venv:
    """An environment with both library wheels, and a consumer of each."""
    venv = make_venv(tmp_path_factory.mktemp("tagged"))
    for wheel in wheels:
        venv.install(wheel)
    for name, abi in ABI.items():
        options = options_for(venv.python, f"sample{abi}_pywheel", f"{name}._caller")
        write_package(packages(venv.python), name, "", options)
    return venv


@pytest.fixture(scope="module")
def unversioned(tmp_path_factory: pytest.TempPathFactory) -> Venv:
    """The same, but that the libraries are kept apart by their SONAMEs alone."""
    venv = make_venv(tmp_path_factory.mktemp("unversioned"))
    for name, abi in ABI.items():
        upstream, soname = SAMPLES / f"sample-{abi}" / "upstream", f"libsample-plain-{abi}.so"
        library = venv.root / "lib" / soname
        shared = ("cc", "-shared", "-fPIC", f"-Wl,-soname,{soname}")
        run(*shared, upstream / "sample.c", "-o", library)
        options = {
            "include_dirs": [str(upstream)],
            "library_dirs": [str(library.parent)],
            "libraries": [f"sample-plain-{abi}"],
            "runtime_library_dirs": [str(library.parent)],
        }
        write_package(packages(venv.python), name, "", options)
    return venv


def told_in(venv: Venv, way: str, before: str, kind: str) -> tuple[dict[str, list[int]], set[str]]:
    """Import both, `before` first; return what each told, and the libraries that are mapped."""
    [after] = ABI.keys() - {before}
    library = f"libsample-{kind}-{ABI[before]}.so"
    code = WAYS[way].format(before=before, after=after, library=library)
    told, mapped = told_by(venv.python, f"{code}\ntold = [first.told(), second.told()]\n")
    return dict(zip(ABI, told, strict=True)), {path.name for path in mapped}


@pytest.mark.parametrize("before", ABI)
@pytest.mark.parametrize("way", WAYS)
def test_each_calls_its_own(tagged: Venv, way: str, before: str) -> None:
    told, mapped = told_in(tagged, way, before, "pywheel")
    assert told == RIGHT
    assert mapped == {"libsample-pywheel-1.so", "libsample-pywheel-2.so"}


@pytest.mark.parametrize("before", ABI)
@pytest.mark.parametrize("way", WAYS)
def test_without_version_nodes_the_global_one_takes_the_calls(
    unversioned: Venv, way: str, before: str
) -> None:
    """What the test above would show if the nodes were not there."""
    told, mapped = told_in(unversioned, way, before, "plain")
    assert mapped == {"libsample-plain-1.so", "libsample-plain-2.so"}
    running = {name: values[1] for name, values in told.items()}
    assert running == (ABI if way == "each to itself" else dict.fromkeys(ABI, ABI[before]))


def test_the_two_wheels_have_no_path_in_common(wheels: list[Path]) -> None:
    first, second = (set(_installed(wheel)) for wheel in wheels)
    assert not first & second


def _installed(wheel: Path) -> list[str]:
    names = zipfile.ZipFile(wheel).namelist()
    return [name.partition(".data/data/")[2] or name for name in names]
