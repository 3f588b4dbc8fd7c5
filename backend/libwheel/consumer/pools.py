"""Libraries of which a process wants one: OpenMP runtimes and BLAS, which keep pools of threads.

Different libraries may be of one kind (libgomp and libomp, OpenBLAS and MKL): what tells is what
they export, and where a file cannot be read, what it is called.
"""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from enum import StrEnum
from itertools import product
from pathlib import Path

from libwheel import naming
from libwheel.binaries import elf_light
from libwheel.errors import BuildError


class Pool(StrEnum):
    """What a library is for; the value is how sentences call it."""

    OPENMP = "OpenMP runtime"
    BLAS = "BLAS"

    @property
    def word(self) -> str:
        """What a diagnosis is about."""
        return self.partition(" ")[0]

    @property
    def wheel(self) -> str:
        """The library wheel that is one."""
        return {Pool.OPENMP: "openmp", Pool.BLAS: "openblas"}[self]


_RUNTIME = "omp_get_max_threads"  # a library of stubs has this, and none of the others
_STARTS = ("GOMP_parallel", "__kmpc_fork_call")  # what compilers call: gcc, clang and Intel's
# OpenBLAS's builds for Python put these before and behind each name; 64_ is also the usual
# suffix of the variant with 64-bit integers.
_PREFIXES, _SUFFIXES = ("", "scipy_"), ("", "64_")
_ROUTINES = ("ddot_", "dgemm_", "dtrsm_")

_OPENMP_FILE = re.compile(r"lib(?:gomp|(?P<llvm>i?omp5?))(?:-[0-9a-f]{8})*\.so(?:\..*)?")
_TAGGED_LLVM = re.compile(r"libi?omp5?-pywheel-.*\.so")
_BLAS_FILE = re.compile(r"lib(\w*openblas|c?blas\b|blis\b|flexiblas|mkl_|satlas|tatlas)")


def pool_of(exports: AbstractSet[str]) -> Pool | None:
    """Return which of them a library is, told by what it exports."""
    if _RUNTIME in exports and any(name in exports for name in _STARTS):
        return Pool.OPENMP
    for prefix, suffix in product(_PREFIXES, _SUFFIXES):
        if all(f"{prefix}{name}{suffix}" in exports for name in _ROUTINES):
            return Pool.BLAS
    return None


def is_called_so(file: str) -> bool:
    """Tell by its name whether a file may be one of them, and is no library wheel's."""
    return is_plain_openmp(file) or bool(_BLAS_FILE.match(file) and not naming.tagged_file(file))


def is_plain_openmp(file: str) -> bool:
    """Tell by its name whether a file is an OpenMP runtime, and no library wheel's."""
    return bool(_OPENMP_FILE.fullmatch(file))


def is_of_llvm(file: str) -> bool:
    """Tell by its name whether it is LLVM's OpenMP runtime or Intel's, which refuse each other."""
    match = _OPENMP_FILE.fullmatch(file)
    return bool((match and match["llvm"]) or _TAGGED_LLVM.fullmatch(file))


def starts_threads(path: Path) -> bool:
    """Tell whether a library makes threads itself, or by what lies beside it for its sake.

    One that computes in OpenMP's makes none: what its runtime makes does not count.
    """
    try:
        needed = elf_light.glance(path).needed
        beside = (path.with_name(name) for name in needed if not _is_openmp(name))
        files = (path, *(file for file in beside if file.is_file()))
        return any("pthread_create" in elf_light.imports(file) for file in files)
    except BuildError:
        return False


def _is_openmp(file: str) -> bool:
    return is_plain_openmp(file) or is_of_llvm(file)
