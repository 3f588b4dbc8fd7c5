"""A program for a Python with NumPy: LAPACK and BLAS of one library against what they promise.

It prints JSON: by routine, type, size and threads how far its result is off, in units of the
type's precision, the size and the norm of what it was given.
"""

from __future__ import annotations

import argparse
import ctypes
import itertools
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
TYPES = {"s": np.float32, "d": np.float64, "c": np.complex64, "z": np.complex128}


@dataclass(frozen=True)
class Lapack:
    """The routines of one type, by their Fortran names."""

    library: ctypes.CDLL
    suffix: str
    integer: type[ctypes.c_int32 | ctypes.c_int64]
    letter: str

    @property
    def dtype(self) -> type[np.generic]:
        return TYPES[self.letter]

    @property
    def real(self) -> np.dtype[Any]:
        return np.empty(0, self.dtype).real.dtype

    @property
    def complex(self) -> bool:
        return self.letter in "cz"

    def integers(self, size: int) -> Array:
        return np.zeros(size, np.dtype(self.integer))

    def empty(self, *shape: int) -> Array:
        return np.zeros(shape, self.dtype, order="F")

    def call(self, name: str, *arguments: str | int | Array) -> None:
        """Call a routine, which gets `info` as its last argument besides."""
        info = self.integer(0)
        passed = [self._passed(argument) for argument in arguments]
        getattr(self.library, f"{self.letter}{name}_{self.suffix}")(*passed, ctypes.byref(info))
        assert info.value == 0, (self.letter, name, info.value)

    def with_space(self, name: str, *before: str | int | Array, tail: tuple[Array, ...]) -> None:
        """Call a routine with the work space that it asks for; all before and behind is given."""
        asked = self.empty(1)
        self.call(name, *before, asked, -1, *tail)
        size = int(asked[0].real)
        self.call(name, *before, self.empty(size), size, *tail)

    def _passed(self, argument: str | int | Array) -> object:
        if isinstance(argument, str):
            return argument.encode()
        if isinstance(argument, int):
            return ctypes.byref(self.integer(argument))
        return argument.ctypes.data_as(ctypes.c_void_p)


def some_matrix(lapack: Lapack, n: int) -> Array:
    random = np.random.default_rng(n)
    matrix = random.standard_normal((n, n))
    if lapack.complex:
        matrix = matrix + 1j * random.standard_normal((n, n))
    return np.asfortranarray(matrix.astype(lapack.dtype))


def distance(lapack: Lapack, found: Array, wanted: Array, scale: float) -> float:
    precision = float(np.finfo(lapack.real).eps)
    return float(np.linalg.norm(found - wanted)) / (scale * precision * max(found.shape))


def off(lapack: Lapack, found: Array, wanted: Array) -> float:
    return distance(lapack, found, wanted, float(np.linalg.norm(wanted)))


def orthogonal(lapack: Lapack, vectors: Array) -> float:
    unit = np.eye(len(vectors))
    return distance(lapack, vectors.conj().T @ vectors, unit, len(vectors) ** 0.5)


def gemm(lapack: Lapack, n: int) -> float:
    a, c = some_matrix(lapack, n), lapack.empty(n, n)
    one, zero = np.ones(1, lapack.dtype), np.zeros(1, lapack.dtype)
    lapack.call("gemm", "N", "T", n, n, n, one, a, n, a, n, zero, c, n)
    return off(lapack, c, a @ a.T)


def gesv(lapack: Lapack, n: int) -> float:
    a = some_matrix(lapack, n)
    wanted = some_matrix(lapack, n)[:, :3].copy(order="F")
    b = np.asfortranarray(a @ wanted)
    x, factors = b.copy(order="F"), a.copy(order="F")
    lapack.call("gesv", n, 3, factors, n, lapack.integers(n), x, n)
    return distance(lapack, a @ x, b, float(np.linalg.norm(a) * np.linalg.norm(x)))


def getrf(lapack: Lapack, n: int) -> float:
    a, pivots = some_matrix(lapack, n), lapack.integers(n)
    factors = a.copy(order="F")
    lapack.call("getrf", n, n, factors, n, pivots)
    rows = np.arange(n)
    for row, other in enumerate(pivots - 1):
        rows[[row, other]] = rows[[other, row]]
    return off(lapack, (np.tril(factors, -1) + np.eye(n)) @ np.triu(factors), a[rows])


def potrf(lapack: Lapack, n: int) -> float:
    a = some_matrix(lapack, n)
    a = np.asfortranarray(a @ a.conj().T + n * np.eye(n)).astype(lapack.dtype)
    factor = a.copy(order="F")
    lapack.call("potrf", "L", n, factor, n)
    return off(lapack, np.tril(factor) @ np.tril(factor).conj().T, a)


