"""How fast our OpenBLAS is, beside the one that SciPy's wheels have (scipy-openblas32).

Each is installed into an environment of its own and called in processes of its own: the idle
threads of one would spin beside the other. The two take turns, case by case; of each the best of
all rounds counts. Exits 1 where the geometric mean of ours/theirs is above 1.00, or a case above
1.05.

    python benchmarks/blas.py wheelhouse/openblas-0.3.29-0-py3-none-manylinux_2_34_x86_64.whl

What the wheel requires is taken from the folder that it lies in.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import blas_calls
from blas_wheels import THEIRS, compiled, installed, output, turns, wheel

MEAN_LIMIT = 1.00
CASE_LIMIT = 1.05

SIZES = {
    **dict.fromkeys(("dgemm", "sgemm"), (64, 500, 2000)),
    **dict.fromkeys(("dgetrf", "dpotrf", "dsyevd"), (1000, 3000)),
}
THREADS = (1, 2)


@dataclass(frozen=True)
class Case:
    """A routine, for matrices of `n` rows, on so many threads."""

    routine: str
    n: int
    threads: int

    def __str__(self) -> str:
        return f"{self.routine:6} n = {self.n:4}  {self.threads} thread{'s'[: self.threads - 1]}"


@dataclass(frozen=True)
class Measure:
    """How cases are measured: `repeat` is a shared library that calls, `libraries` are called."""

    repeat: Path
    libraries: Sequence[Path]
    rounds: int

    def ratio(self, case: Case) -> float:
        """Measure a case with both libraries; print and return ours/theirs."""
        took: tuple[list[float], list[float]] = ([], [])
        for turn in turns(self.rounds):
            for which in turn:
                took[which].append(self._seconds(case, self.libraries[which]))
        ours, theirs = map(min, took)
        times = f"{1e3 * ours:10.4f} ms, theirs {1e3 * theirs:10.4f} ms"
        print(f"{case}   {ours / theirs:.3f}   {times}", flush=True)
        return ours / theirs

    def _seconds(self, case: Case, library: Path) -> float:
        arguments = (blas_calls.__file__, self.repeat, library, case.routine, str(case.n))
        return float(output(arguments, case.threads))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("wheel", type=wheel, help="of ours; its folder has the openmp wheel, too")
    parser.add_argument("--against", default=THEIRS, help="a wheel, or a package of the index")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--routine", choices=SIZES, action="append", help="this alone; again, too")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        wheels = (options.wheel, options.against)
        environments = [installed(w, Path(folder, str(n))) for n, w in enumerate(wheels)]
        libraries = [environment.blas for environment in environments]
        repeat = compiled(blas_calls.REPEAT, Path(folder, "repeat.so"))
        measure = Measure(repeat, libraries, options.rounds)
        ratios = [measure.ratio(case) for case in cases(options.routine or SIZES)]
    mean, worst = statistics.geometric_mean(ratios), max(ratios)
    print(f"geometric mean           {mean:.3f}   at most {MEAN_LIMIT:.2f}")
    print(f"worst case               {worst:.3f}   at most {CASE_LIMIT:.2f}")
    return 0 if mean <= MEAN_LIMIT and worst <= CASE_LIMIT else 1


def cases(routines: list[str] | dict[str, tuple[int, ...]]) -> list[Case]:
    return [Case(name, n, threads) for threads in THREADS for name in routines for n in SIZES[name]]


if __name__ == "__main__":
    sys.exit(main())
