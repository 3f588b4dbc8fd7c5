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
