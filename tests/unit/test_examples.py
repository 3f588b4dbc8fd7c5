from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from examples import CONSUMERS, FOLDER


def test_every_example_is_built() -> None:
    keepers = {path.parent.name for path in FOLDER.glob("*/keeper")}
    assert keepers == set(CONSUMERS)


def test_all_have_the_same_extension() -> None:
    for name in ("_keeper.c", "__init__.py"):
        paths = [FOLDER / consumer / "keeper" / name for consumer in CONSUMERS]
        assert len({path.read_bytes() for path in paths}) == 1


PC = "Name: hdf5\nDescription: HDF5\nVersion: 1\nCflags: -I${pcfiledir}/here\nLibs: -lhere\n"
# Says where the .pc file is, and to sysconfig's question nothing
PYTHON = '#!/bin/sh\ntest "$2" = hdf5_pywheel && dirname "$0"\n'


@pytest.mark.compiles
def test_the_makefile_takes_a_python_in_a_folder_with_a_space(tmp_path: Path) -> None:
    folder = tmp_path / "größe 1"
    folder.mkdir()
    python = folder / "python"
    python.write_text(PYTHON)
    python.chmod(0o755)
    (folder / "hdf5_hl-pywheel.pc").write_text(PC)
    makefile = FOLDER / "makefile" / "Makefile"
    dry = (
        "make",
        "-n",
        "-f",
        makefile,
        f"PYTHON={python}",
        "GOAL=it.so",
        "keeper/_keeper.c",
        "it.so",
    )
    (tmp_path / "keeper").mkdir()
    (tmp_path / "keeper" / "_keeper.c").write_text("")
    said = subprocess.run(dry, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert said.stderr == ""
    assert r"größe\ 1/here -lhere -Wl,-rpath" in said.stdout
