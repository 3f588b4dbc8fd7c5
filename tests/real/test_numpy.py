"""NumPy, built from its unmodified sdist on OpenBLAS's wheel: one BLAS, one pool of threads."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import mapped
from environments import Venv, attempt, libwheel, make_venv
from suites import BROKEN, counts, run_suite
from upstream import build_wheel, install_example, repair, requirements

pytestmark = pytest.mark.real

NUMPY = "numpy==2.4.6"
ON_OURS = tuple(f"-Csetup-args=-D{name}=openblas-pywheel" for name in ("blas", "lapack"))
# Without the loops for each processor, which take most of the time and are not what is asked here
QUICKLY = ("-Csetup-args=-Ddisable-optimization=true",)
NO_OPTIMISATION = {"CFLAGS": "-O0 -g0", "CXXFLAGS": "-O0 -g0"}

LIBRARIES = ("libgotoblas-pywheel-0.so", "libopenblas-pywheel-0.so", "libomp-pywheel-5.so")


@pytest.fixture(scope="module")
def built(openblas_venv: Venv, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As README.md has it."""
    folder = openblas_venv.ask("-m", "openblas_pywheel", "pkgconfigdir")
    variables = {"PKG_CONFIG_PATH": folder, **NO_OPTIMISATION}
    return build_wheel(NUMPY, tmp_path_factory.mktemp("numpy"), variables, *ON_OURS, *QUICKLY)


@pytest.fixture(scope="module")
def repaired(built: Path, openblas_venv: Venv, tmp_path_factory: pytest.TempPathFactory) -> Path:
    [wheel] = repair(openblas_venv, tmp_path_factory.mktemp("repaired"), built)
    return wheel


@pytest.fixture(scope="module")
def used(repaired: Path, index: Path, tmp_path_factory: pytest.TempPathFactory) -> Venv:
    """A user's environment: NumPy, an extension with OpenMP, and what they require."""
    venv = make_venv(tmp_path_factory.mktemp("used"))
    others = ("pytest", "hypothesis", "threadpoolctl")
    venv.pip("install", "--quiet", "--find-links", index, repaired, *others)
    install_example(venv, "openmp", index, tmp_path_factory.mktemp("example"))
    return venv


def test_the_metadata_say_which_openblas_it_needs(built: Path, repaired: Path) -> None:
    assert requirements(built) == set()
    assert requirements(repaired) == {Requirement("openblas>=0.3.29,<0.4")}


SHOWN = """
import json, numpy
print(json.dumps(numpy.show_config("dicts")["Build Dependencies"]))
"""


def test_its_configuration_names_our_wheel(used: Venv) -> None:
    shown = json.loads(used.ask("-c", SHOWN))
    told = {name: (shown[name]["name"], shown[name]["version"]) for name in ("blas", "lapack")}
    assert told == dict.fromkeys(("blas", "lapack"), ("openblas-pywheel", "0.3.29"))


POOLS = f"""
import json, os
os.environ["OMP_NUM_THREADS"] = "3"
import loops, numpy, threadpoolctl
{mapped.SOURCE}
threads = loops.threads(2)
assert numpy.linalg.solve(numpy.eye(300) * 2, numpy.ones(300)).sum() == 150
told = ("user_api", "filepath", "num_threads")
pools = sorted([one[key] for key in told] for one in threadpoolctl.threadpool_info())
print(json.dumps([threads, pools, mapped("blas") + mapped("omp")]))
"""


def test_one_process_has_one_blas_and_one_pool(used: Venv) -> None:
    threads, pools, files = json.loads(used.ask("-c", POOLS))
    paths = [str(used.root / "lib" / name) for name in LIBRARIES]
    assert files == paths
    assert threads == 2
    _, openblas, omp = paths
    assert pools == [["blas", openblas, 3], ["openmp", omp, 3]]


def test_doctor_finds_nothing(used: Venv) -> None:
    asked = ("--import", "numpy.linalg", "--import", "loops")
    done = libwheel("doctor", "--json", "--python", used.python, *asked)
    assert json.loads(done.stdout)["diagnoses"] == []
    assert done.returncode == 0


def test_its_own_tests_of_linear_algebra_pass(
    used: Venv, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outcomes = run_suite(used, tmp_path / "linalg.xml", "--pyargs", "numpy.linalg", cwd=tmp_path)
    with capsys.disabled():
        sys.stdout.write(f"\nnumpy.linalg: {dict(counts(outcomes))}")
    assert [name for name, outcome in outcomes.items() if outcome.kind in BROKEN] == []
    assert counts(outcomes)["passed"] > 450


def test_pip_refuses_an_openblas_that_is_not_there(repaired: Path, tmp_path: Path) -> None:
    """The user who has no index with our wheels is told what is missing."""
    venv = make_venv(tmp_path / "venv")
    pip = (sys.executable, "-m", "pip", "--python", venv.python, "install")
    done = attempt(*pip, "--no-index", repaired)
    assert done.returncode == 1
    assert "No matching distribution found for openblas" in done.stdout
