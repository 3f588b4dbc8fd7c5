"""Call one routine of one BLAS again and again in this process, and print its best time.

    python blas_calls.py repeat.so libopenblas.so dgemm 500

The arrays are filled by LAPACK's own generator, so this needs the standard library alone: a
package such as NumPy would bring a BLAS of its own, with threads of its own.
"""

from __future__ import annotations

import ctypes
import mmap
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

SECONDS = 0.4  # of calls, after two that warm up
FEWEST = 2
BATCH = 0.005  # seconds: what is shorter is called several times between two looks at the clock

REPEAT = """
void repeat(void (*f)(), void **a, long count) {
  while (count-- > 0)
    f(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9], a[10], a[11], a[12]);
}
"""  # from C: Python takes a microsecond for a call, and a small dgemm is done in four
MOST_ARGUMENTS = 13

Pointer = ctypes.c_void_p
Function = Callable[..., int]
Value = ctypes.c_int | ctypes.c_float | ctypes.c_double | ctypes.Array[ctypes.c_char]


@dataclass(frozen=True)
class Blas:
    """A shared library; scipy-openblas32 gives its names a prefix."""

    path: str

    @cached_property
    def handle(self) -> ctypes.CDLL:
        return ctypes.CDLL(self.path)

    def routine(self, name: str) -> Function:
        for symbol in (f"{name}_", f"scipy_{name}_"):
            if hasattr(self.handle, symbol):
                found: Function = self.handle[symbol]
                return found
        sys.exit(f"{self.path} has no {name}_")


@dataclass(frozen=True)
class Matrix:
    """Where a routine works, which is to hold what was given each time it is called."""

    work: Pointer
    given: Pointer
    size: int  # bytes

    def restore(self) -> None:
        ctypes.memmove(self.work, self.given, self.size)


@dataclass(frozen=True)
class Case:
    """A routine with its arguments, and with what it overwrites and how it says that it failed."""

    function: Function
    arguments: tuple[Pointer, ...]
    matrix: Matrix | None = None
    info: ctypes.c_int | None = None


def gemm(blas: Blas, name: str, n: int) -> Case:
    a, b, c = (random(blas, name[0], n * n) for _ in range(3))
    real = ctypes.c_double if name[0] == "d" else ctypes.c_float
    no, order, one, zero = text(b"N"), integer(n), pointer(real(1)), pointer(real(0))
    arguments = (no, no, order, order, order, one, a, order, b, order, zero, c, order)
    return Case(blas.routine(name), arguments)


def getrf(blas: Blas, name: str, n: int) -> Case:
    given, order, info = square(random(blas, "d", n * n), n), integer(n), ctypes.c_int()
    arguments = (order, order, given.work, order, memory(4 * n), pointer(info))
    return Case(blas.routine(name), arguments, given, info)


def potrf(blas: Blas, name: str, n: int) -> Case:
    numbers, order, info = random(blas, "d", n * n), integer(n), ctypes.c_int()
    values = (ctypes.c_double * (n * n)).from_address(numbers.value or 0)
    for place in range(0, n * n, n + 1):
        values[place] += n  # the diagonal: so it is positive definite
    given = square(numbers, n)
    return Case(
        blas.routine(name), (text(b"L"), order, given.work, order, pointer(info)), given, info
    )


def syevd(blas: Blas, name: str, n: int) -> Case:
    given, order, info = square(random(blas, "d", n * n), n), integer(n), ctypes.c_int()
    reals, integers = 1 + 6 * n + 2 * n * n, 3 + 5 * n
    spaces = (memory(8 * n), memory(8 * reals), integer(reals), memory(4 * integers))
    matrix = (text(b"V"), text(b"L"), order, given.work, order)
    arguments = (*matrix, *spaces, integer(integers), pointer(info))
    return Case(blas.routine(name), arguments, given, info)


CASES = {"dgemm": gemm, "sgemm": gemm, "dgetrf": getrf, "dpotrf": potrf, "dsyevd": syevd}

_kept: list[object] = []  # what the pointers point to


def pointer(value: Value) -> Pointer:
    _kept.append(value)
    return Pointer(ctypes.addressof(value))


def integer(number: int) -> Pointer:
    return pointer(ctypes.c_int(number))


def text(letter: bytes) -> Pointer:
    return pointer(ctypes.create_string_buffer(letter))


def memory(size: int) -> Pointer:
    """Return zeros that begin a page, so that no library has the better alignment."""
    return pointer((ctypes.c_char * size).from_buffer(mmap.mmap(-1, size)))


def random(blas: Blas, kind: str, count: int) -> Pointer:
    """Return numbers between -1 and 1, the same each time."""
    numbers = memory(count * (8 if kind == "d" else 4))
    seed = (ctypes.c_int * 4)(1, 2, 3, 5)
    blas.routine(f"{kind}larnv")(integer(2), seed, integer(count), numbers)
    return numbers


def square(given: Pointer, n: int) -> Matrix:
    return Matrix(memory(8 * n * n), given, 8 * n * n)


def best(case: Case, repeat: Function) -> float:
    """Return the time of the fastest call, in seconds: a machine's other work only ever adds."""
    seconds(case, repeat, 1)
    count = 1 if case.matrix else max(1, round(BATCH / seconds(case, repeat, 1)))
    took: list[float] = []
    while len(took) < FEWEST or sum(took) < SECONDS:
        took.append(seconds(case, repeat, count))
    return min(took) / count


def seconds(case: Case, repeat: Function, count: int) -> float:
    """Call a case so often; what it overwrites is brought back before, once."""
    arguments = (Pointer * MOST_ARGUMENTS)(*case.arguments)
    if case.matrix:
        case.matrix.restore()
    start = time.perf_counter()
    repeat(case.function, arguments, ctypes.c_long(count))
    took = time.perf_counter() - start
    if case.info and case.info.value:
        sys.exit(f"{case.function}: info is {case.info.value}")
    return took


def main() -> None:
    repeat, path, name, n = sys.argv[1:]
    print(best(CASES[name](Blas(path), name, int(n)), ctypes.CDLL(repeat).repeat))


if __name__ == "__main__":
    main()
