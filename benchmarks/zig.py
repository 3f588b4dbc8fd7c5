"""What zig costs beside gcc: CPU seconds of building HDF5.

The same build natively and with zig, in turn, with as many compilers at once; zig's cache is warm,
the cache of installed trees empty, the archives are fetched beforehand. Exits 1 where zig takes
more than 1.3 times as long. Needs libwheel[tools], ziglang, gcc and make.

    python benchmarks/zig.py --rounds 2
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIMIT = 1.3
SETTINGS = {"gcc": "-Ctoolchain=native", "zig": "-Ctoolchain=zig"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("recipe", type=Path, nargs="?", default=ROOT / "recipes" / "hdf5")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    usual = (f"-Cjobs={options.jobs}", "-Clauncher=none")
    taken: dict[str, list[float]] = {name: [] for name in SETTINGS}
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        libwheel(work, "fetch", options.recipe)
        build = ("build", "-o", work / "dist", *usual)
        libwheel(work, *build, SETTINGS["zig"], ROOT / "recipes" / "zlib")  # warms zig's cache
        for _ in range(options.rounds):
            for name, setting in SETTINGS.items():
                shutil.rmtree(work / "cache" / "trees", ignore_errors=True)
                taken[name].append(cpu_seconds(work, *build, setting, options.recipe))
    gcc, zig = (statistics.median(taken[name]) for name in SETTINGS)
    print(f"gcc {gcc:7.1f} CPU s   {' '.join(f'{one:.1f}' for one in taken['gcc'])}")
    print(f"zig {zig:7.1f} CPU s   {' '.join(f'{one:.1f}' for one in taken['zig'])}")
    print(f"ratio {zig / gcc:.2f}   at most {LIMIT:.2f}")
    return 0 if zig / gcc <= LIMIT else 1


def cpu_seconds(work: Path, *arguments: str | Path) -> float:
    """Return what a command and all that it has run took of the processors."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    libwheel(work, *arguments)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def libwheel(work: Path, *arguments: str | Path) -> None:
    argv = [sys.executable, "-m", "libwheel", *map(str, arguments)]
    variables = {
        **os.environ,
        "PYTHONPATH": str(ROOT / "backend"),
        "LIBWHEEL_CACHE": str(work / "cache"),
        "CC": "gcc",
        "CXX": "g++",
    }
    done = subprocess.run(argv, env=variables, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)


if __name__ == "__main__":
    sys.exit(main())
