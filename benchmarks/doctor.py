"""What `libwheel doctor` takes on an environment, from the start of the process to its end.

Without an environment, one of about a hundred packages from the index is made for it, in a
temporary folder.

    python benchmarks/doctor.py venv/bin/python --rounds 10

Library wheels are looked at more closely than other packages; --wheel puts one into the new
environment.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

BACKEND = Path(__file__).resolve().parent.parent / "backend"
# With what they require, about a hundred, large and small.
PACKAGES = (
    *("h5py", "versioned-hdf5", "tables", "netCDF4", "scikit-learn", "scikit-image", "matplotlib"),
    *("pandas", "pyarrow", "opencv-python-headless", "pyproj", "shapely", "lxml", "statsmodels"),
    *("numba", "xarray", "pydantic", "rich", "httpx", "requests", "pyyaml", "flask", "sqlalchemy"),
    *("jsonschema", "fsspec", "networkx", "sympy", "psutil", "tornado", "pyzmq", "cryptography"),
    *("protobuf", "grpcio", "aiohttp"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("python", type=Path, nargs="?", help="the environment's Python")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--wheel", type=Path, action="append", default=[], help="a library wheel to install as well"
    )
    options = parser.parse_args()
    if options.python and options.wheel:
        parser.error("--wheel is for the environment that is made; install it into yours")
    with tempfile.TemporaryDirectory() as folder:
        python = options.python or make(Path(folder), options.wheel)
        took = []
        for _ in range(options.rounds):
            start = time.monotonic()
            report = doctor(python)
            took.append(time.monotonic() - start)
        files = elf_files(Path(report["prefix"]))
    libraries = {copy["path"] for copy in report["copies"] if not copy["linked_in"]}
    print(f"packages          {report['distributions']:8d}")
    print(f"library wheels    {len(report['library_wheels']):8d}")
    print(f"ELF files         {files:8d}")
    print(f"shared libraries  {len(libraries):8d}")
    print(f"best              {min(took):8.2f} s")
    print(f"median            {statistics.median(took):8.2f} s   of {options.rounds}")


def make(folder: Path, wheels: Sequence[Path]) -> Path:
    venv.create(folder, with_pip=True, symlinks=True)
    python = folder / "bin" / "python"
    options = ("--quiet", "--only-binary", ":all:")
    subprocess.run((python, "-m", "pip", "install", *options, *PACKAGES, *wheels), check=True)
    return python


def doctor(python: Path) -> dict[str, Any]:
    """Return the report; the exit status says no more than it does."""
    command = (sys.executable, "-m", "libwheel", "doctor", "--json", "--python", python)
    variables = {**os.environ, "PYTHONPATH": str(BACKEND)}
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1) or not done.stdout:
        sys.exit(done.stderr)
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def elf_files(prefix: Path) -> int:
    paths = (path for path in prefix.glob("lib/**/*.so*") if path.is_file())
    return sum(path.read_bytes()[:4] == b"\x7fELF" for path in paths)


if __name__ == "__main__":
    main()
