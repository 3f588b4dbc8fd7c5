"""What libwheel adds to upstream's own configure, build and install.

Runs the recipe's own plan by hand, then a build through libwheel with an empty cache of
installed trees, in turn, and prints the times and their ratio; then builds again with nothing
changed. The archives are fetched beforehand. Needs the programs that the recipe's build system
needs: pip install '.[tools]'.

    python benchmarks/overhead.py recipes/hdf5 --rounds 2
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

BACKEND = Path(__file__).resolve().parent.parent / "backend"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("recipe", type=Path, nargs="?", default=Path("recipes/hdf5"))
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    by_hand, through, again = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        libwheel(work, "fetch", options.recipe)
        for _ in range(options.rounds):
            by_hand.append(seconds_by_hand(work, options.recipe))
            shutil.rmtree(work / "cache" / "trees", ignore_errors=True)
            through.append(seconds(lambda: build(work, options.recipe)))
            again.append(seconds(lambda: build(work, options.recipe)))
    hand, whole = statistics.median(by_hand), statistics.median(through)
    print(f"by hand           {hand:8.2f} s   (upstream's configure, build and install)")
    print(f"through libwheel  {whole:8.2f} s   ratio {whole / hand:.3f}, {whole - hand:+.2f} s")
    print(f"nothing changed   {statistics.median(again):8.2f} s")


def seconds(work: Callable[[], object]) -> float:
    start = time.monotonic()
    work()
    return time.monotonic() - start


def seconds_by_hand(work: Path, recipe: Path) -> float:
    """Unpack the source, then time the plan's commands alone."""
    hand = work / "by-hand"
    shutil.rmtree(hand, ignore_errors=True)
    libwheel(work, "fetch", "--unpack", hand / "source", recipe)
    script = libwheel(work, "plan", "-C", f"work-dir={hand}", recipe)
    return seconds(lambda: subprocess.run(("sh", "-c", script), check=True, capture_output=True))


def build(work: Path, recipe: Path) -> None:
    libwheel(work, "build", "-o", work / "dist", recipe)


def libwheel(work: Path, *arguments: str | Path) -> str:
    argv = [sys.executable, "-m", "libwheel", *map(str, arguments)]
    variables = {**os.environ, "PYTHONPATH": str(BACKEND), "LIBWHEEL_CACHE": str(work / "cache")}
    done = subprocess.run(argv, env=variables, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    return done.stdout


if __name__ == "__main__":
    main()
