from __future__ import annotations

from pathlib import Path

import pytest

from libwheel.consumer import pools
from libwheel.consumer.pools import Pool
from unit.binaries.compiled import shared

BLAS = ("ddot", "dgemm", "dtrsm")


@pytest.mark.parametrize(
    ("exports", "expected"),
    [
        ({"omp_get_max_threads", "GOMP_parallel"}, Pool.OPENMP),
        ({"omp_get_max_threads", "__kmpc_fork_call"}, Pool.OPENMP),
        ({"omp_get_max_threads", "omp_set_num_threads"}, None),  # Intel's stubs
        ({"GOMP_parallel"}, None),
        ({f"{name}_" for name in BLAS}, Pool.BLAS),
        ({f"{name}_64_" for name in BLAS}, Pool.BLAS),
        ({f"scipy_{name}_" for name in BLAS}, Pool.BLAS),
        ({f"scipy_{name}_64_" for name in BLAS}, Pool.BLAS),
        ({"ddot_", "dgemm_64_", "dtrsm_"}, None),
        ({"dgemm_"}, None),
    ],
)
def test_what_a_library_exports_tells(exports: set[str], expected: Pool | None) -> None:
    assert pools.pool_of(exports) is expected


def test_names_of_openmp_runtimes() -> None:
    names = (
        *("libgomp.so.1", "libgomp-e985bcbb.so.1.0.0", "libomp.so", "libomp5.so.5"),
        *(
            "libiomp5.so",
            "libomp-pywheel-5.so",
            "libgomp_plugin.so",
            "libcompgomp.so",
            "libompi.so",
        ),
    )
    assert [name for name in names if pools.is_plain_openmp(name)] == list(names[:5])
    assert [name for name in names if pools.is_of_llvm(name)] == list(names[2:6])


def test_names_worth_a_look() -> None:
    names = (
        *("libgomp.so.1", "libblas.so.3", "libscipy_openblas64_-32a4b2a6.so", "libmkl_rt.so.3"),
        *("libopenblas-pywheel-0.so", "libomp-pywheel-5.so", "libc.so.6", "libblasting.txt"),
    )
    assert [name for name in names if pools.is_called_so(name)] == list(names[:4])


@pytest.mark.compiles
def test_who_starts_threads(tmp_path: Path) -> None:
    threads = "int pthread_create(void); int start(void) { return pthread_create(); }"
    none = "int start(void) { return 1; }"
    assert pools.starts_threads(shared(tmp_path / "libthreads.so", threads))
    assert not pools.starts_threads(shared(tmp_path / "libnone.so", none))
    assert not pools.starts_threads(tmp_path / "gone.so")
