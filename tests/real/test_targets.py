"""Every recipe for every target: built and run on what the target is, inspected, or refused.

What comes out must be what tests/real/targets.json says, from which README.md's table is made:
see tests/targets_table.py. Nothing here can run macOS's programs.

OpenBLAS for Linux needs upstream's own archive, which has a LAPACK in C, and takes long to build.
OPENBLAS_WHEELS names the folder where wheels of it are, for these to be proved as well:

    LIBWHEEL_MIRRORS=$PWD/archives libwheel build --target ... -o wheels recipes/openblas
    OPENBLAS_WHEELS=wheels python -m pytest tests/real/test_targets.py -k openblas
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from packaging.version import Version

from bare_machine import on_bare_machine
from cross_programs import Prefix, link, unpack
from environments import libwheel, run
from libwheel.binaries import elf, reading
from libwheel.guard import REFUSED
from libwheel.target import Libc, Os
from libwheel.words import listed
from target_wheels import PLATFORMS, WITHOUT_COMPILER, TargetWheels, target_of
from targets_table import Outcome, Result, read, record
from wheel_files import contents

pytestmark = pytest.mark.real


class Proof(NamedTuple):
    """What a recipe's smoke program asks pkg-config for, needs, and prints."""

    package: str
    needs: str
    prints: str


PROOFS = {
    "zlib": Proof("zlib-pywheel", "z-pywheel-1", r"zlib 1\.3\.1: 100000 bytes in, .+"),
    "hdf5": Proof("hdf5_hl-pywheel", "hdf5_hl-pywheel-310", r"HDF5 1\.14\.5: .+ bytes stored"),
    "openmp": Proof("openmp-pywheel", "omp-pywheel-5", r"OpenMP \d+: 4 threads of .+"),
}
OPENBLAS_WHEELS = os.environ.get("OPENBLAS_WHEELS", "")
if OPENBLAS_WHEELS:
    PROOFS["openblas"] = Proof("openblas-pywheel", "openblas-pywheel-0", r"OpenBLAS 0\.3\.29 .+")
REQUIRED = {"openblas": ("openmp",)}
UNSUPPORTED = [
    ("openblas", "aarch64-macos.11"),
    ("openblas", "x86_64-macos.11"),
    ("openblas", "x86_64-windows"),
    ("openmp", "x86_64-windows"),
]
BY_HAND = "; built by hand, with LAPACK in C as upstream's own archive has it"
NO_NETWORK = dict.fromkeys(("http_proxy", "https_proxy"), "http://127.0.0.1:9")


def built_for(*systems: Os) -> list[tuple[str, str]]:
    """Return the recipes and targets of these systems whose wheels are built."""
    names = [name for name in PLATFORMS if target_of(name).os in systems]
    cells = [(recipe, name) for recipe in PROOFS for name in names]
    return [cell for cell in cells if cell not in UNSUPPORTED]


@pytest.fixture(scope="module")
def wheels(
    request: pytest.FixtureRequest, recipes: Path, tmp_path_factory: pytest.TempPathFactory
) -> TargetWheels:
    """Builds no more than the chosen tests ask for."""
    buildable = built_for(*Os)
    wanted: dict[str, list[str]] = {recipe: [] for recipe in PROOFS}
    for item in request.session.items:
        asked = item.callspec.params if hasattr(item, "callspec") else {}
        recipe, target = (str(asked.get(name)) for name in ("recipe", "target"))
        if item.parent is request.node and (recipe, target) in buildable:
            wanted[recipe].append(target)
            wanted.update({name: [*wanted[name], target] for name in REQUIRED.get(recipe, ())})
    given = {"openblas": Path(OPENBLAS_WHEELS)}
    return TargetWheels(recipes, tmp_path_factory.mktemp("targets"), wanted, given)


def settle(recipe: str, target: str, result: Result) -> None:
    """Compare with what is committed; TARGETS=write in the environment writes it anew."""
    if os.environ.get("TARGETS") == "write":
        record(recipe, target, result)
    assert read()[recipe][target] == result


def smoke(wheels: TargetWheels, recipe: str, target: str, folder: Path) -> tuple[Prefix, Path]:
    """Lay out the wheel, and link the recipe's smoke program to it by the wheel's own .pc file."""
    wanted = target_of(target)
    names = (recipe, *REQUIRED.get(recipe, ()))
    prefix = unpack([wheels.wheel(one, target) for one in names], wanted.os, folder / "prefix")
    source = wheels.recipes / recipe / "smoke.c"
    program = link(prefix, source, PROOFS[recipe].package, wanted, folder)
    needed = {name for path in (program, *prefix.libraries()) for name in reading.read(path).needed}
    files = {path.name for path in prefix.libraries()}
    file = f"{prefix.layout.file_prefix}{PROOFS[recipe].needs}{prefix.layout.file_suffix}"
    assert file in needed
    assert file in files
    return prefix, program


