"""What it costs to alternate an OpenMP loop with a small dgemm, on 2 threads.

The time of the pair over the sum of its parts, each measured alone: 1 where both compute on one
pool of threads, several times that where two pools spin beside each other. Each run is a process
of its own, those of the wheels take turns; the median counts. Exits 1 where ours is above 1.15.

    python benchmarks/threads.py wheelhouse/openblas-0.3.29-0-py3-none-manylinux_2_34_x86_64.whl

What the wheel requires is taken from the folder that it lies in. Beside it scipy-openblas32 is
measured, which has threads of its own, or what --against names; the loop runs on our openmp wheel
with both.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from blas_wheels import THEIRS, Environment, compiled, installed, output, turns, wheel

LIMIT = 1.15

SIZES = (100, 200, 400)
CALLS = Path(__file__).with_name("thread_calls.py")
LOOP = """
void loop(double *x, long count) {
  #pragma omp parallel for schedule(static)
  for (long i = 0; i < count; i++) {
    double y = x[i];
    for (int k = 0; k < 8; k++) y = 0.999 * y + 0.001;
    x[i] = y;
  }
}
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("wheel", type=wheel, help="of ours; its folder has the openmp wheel, too")
    parser.add_argument("--against", default=THEIRS, help="a wheel, or a package of the index")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        wheels = (options.wheel, options.against)
        ours, other = (installed(w, Path(folder, str(n))) for n, w in enumerate(wheels))
        loop = compiled(LOOP, Path(folder, "loop.so"), *flags(ours))
        found = [ratios(n, loop, (ours.blas, other.blas), options.runs) for n in SIZES]
    print(f"at most {LIMIT} with {options.wheel.name}")
    return 0 if max(found) <= LIMIT else 1


def flags(environment: Environment) -> list[str]:
    """Return what a consumer of the openmp wheel compiles with."""
    rpath = f"-Wl,-rpath,{environment.prefix / 'lib'}"
    return [*asked(environment, "cflags"), *asked(environment, "libs"), rpath]


def asked(environment: Environment, question: str) -> list[str]:
    command = (environment.python, "-m", "openmp_pywheel", question, "openmp")
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


def ratios(n: int, loop: Path, libraries: Sequence[Path], runs: int) -> float:
    """Measure with both libraries; print both medians and return ours."""
    found: tuple[list[float], list[float]] = ([], [])
    for turn in turns(runs):
        for which in turn:
            lines = output((CALLS, libraries[which], loop, str(n)), threads=2).splitlines()
            found[which].extend(map(float, lines))
    ours, other = map(statistics.median, found)
    print(f"n = {n}   {ours:6.3f}   the other {other:6.3f}", flush=True)
    return ours


if __name__ == "__main__":
    sys.exit(main())
