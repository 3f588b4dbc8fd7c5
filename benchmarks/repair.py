"""What `libwheel repair` costs over `auditwheel repair --exclude`, which it calls.

Run it where libwheel, auditwheel and the library wheels are installed that the wheel was built
against; the rounds alternate.

    python benchmarks/repair.py dist/h5py-3.16.0-cp311-cp311-linux_x86_64.whl
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from libwheel import programs
from libwheel.consumer import library_wheels
from libwheel.consumer.repair import grafting, library_needs

LIMIT = 1.5


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    installed = library_wheels.installed(map(Path, sys.path))
    excludes = [f"--exclude={soname}" for soname in library_needs.libraries(installed)]
    patchelf = programs.find("patchelf", os.environ["PATH"])
    variables = grafting.find(patchelf, os.environ).variables
    alone, ours = [], []
    for _ in range(options.rounds):
        alone.append(seconds(variables, "auditwheel", "repair", *excludes, options.wheel, "-w"))
        ours.append(seconds(variables, "libwheel", "repair", options.wheel, "-o"))
    ratio = statistics.median(ours) / statistics.median(alone)
    print(f"auditwheel repair --exclude {statistics.median(alone):6.2f} s")
    print(f"libwheel repair             {statistics.median(ours):6.2f} s   ratio {ratio:.2f}")
    return 0 if ratio <= LIMIT else 1


def seconds(variables: Mapping[str, str], *arguments: str | Path) -> float:
    """Return how long a module takes; its last argument is to be followed by an output folder."""
    with tempfile.TemporaryDirectory() as folder:
        argv = [sys.executable, "-m", *map(str, arguments), folder]
        start = time.monotonic()
        subprocess.run(argv, env=dict(variables), check=True, capture_output=True)
        return time.monotonic() - start


if __name__ == "__main__":
    sys.exit(main())
