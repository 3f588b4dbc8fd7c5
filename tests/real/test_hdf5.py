"""HDF5 as a stranger gets it: `python -m build recipes/hdf5`, then the wheel in use."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from environments import Venv, libwheel, make_venv, run, run_alone
from libwheel.binaries import elf
from linked_programs import WAYS, loaded

pytestmark = pytest.mark.real

LIBRARIES = ["hdf5", "hdf5_hl"]
LISTING = Path(__file__).parent / "hdf5-1.14.5.txt"


def test_the_sdist_and_the_wheel_are_made(hdf5_dist: Path, hdf5_wheel: Path) -> None:
    made = sorted(path.name for path in hdf5_dist.iterdir())
    assert made == [hdf5_wheel.name, "hdf5-1.14.5.tar.gz"]


def test_the_wheel_has_exactly_the_files_of_the_layout(hdf5_wheel: Path) -> None:
    assert "\n".join(sorted(zipfile.ZipFile(hdf5_wheel).namelist())) + "\n" == LISTING.read_text()


@pytest.mark.parametrize("way", WAYS)
def test_the_smoke_program_runs(
    hdf5_venv: Venv, hdf5_recipe: Path, way: str, tmp_path: Path
) -> None:
    """As README.md has it: the high-level library brings the other with it."""
    asked = ["hdf5_hl"]
    program = WAYS[way](hdf5_venv, hdf5_recipe / "smoke.c", "hdf5-pywheel", asked, tmp_path)
    said = run_alone(program, tmp_path / "smoke.h5")
    assert re.fullmatch(r"HDF5 1\.14\.5: 100 x 1000 ints, \d+ bytes stored\n", said)
    lib = hdf5_venv.root / "lib"
    assert {lib / "libhdf5-pywheel-310.so", lib / "libhdf5_hl-pywheel-310.so"} <= set(
        loaded(program)
    )


def test_every_symbol_has_the_node_and_zlib_stays_inside(hdf5_venv: Venv) -> None:
    for name in LIBRARIES:
        binary = elf.read(hdf5_venv.root / "lib" / f"lib{name}-pywheel-310.so")
        assert {symbol.version for symbol in binary.exports} == {"HDF5_PYWHEEL_310"}
        assert not {"deflate", "inflate", "crc32"} & binary.exports_by_name.keys()


def test_the_high_level_library_is_bound_to_the_node_of_the_other(hdf5_venv: Venv) -> None:
    binary = elf.read(hdf5_venv.root / "lib" / "libhdf5_hl-pywheel-310.so")
    taken = {i.version for i in binary.imports if i.name.startswith("H5")}
    assert taken == {"HDF5_PYWHEEL_310"}


def test_pip_leaves_nothing_behind(hdf5_wheel: Path, tmp_path: Path) -> None:
    venv = make_venv(tmp_path / "venv")
    before = venv.files()
    venv.install(hdf5_wheel)
    venv.pip("uninstall", "--quiet", "--yes", "hdf5")
    assert venv.files() == before


def test_auditwheel_agrees_with_the_platform_tag(hdf5_wheel: Path) -> None:
    shown = " ".join(run("auditwheel", "show", hdf5_wheel).split())
    [platform] = re.findall(r'the following platform tag: "(\S+)"', shown)
    assert hdf5_wheel.name == f"hdf5-1.14.5-0-py3-none-{platform}.whl"


def test_a_build_in_another_folder_gives_the_same_bytes(
    hdf5_recipe: Path, hdf5_wheel: Path, tmp_path: Path
) -> None:
    done = libwheel(
        *("build", hdf5_recipe, "-o", tmp_path / "dist", "-C", "jobs=3"),
        *("-C", f"work-dir={tmp_path / 'a' / 'work'}"),
        variables={"HOME": str(tmp_path)},
    )
    assert done.returncode == 0, done.stdout
    assert "* compile" in done.stdout
    assert (tmp_path / "dist" / hdf5_wheel.name).read_bytes() == hdf5_wheel.read_bytes()


def test_a_second_build_compiles_nothing(
    hdf5_recipe: Path, hdf5_wheel: Path, tmp_path: Path
) -> None:
    done = libwheel("build", hdf5_recipe, "-o", tmp_path)
    assert done.returncode == 0, done.stdout
    assert "taking the installed tree from the cache" in done.stdout
    assert "* compile" not in done.stdout
    assert (tmp_path / hdf5_wheel.name).read_bytes() == hdf5_wheel.read_bytes()


def test_the_bill_of_materials_is_valid_and_names_the_bytes(hdf5_wheel: Path) -> None:
    text = zipfile.ZipFile(hdf5_wheel).read("hdf5-1.14.5.dist-info/sboms/hdf5.cdx.json").decode()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    upstream, zlib = json.loads(text)["components"]
    assert (upstream["name"], upstream["version"]) == ("hdf5", "1.14.5")
    assert (zlib["name"], zlib["version"]) == ("zlib", "1.3.1")
    for component in (upstream, zlib):
        assert component["externalReferences"][0]["url"]
        assert re.fullmatch("[0-9a-f]{64}", component["hashes"][0]["content"])
    patches = sorted(patch["diff"]["url"] for patch in upstream["pedigree"]["patches"])
    assert patches == [
        "patches/0001-no-embedded-settings.patch",
        "patches/0002-windows-headers.patch",
    ]


def test_the_licences_of_all_that_is_inside_are_there(hdf5_wheel: Path) -> None:
    archive = zipfile.ZipFile(hdf5_wheel)
    metadata = archive.read("hdf5-1.14.5.dist-info/METADATA").decode()
    assert "\nLicense-Expression: BSD-3-Clause AND Zlib\n" in metadata
    named = re.findall(r"^License-File: (.*)$", metadata, re.MULTILINE)
    assert named == ["COPYING", "COPYING_LBNL_HDF5", "zlib/LICENSE"]
    for name in named:
        assert archive.read(f"hdf5-1.14.5.dist-info/licenses/{name}")


def test_release_1_14_6_builds_and_runs(
    hdf5_recipe: Path, hdf5_newer_wheel: Path, tmp_path: Path
) -> None:
    assert hdf5_newer_wheel.name.startswith("hdf5-1.14.6-0-py3-none-manylinux_")
    venv = make_venv(tmp_path / "venv")
    venv.install(hdf5_newer_wheel)
    program = WAYS["cmake"](venv, hdf5_recipe / "smoke.c", "hdf5-pywheel", LIBRARIES, tmp_path)
    assert run_alone(program, tmp_path / "smoke.h5").startswith("HDF5 1.14.6: ")