def gesvd(lapack: Lapack, n: int) -> float:
    a, u, vh = some_matrix(lapack, n), lapack.empty(n, n), lapack.empty(n, n)
    s = np.zeros(n, lapack.real)
    tail = (np.zeros(5 * n, lapack.real),) if lapack.complex else ()
    lapack.with_space("gesvd", "A", "A", n, n, a.copy(order="F"), n, s, u, n, vh, n, tail=tail)
    usual = np.linalg.svd(a, compute_uv=False)
    return max(
        off(lapack, (u * s) @ vh, a),
        off(lapack, s, usual),
        orthogonal(lapack, u),
        orthogonal(lapack, vh.conj().T),
    )


def geev(lapack: Lapack, n: int) -> float:
    """The right eigenvectors; those of real matrices come as real and imaginary columns."""
    a, vectors = some_matrix(lapack, n), lapack.empty(n, n)
    none, given = lapack.empty(1, 1), a.copy(order="F")
    if lapack.complex:
        values = np.zeros(n, lapack.dtype)
        tail = (np.zeros(2 * n, lapack.real),)
        lapack.with_space("geev", "N", "V", n, given, n, values, none, 1, vectors, n, tail=tail)
    else:
        real, imaginary = np.zeros(n, lapack.real), np.zeros(n, lapack.real)
        both = (real, imaginary)
        lapack.with_space("geev", "N", "V", n, given, n, *both, none, 1, vectors, n, tail=())
        values, vectors = real + 1j * imaginary, vectors.astype(complex)
        for first in np.flatnonzero(imaginary > 0):
            left, right = vectors[:, first].copy(), vectors[:, first + 1].copy()
            vectors[:, first], vectors[:, first + 1] = left + 1j * right, left - 1j * right
    scale = float(np.linalg.norm(a) * np.linalg.norm(vectors, 2))
    return distance(lapack, a @ vectors, vectors * values, scale)


def syevd(lapack: Lapack, n: int) -> float:
    """Divide and conquer: the eigenvectors are orthogonal, and the values are as usual."""
    a = some_matrix(lapack, n)
    a = np.asfortranarray(a + a.conj().T)
    values, vectors = np.zeros(n, lapack.real), a.copy(order="F")
    sizes = (lapack.empty(1), np.zeros(1, lapack.real), lapack.integers(1))
    for _ in range(2):
        work, rwork, iwork = sizes
        lengths = [-1] * 3 if work.size == 1 else [work.size, rwork.size, iwork.size]
        more = (rwork, lengths[1]) if lapack.complex else ()
        name = "heevd" if lapack.complex else "syevd"
        given = ("V", "L", n, vectors, n, values, work, lengths[0], *more, iwork, lengths[2])
        lapack.call(name, *given)
        sizes = (
            lapack.empty(int(work[0].real)),
            np.zeros(max(1, int(rwork[0])), lapack.real),
            lapack.integers(int(iwork[0])),
        )
    return max(
        distance(lapack, a @ vectors, vectors * values, float(np.linalg.norm(a))),
        off(lapack, values, np.linalg.eigvalsh(a)),
        orthogonal(lapack, vectors),
    )


ROUTINES: Mapping[str, Callable[[Lapack, int], float]] = {
    one.__name__: one for one in (gemm, gesv, getrf, potrf, gesvd, geev, syevd)
}


def results(given: argparse.Namespace) -> Iterator[tuple[str, float]]:
    library, omp = ctypes.CDLL(given.library), ctypes.CDLL(given.runtime)
    integer = ctypes.c_int64 if given.suffix else ctypes.c_int32
    cases = itertools.product(given.threads, given.routines, TYPES)
    for threads, (name, n), letter in cases:
        omp.omp_set_num_threads(threads)
        lapack = Lapack(library, given.suffix, integer, letter)
        yield f"{letter}{name} {n} {threads}", ROUTINES[name](lapack, n)


def routine(text: str) -> tuple[str, int]:
    name, _, size = text.partition("=")
    return name, int(size)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("library", help="the file of the BLAS")
    parser.add_argument("runtime", help="the file of the OpenMP runtime that it is on")
    parser.add_argument("--suffix", default="", help="of the names; with one integers have 64 bits")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--routines", type=routine, nargs="+", required=True, metavar="NAME=SIZE")
    given = parser.parse_args()
    json.dump(dict(results(given)), sys.stdout)


if __name__ == "__main__":
    main()
