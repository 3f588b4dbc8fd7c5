"""OpenBLAS on OpenMP's threads, where they are forked away, withheld, or of several numbers."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from conftest import ROOT
from environments import Venv, run_alone
from linked_programs import by_pkg_config

pytestmark = pytest.mark.real

SOURCE = ROOT / "tests" / "samples" / "blas_threads.c"
LIBRARIES = ["openblas", "openmp"]
WITHHELD = {
    "nothing": {},
    "a limit": {"OMP_THREAD_LIMIT": "2"},
    "a limit of one": {"OMP_THREAD_LIMIT": "1"},
    "dynamic teams": {"OMP_DYNAMIC": "true"},
    "no active level": {"OMP_MAX_ACTIVE_LEVELS": "0"},
}


@pytest.fixture(scope="module")
def program(openblas_venv: Venv, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("threads")
    return by_pkg_config(openblas_venv, SOURCE, "openblas-pywheel", LIBRARIES, folder)


def said(program: Path, what: str, **variables: str) -> str:
    threads = {"PATH": os.environ["PATH"], "OMP_NUM_THREADS": "4"}
    return run_alone(program, what, variables={**threads, **variables})


def test_a_forked_process_computes(program: Path) -> None:
    assert said(program, "fork") == "right\n"


@pytest.mark.parametrize("what", WITHHELD)
def test_threads_that_are_not_given_are_not_waited_for(program: Path, what: str) -> None:
    assert said(program, "once", **WITHHELD[what]) == "right\n"


def test_callers_with_several_numbers_of_threads_do_not_disturb_each_other(program: Path) -> None:
    assert said(program, "mixed") == "right\n"


def test_a_fork_takes_nothing_from_those_who_compute(program: Path) -> None:
    assert said(program, "busy") == "right\n"


LIFTED = """
import ctypes, openblas_pywheel
from ctypes import byref, c_double, c_int
omp = ctypes.CDLL(str(openblas_pywheel.libdir() / "libomp-pywheel-5.so"))
omp.omp_set_num_threads(1)
blas = openblas_pywheel.load()["libopenblas-pywheel-0.so"]
omp.omp_set_num_threads(3)
n, one, a = byref(c_int(400)), byref(c_double(1)), (c_double * 400**2)()
blas.dgemm_(b"N", b"N", n, n, n, one, a, n, a, n, one, a, n)
print(blas.openblas_get_num_threads())
"""


def test_the_number_of_threads_at_the_start_does_not_bound_later_ones(openblas_venv: Venv) -> None:
    """As where the library is loaded under one of threadpoolctl's limits, which is then lifted."""
    assert openblas_venv.ask("-c", LIFTED) == "3"
