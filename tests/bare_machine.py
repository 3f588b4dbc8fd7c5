"""This machine without compilers, binutils and build systems: hidden from one command.

This needs root or user namespaces.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from environments import attempt

_PATH = "/usr/local/bin:/usr/bin:/bin"
_NAMES = (
    *("cc", "c++", "c89*", "c99*", "cpp*", "*gcc*", "*g++*", "*clang*", "tcc", "zig", "gfortran*"),
    *(
        "as",
        "*-as",
        "ld",
        "*ld.bfd",
        "*ld.gold",
        "*-ld",
        "*lld*",
        "gold",
        "ar",
        "*-ar",
        "nm",
        "*-nm",
    ),
    *("ranlib", "*ranlib", "strip", "*-strip", "objcopy", "*objcopy", "objdump", "*objdump"),
    *("readelf", "*readelf", "make", "gmake", "cmake", "ninja", "meson", "*ccache", "patchelf"),
)
# A file that nobody can run, on each of them, for this command alone
_HIDDEN = """
while [ "$1" != -- ]; do mount --bind /dev/null "$1" || exit 99; shift; done; shift; exec "$@"
"""


def on_bare_machine(*argv: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command; its PATH has what the operating system has, but for what is hidden."""
    folders = {Path(name).resolve() for name in _PATH.split(":")}
    found = {path for folder in folders for name in _NAMES for path in folder.glob(name)}
    hidden = sorted({path.resolve() for path in found if path.exists()})
    space = "-m" if os.geteuid() == 0 else "-rm"
    start: tuple[str | Path, ...] = ("unshare", space, "sh", "-c", _HIDDEN, "sh", *hidden, "--")
    done = attempt(*start, *argv, variables={"PATH": _PATH, "PYTHONPATH": "", **variables})
    assert done.returncode != 99, f"nothing can be hidden here: {done.stdout}"
    return done
