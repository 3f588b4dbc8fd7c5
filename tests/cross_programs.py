"""Builds a small C program for another platform against a library wheel, by what its .pc files say.

The compiler is zig alone: it knows nothing of libwheel's own wrappers.
"""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from environments import run
from libwheel.naming import Layout, layout
from libwheel.target import Os, Target
from libwheel.toolchains.zig import zig_name


@dataclass(frozen=True)
class Prefix:
    """The files of library wheels, as an installer for their target would lay them."""

    root: Path
    layout: Layout

    @property
    def runtime(self) -> Path:
        """The folder of what is loaded."""
        return self.root / self.layout.runtime

    @property
    def pkgconfig(self) -> Path:
        return self.root / self.layout.library / "pkgconfig"

    def libraries(self) -> list[Path]:
        return sorted(self.runtime.glob(f"*{self.layout.file_suffix}"))


def unpack(wheels: Sequence[Path], os: Os, folder: Path) -> Prefix:
    """Lay out what the wheels' `data` scheme holds."""
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                _, scheme, path = name.partition(".data/data/")
                if scheme:
                    (folder / path).parent.mkdir(parents=True, exist_ok=True)
                    (folder / path).write_bytes(archive.read(name))
    return Prefix(folder, layout(os))


def link(prefix: Prefix, source: Path, package: str, target: Target, folder: Path) -> Path:
    """Compile and link a program against one of the pkg-config packages.

    On Windows the program goes where the libraries are: that is where Windows looks for them.
    """
    variables = {"PKG_CONFIG_LIBDIR": str(prefix.pkgconfig), "PKG_CONFIG_PATH": ""}
    flags = run("pkg-config", "--cflags", "--libs", package, variables=variables).split()
    windows = target.os is Os.WINDOWS
    program = prefix.runtime / "smoke.exe" if windows else folder / "smoke"
    found = () if windows else (f"-Wl,-rpath,{prefix.runtime}",)
    compiler = (sys.executable, "-m", "ziglang", "cc", "-target", zig_name(target), "-O1", "-g0")
    run(*compiler, source, *flags, *found, "-o", program)
    return program
