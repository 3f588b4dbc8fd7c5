"""A copy of what a person clones, and the ways to build a recipe from it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from conftest import ROOT
from environments import run


def checkout(folder: Path) -> Path:
    """Copy the files that git knows or would take into `folder`."""
    listed = subprocess.run(
        ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"),
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in listed.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


def build(folder: Path, out: Path, *arguments: str) -> str:
    """Call `python -m build`, isolation on; return what it printed."""
    return stranger(sys.executable, "-m", "build", folder, "-o", out, *arguments)


def stranger(*argv: str | Path) -> str:
    """Run a program as somebody who has no libwheel on the path."""
    return run(*argv, variables={"PYTHONPATH": ""})
