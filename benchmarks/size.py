"""How large our OpenBLAS wheel is, beside scipy-openblas32 and scipy-openblas64 together.

Ours has both integer sizes. Exits 1 where it is larger than both of theirs, divided by 1.3.

    python benchmarks/size.py wheelhouse/openblas-0.3.29-0-py3-none-manylinux_2_34_x86_64.whl
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from blas_wheels import wheel

THEIRS = ("scipy-openblas32", "scipy-openblas64")
LIMIT = 1 / 1.3


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("wheel", type=wheel, help="of ours")
    options = parser.parse_args()
    ours = options.wheel.stat().st_size
    with tempfile.TemporaryDirectory() as folder:
        download = ("download", "--quiet", "--no-deps", "--only-binary", ":all:", "-d", folder)
        subprocess.run((sys.executable, "-m", "pip", *download, *THEIRS), check=True)
        theirs = {path.name: path.stat().st_size for path in sorted(Path(folder).iterdir())}
    ratio = ours / sum(theirs.values())
    for name, size in {options.wheel.name: ours, **theirs}.items():
        print(f"{size / 1e6:6.2f} MB  {name}")
    print(f"ratio {ratio:.3f}   at most {LIMIT:.3f}")
    return 0 if ratio <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
