"""Alternate a loop with a dgemm in this process; print the pair's time over that of its parts.

    python thread_calls.py libopenblas.so loop.so 100

One line for each repeat.
"""

from __future__ import annotations

import ctypes
import sys
import time
from collections.abc import Callable, Sequence

from blas_calls import Blas, gemm, memory

Call = Callable[[], object]

REPEATS = 3
SECONDS = 0.1  # of each of the three that are measured
PAUSE = 0.3  # seconds: longer than the threads of a pool wait awake for more to do


def main() -> None:
    blas, loop, n = sys.argv[1:]
    walk, multiply = walker(loop, int(n)), multiplier(blas, int(n))
    count = max(10, round(2 * SECONDS / (average([walk, multiply], 10))))
    for _ in range(REPEATS):
        parts = average([walk], count) + average([multiply], count)
        print(average([walk, multiply], count) / parts)


def walker(path: str, n: int) -> Call:
    """Return a call of the loop over as many numbers as an n x n matrix has."""
    numbers, function = memory(8 * n * n), ctypes.CDLL(path).loop
    size = ctypes.c_long(n * n)

    def walk() -> None:
        function(numbers, size)

    return walk


def multiplier(path: str, n: int) -> Call:
    case = gemm(Blas(path), "dgemm", n)
    return lambda: case.function(*case.arguments)


def average(calls: Sequence[Call], count: int) -> float:
    """Return how long one turn of the calls takes, in seconds, after some that warm up."""
    time.sleep(PAUSE)
    turns(calls, max(1, count // 10))
    start = time.perf_counter()
    turns(calls, count)
    return (time.perf_counter() - start) / count


def turns(calls: Sequence[Call], count: int) -> None:
    for _ in range(count):
        for call in calls:
            call()


if __name__ == "__main__":
    main()
