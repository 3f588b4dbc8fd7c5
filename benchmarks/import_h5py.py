"""What importing h5py costs with the shared HDF5, beside the stock wheel with its own.

Takes the Pythons of two environments that differ in that alone, imports h5py in each in turn, in
fresh processes, and prints the medians and their ratios: of the time that passes, and of the time
on a processor, which tells more where others compute too.

    python benchmarks/import_h5py.py stock/bin/python shared/bin/python --rounds 40
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Cost:
    """Both in milliseconds."""

    wall: float
    cpu: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("stock", help="the Python of the environment with the stock wheel")
    parser.add_argument("shared", help="the Python of the environment with the library wheel")
    parser.add_argument("--rounds", type=int, default=40)
    options = parser.parse_args()
    for python in (options.stock, options.shared):
        cost(python)  # the files come into memory, the byte code is written
    stock, shared = [], []
    for _ in range(options.rounds):
        stock.append(cost(options.stock))
        shared.append(cost(options.shared))
    usual, ours = median(stock), median(shared)
    print(f"stock   {usual.wall:7.1f} ms   {usual.cpu:7.1f} ms on a processor")
    print(f"shared  {ours.wall:7.1f} ms   {ours.cpu:7.1f} ms")
    print(f"ratio   {ours.wall / usual.wall:7.3f}      {ours.cpu / usual.cpu:7.3f}")


def cost(python: str) -> Cost:
    """Import h5py in a new process."""
    before, start = cpu_of_children(), time.monotonic()
    subprocess.run([python, "-I", "-c", "import h5py"], check=True)
    wall, cpu = time.monotonic() - start, cpu_of_children() - before
    return Cost(1000 * wall, 1000 * cpu)


def cpu_of_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def median(costs: list[Cost]) -> Cost:
    return Cost(
        statistics.median(cost.wall for cost in costs),
        statistics.median(cost.cpu for cost in costs),
    )


if __name__ == "__main__":
    main()
