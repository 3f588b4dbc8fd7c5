"""How well `libwheel build` fills the machine with several recipes.

Builds them for one target with an empty cache of installed trees and no compiler cache, and
compares the time that it took with the CPU seconds that it used, divided by the processors: 1.0 is
a machine that was never idle. The archives are fetched, and zig's C libraries compiled, beforehand.
Exits with 1 above the limit. Needs the programs that the recipes' build systems need: pip install
'.[tools]', and a machine that does nothing else.

    python benchmarks/parallel.py --target x86_64-linux-gnu.2.17
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RECIPES = [ROOT / "recipes" / name for name in ("zlib", "hdf5", "openmp")]
LIMIT = 1.15


@dataclass(frozen=True)
class Spent:
    """Seconds of wall time, and of all processors."""

    wall: float
    cpu: float

    @property
    def ratio(self) -> float:
        return self.wall / (self.cpu / len(os.sched_getaffinity(0)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("recipe", type=Path, nargs="*", default=RECIPES)
    parser.add_argument("--target", default="native")
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        libwheel(work, "fetch", f"-Ctarget={options.target}", *options.recipe)
        if options.target != "native":
            build(work, options.target, options.recipe)  # zig keeps what it compiles for a target
        spent = [build(work, options.target, options.recipe) for _ in range(options.rounds)]
    best = min(spent, key=lambda one: one.ratio)
    ratio = f"ratio {best.ratio:.3f} (at most {LIMIT})"
    print(f"{best.wall:.1f} s of wall time, {best.cpu:.1f} s of CPU time: {ratio}")
    sys.exit(1 if best.ratio > LIMIT else 0)


def build(work: Path, target: str, recipes: Sequence[Path]) -> Spent:
    shutil.rmtree(work / "cache" / "trees", ignore_errors=True)
    before, start = cpu_seconds(), time.monotonic()
    chosen = ("-Clauncher=none", f"-Ctarget={target}")
    libwheel(work, "build", "-o", work / "dist", *chosen, *recipes)
    return Spent(time.monotonic() - start, cpu_seconds() - before)


def cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def libwheel(work: Path, *arguments: str | Path) -> None:
    argv = [sys.executable, "-m", "libwheel", *map(str, arguments)]
    path = os.pathsep.join(filter(None, [str(ROOT / "backend"), os.environ.get("PYTHONPATH")]))
    variables = {**os.environ, "PYTHONPATH": path, "LIBWHEEL_CACHE": str(work / "cache")}
    done = subprocess.run(argv, env=variables, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)


if __name__ == "__main__":
    main()