@pytest.mark.parametrize(("recipe", "target"), built_for(Os.LINUX, Os.WINDOWS))
def test_the_smoke_program_runs(
    wheels: TargetWheels, recipe: str, target: str, tmp_path: Path
) -> None:
    _, program = smoke(wheels, recipe, target, tmp_path)
    names = []
    for machine in wheels.machines(target):
        said = machine.run(program)
        assert re.fullmatch(PROOFS[recipe].prints, said.strip()), said
        names.append(machine.name)
    origin = BY_HAND if recipe == "openblas" else ""
    settle(recipe, target, Result(Outcome.RUN, f"the smoke program, on {listed(names)}{origin}"))


@pytest.mark.parametrize(("recipe", "target"), built_for(Os.MACOS))
def test_for_macos_it_is_inspected_and_not_run(
    wheels: TargetWheels, recipe: str, target: str, tmp_path: Path
) -> None:
    prefix, program = smoke(wheels, recipe, target, tmp_path)
    files = {path.name for path in prefix.libraries()}
    for path in prefix.libraries():
        library = reading.read(path)
        assert library.arch == target_of(target).arch
        assert library.soname == path.name
        assert {name for name in library.needed if not name.startswith("/usr/lib/")} <= files
        assert library.minimum_os == (11, 0)
        assert library.signature_flaw is None
        assert library.exports
    assert reading.read(program).minimum_os == (11, 0)
    detail = (
        "the smoke program links; install names, what needs what, oldest macOS, exports and "
        "signatures were read, for nothing here runs it"
    )
    settle(recipe, target, Result(Outcome.INSPECTED, detail))


@pytest.mark.parametrize(("recipe", "target"), [WITHOUT_COMPILER])
def test_a_machine_without_a_compiler_is_enough(
    wheels: TargetWheels, recipe: str, target: str, tmp_path: Path
) -> None:
    """HDF5's wheel comes from one; without any choice zlib's is for the same platform."""
    wheels.wheel(recipe, target)
    build = (sys.executable, "-m", "build", "--wheel", wheels.recipes / "zlib", "-o", tmp_path)
    done = on_bare_machine(*build)
    assert done.returncode == 0, done.stdout
    [made] = tmp_path.iterdir()
    assert made.name == f"zlib-1.3.1-0-py3-none-{PLATFORMS[target]}.whl"


@pytest.mark.parametrize(("recipe", "target"), built_for(Os.LINUX))
def test_no_library_needs_more_than_the_floor(
    wheels: TargetWheels, recipe: str, target: str
) -> None:
    """By the symbols' versions, as we read them and, for glibc, as auditwheel does."""
    wheel = wheels.wheel(recipe, target)
    found = [
        library
        for name, data in contents(wheel).items()
        if (library := elf.read_any(data, name)) is not None
    ]
    assert found
    nodes = {need.version for library in found for need in library.requirements}
    versions = [node.removeprefix("GLIBC_") for node in nodes if node.startswith("GLIBC_")]
    if target_of(target).libc is Libc.MUSL:
        assert versions == []
    else:
        assert versions
        assert max(Version(version) for version in versions) <= Version("2.17")
        shown = " ".join(run("auditwheel", "show", wheel).split())
        if recipe in REQUIRED:
            [lacking] = re.findall(r"'manylinux_2_17_\w+' the .+? be eliminated: (\S+) In", shown)
            assert lacking == "libomp-pywheel-5.so", "of the openmp wheel; and there is no other"
        else:
            [oldest] = re.findall(r'platform tag: "manylinux_(\d+_\d+)_\w+"', shown)
            assert Version(oldest.replace("_", ".")) <= Version("2.17")


@pytest.mark.parametrize(("recipe", "target"), UNSUPPORTED)
def test_what_a_recipe_does_not_support_is_refused(
    wheels: TargetWheels, recipe: str, target: str, tmp_path: Path
) -> None:
    place = ("-C", f"target={target}", "-o", tmp_path)
    done = libwheel("build", wheels.recipes / recipe, *place)
    [said] = re.findall(rf"error: {recipe} \S+ cannot be built for {target}: (.+)\n", done.stdout)
    assert done.stdout.count("\n") == 1, "nothing is fetched, and nothing compiled"
    settle(recipe, target, Result(Outcome.REFUSED, said))


@pytest.mark.parametrize("target", [name for name in PLATFORMS if target_of(name).os is Os.LINUX])
def test_what_needs_fortran_is_refused(wheels: TargetWheels, target: str, tmp_path: Path) -> None:
    """Upstream's own archive has a LAPACK in C; without the network there is no telling."""
    place = ("-C", f"target={target}", "-o", tmp_path)
    variables = {**NO_NETWORK, "LIBWHEEL_CACHE": str(tmp_path / "cache")}
    done = libwheel("build", wheels.recipes / "openblas", *place, variables=variables)
    assert done.returncode == REFUSED
    assert "needs gfortran, which zig does not have" in done.stdout
    assert "zig can build OpenBLAS-0.3.29.tar.gz (sha256 " in done.stdout
    assert "compile" not in done.stdout
    assert not (tmp_path / "cache" / "trees").exists()
    detail = (
        "Debian's source needs Fortran, which zig does not have; upstream's own archive does not"
    )
    if not read()["openblas"][target].detail.endswith(BY_HAND):
        settle("openblas", target, Result(Outcome.REFUSED, detail))
