"""Consumers of an OpenMP runtime and of a BLAS on it, repaired and looked at by doctor, for real.

Small libraries stand for them, with the names, nodes and needs that the real ones have.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from environments import Venv, libwheel, make_venv
from libwheel.binaries import elf
from libwheel.naming import Tag
from libwheel.wheel import Member
from unit.binaries.compiled import shared
from unit.consumer.installed import SITE, install_library_wheel
from wheel_files import EXT_SUFFIX, INFO, compile_extension, contents, make_wheel

pytestmark = pytest.mark.compiles

OPENMP, OPENBLAS = Tag("openmp", "19.1.7", "5", 0), Tag("openblas", "0.3.29", "0", 0)
OMP, LP64, ILP64 = (
    OPENMP.library_file("omp"),
    OPENBLAS.library_file("openblas"),
    OPENBLAS.library_file("openblas_64"),
)
RUNTIME = """
int omp_get_max_threads(void) { return 2; }
int GOMP_parallel(void) { return 20; }
int __kmpc_fork_call(void) { return 200; }
"""
NODES = """
OMP_1.0 { global: omp_*; };
GOMP_4.0 { global: GOMP_*; };
VERSION { global: __kmpc_*; local: *; };
"""
NAMES = ("ddot", "dgemm", "dtrsm")


@dataclass(frozen=True)
class Bench:
    """An environment with both library wheels, and where things are compiled."""

    venv: Venv
    work: Path

    @property
    def lib(self) -> Path:
        return self.venv.root / "lib"

    def extension(
        self, module: str, calls: str, *files: str, flags: tuple[str, ...] = ()
    ) -> Member:
        """Return an extension that calls a function of these files."""
        linked = [f"-l:{file}" for file in files]
        content = compile_extension(
            self.work, module, f"-Danswer_number={calls}", *flags, f"-L{self.lib}", *linked
        )
        return Member(f"guest/{module}{EXT_SUFFIX}", content)

    def repair(self, folder: Path, *members: Member) -> subprocess.CompletedProcess[str]:
        wheel = make_wheel(folder / "dist", [*members, Member("guest/__init__.py", b"")])
        path = f"{os.environ['PYTHONPATH']}{os.pathsep}{self.venv.root / SITE}"
        variables = {"PYTHONPATH": path}
        return libwheel("repair", wheel, "-o", folder / "out", variables=variables)

    def repaired(self, folder: Path, *members: Member) -> Path:
        done = self.repair(folder, *members)
        assert done.returncode == 0, done.stdout
        [made] = (folder / "out").iterdir()
        return made

    def refused(self, folder: Path, *members: Member) -> str:
        done = self.repair(folder, *members)
        assert (done.returncode, (folder / "out").exists()) == (1, False)
        assert "Traceback" not in done.stdout
        return done.stdout


def make_bench(folder: Path) -> Bench:
    build = folder / "build"
    omp = shared(build / OMP, RUNTIME, script=NODES)
    beside = ("-Wl,--no-as-needed", omp, "-Wl,--disable-new-dtags", "-Wl,-rpath,$ORIGIN")
    node = f"{OPENBLAS.version_node} {{ global: *; }};\n"
    blas = {}
    for stem, suffix, size in (("openblas", "", 32), ("openblas_64", "64_", 64)):
        body = f"{{ return {size} + omp_get_max_threads(); }}\n"
        source = "int omp_get_max_threads(void);\n"
        source += "".join(f"int {name}_{suffix}(void) {body}" for name in NAMES)
        path = shared(build / OPENBLAS.library_file(stem), source, *beside, script=node)
        blas[stem] = path.read_bytes()
    venv = make_venv(folder / "venv")
    install_library_wheel(venv.root, OPENMP, {"omp": omp.read_bytes()}, compatible=">= 19.1.7")
    install_library_wheel(
        *(venv.root, OPENBLAS, blas),
        compatible=">= 0.3.29",
        conflicts={"openblas": ("openblas_64",)},
        requires={"openmp": ">=19.1.7"},
    )
    return Bench(venv, folder / "work")


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return make_bench(tmp_path_factory.mktemp("pools"))


@pytest.fixture
def own_bench(tmp_path: Path) -> Bench:
    """One that a test may change."""
    return make_bench(tmp_path)


def required(wheel: Path) -> list[str]:
    lines = contents(wheel)[f"{INFO}/METADATA"].decode().splitlines()
    return [line.partition(" ")[2] for line in lines if line.startswith("Requires-Dist")]


# Repair


def test_a_consumer_requires_what_it_needs_itself(bench: Bench, tmp_path: Path) -> None:
    made = bench.repaired(tmp_path, bench.extension("_one", "dgemm_", LP64))
    assert required(made) == ["openblas>=0.3.29"]
    assert not [name for name in contents(made) if ".libs/" in name]
    [name] = (name for name in contents(made) if name.endswith(EXT_SUFFIX))
    binary = elf.read_any(contents(made)[name], name)
    assert binary
    assert binary.rpath == ("$ORIGIN/../../../../lib",)


def test_it_runs_with_what_its_library_needs(own_bench: Bench, tmp_path: Path) -> None:
    made = own_bench.repaired(tmp_path, own_bench.extension("_one", "dgemm_", LP64))
    own_bench.venv.install(made)
    told = own_bench.venv.ask("-c", "import guest._one as it; print(it.told())")
    assert told == "34"


def test_a_consumer_of_both(bench: Bench, tmp_path: Path) -> None:
    both = (bench.extension("_one", "dgemm_", LP64), bench.extension("_two", "GOMP_parallel", OMP))
    assert required(bench.repaired(tmp_path, *both)) == ["openblas>=0.3.29", "openmp>=19.1.7"]


@pytest.mark.parametrize("name", ["omp_get_max_threads", "GOMP_parallel", "__kmpc_fork_call"])
def test_upstream_s_version_nodes_are_nothing_to_auditwheel(
    bench: Bench, tmp_path: Path, name: str
) -> None:
    made = bench.repaired(tmp_path, bench.extension("_one", name, OMP))
    assert required(made) == ["openmp>=19.1.7"]
    assert "manylinux" in made.name


def test_two_sizes_of_integers_in_two_extensions(bench: Bench, tmp_path: Path) -> None:
    both = (bench.extension("_one", "dgemm_", LP64), bench.extension("_two", "dgemm_64_", ILP64))
    assert required(bench.repaired(tmp_path, *both)) == ["openblas>=0.3.29"]


def test_two_sizes_of_integers_in_one_extension(bench: Bench, tmp_path: Path) -> None:
    flags = ("-DPRIVATE", "-Dprivate_number=dgemm_64_")
    both = bench.extension("_it", "dgemm_", LP64, ILP64, flags=flags)
    said = bench.refused(tmp_path, both)
    assert f"takes symbols of {LP64} and of {ILP64}, of which one extension may use one" in said


@pytest.mark.parametrize(
    ("name", "twin", "file"), [("dgemm_", "dgemm_64_", ILP64), ("dgemm_64_", "dgemm_", LP64)]
)
def test_the_other_size_of_integers(
    bench: Bench, tmp_path: Path, name: str, twin: str, file: str
) -> None:
    flags = ("-Wl,--no-as-needed",)
    said = bench.refused(tmp_path, bench.extension("_it", name, file, flags=flags))
    assert f"{name} is not in {file} of openblas 0.3.29, which has {twin}: was this" in said
    assert f"Then link {'openblas' if file == ILP64 else 'openblas_64'}-pywheel" in said


def test_the_compiler_s_runtime_and_ours_in_one_extension(bench: Bench, tmp_path: Path) -> None:
    flags = ("-fopenmp", "-Wl,--no-as-needed")
    said = bench.refused(tmp_path, bench.extension("_it", "GOMP_parallel", OMP, flags=flags))
    assert f"{OMP}, two OpenMP runtimes: -fopenmp on the link line adds" in said


def test_the_compiler_s_runtime_beside_a_library_on_ours(bench: Bench, tmp_path: Path) -> None:
    flags = ("-fopenmp", "-Wl,--no-as-needed")
    done = bench.repair(tmp_path, bench.extension("_it", "dgemm_", LP64, flags=flags))
    assert done.returncode == 0, done.stdout
    assert f"is an OpenMP runtime beside the one of {LP64}: two pools of threads" in done.stdout


# Doctor


def doctor(bench: Bench, *arguments: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """Return the exit status, and the diagnoses by rule."""
    done = libwheel("doctor", "--json", "--python", bench.venv.python, *arguments)
    report = json.loads(done.stdout)
    return done.returncode, {one["rule"]: one for one in report["diagnoses"]}


def add_private_runtime(bench: Bench, owner: str) -> None:
    """Install a package with a runtime of its own, which its import loads."""
    site, name = bench.venv.root / SITE, "libgomp-1a2b3c4d.so.1.0.0"
    library = shared(site / owner / name, RUNTIME.replace("__kmpc", "GOMP"), script="")
    load = f"import ctypes\nctypes.CDLL({str(library)!r})\n"
    (site / owner / "__init__.py").write_text(load)
    info = site / f"{owner}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {owner}\nVersion: 1.0\n")
    (info / "RECORD").write_text(f"{owner}/__init__.py,,\n{owner}/{name},,\n{info.name}/RECORD,,\n")


@pytest.fixture
def used(own_bench: Bench, tmp_path: Path) -> Bench:
    """An environment in which a consumer is installed as well."""
    both = (
        own_bench.extension("_one", "dgemm_", LP64),
        own_bench.extension("_two", "dgemm_64_", ILP64),
    )
    own_bench.venv.install(own_bench.repaired(tmp_path, *both))
    return own_bench


def test_one_runtime_and_one_blas_of_two_sizes(used: Bench) -> None:
    assert doctor(used) == (0, {})
    assert doctor(used, "--import", "guest._one", "--import", "guest._two") == (0, {})


def test_a_runtime_of_its_own(used: Bench) -> None:
    add_private_runtime(used, "other")
    status, found = doctor(used)
    assert (status, list(found)) == (1, ["several-openmp"])
    assert "2 OpenMP runtimes are here: " in found["several-openmp"]["message"]
    assert "no file here loads two of them by itself" in found["several-openmp"]["message"]


def test_a_runtime_of_its_own_in_one_process(used: Bench) -> None:
    add_private_runtime(used, "other")
    status, found = doctor(used, "--import", "guest._one", "--import", "other")
    assert (status, list(found)) == (1, ["several-openmp"])
    assert "2 OpenMP runtimes are in one process: " in found["several-openmp"]["message"]
    status, found = doctor(used, "--import", "guest._one")
    assert (status, list(found)) == (1, ["several-openmp"])
    said = found["several-openmp"]["message"]
    assert said.endswith(f"; importing guest._one has loaded {OMP} of them")


def test_without_the_runtime_that_it_runs_with(used: Bench) -> None:
    (used.lib / OMP).unlink()
    shutil.rmtree(used.venv.root / SITE / "openmp_pywheel")
    shutil.rmtree(used.venv.root / SITE / "openmp-19.1.7.dist-info")
    status, found = doctor(used)
    assert (status, list(found)) == (1, ["library-not-found"])
    assert found["library-not-found"]["subject"] == "openblas"
    assert found["library-not-found"]["remedy"] == "pip install 'openmp>=19.1.7'"
