"""Runs programs that were made for another platform on what that platform is.

As near as it can be had on one Linux machine: x86-64 runs on the machine itself, AArch64 under
qemu-user, each with the loader and the C library of the target; Windows is wine. Nothing here runs
macOS's programs.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from libwheel.target import Libc, Os, Target
from userlands import Userland, userland

# What userlands.py calls, and the package that has it.
FETCHERS = {Libc.GLIBC: ("npm", "npm"), Libc.MUSL: ("dpkg-deb", "dpkg")}
PATIENCE = 300  # seconds; under an emulator a smoke program takes less than ten


class MachineError(Exception):
    """What a machine is made of is not installed."""


@dataclass(frozen=True)
class Machine:
    """What stands before a program, and in its environment, for it to run."""

    name: str
    start: tuple[str | Path, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)

    def run(self, program: Path) -> str:
        """Run a program, which must succeed, in its own folder; return its standard output."""
        done = subprocess.run(
            [*map(str, self.start), str(program)],
            cwd=program.parent,
            env=dict(self.variables),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 0, f"{program} on {self.name}\n{done.stdout}{done.stderr}"
        return done.stdout


Which = Callable[[str], str | None]


def machines(target: Target, folder: Path, which: Which = shutil.which) -> tuple[Machine, ...]:
    """Return all that programs for a target are run on; `folder` is for what they need.

    Raises MachineError, which says what to install, where a program lacks.
    """
    if target.os is Os.WINDOWS:
        return (_wine(folder, which),)
    assert target.libc, f"nothing here runs programs for {target}"
    qemu = "" if target.is_of_host else _needed(f"qemu-{target.arch}", "qemu-user", which)
    _needed(*FETCHERS[target.libc], which)
    user = _within(userland(target.libc, target.arch, folder), qemu)
    return (
        (Machine("the host's own glibc"), user)
        if target.libc is Libc.GLIBC and not qemu
        else (user,)
    )


def _within(user: Userland, qemu: str) -> Machine:
    if qemu:
        return Machine(f"{user.name} under qemu-user", (qemu, "-L", user.root))
    return Machine(user.name, (user.loader, "--library-path", user.libraries))


def _wine(folder: Path, which: Which) -> Machine:
    """Keep it quiet, without a display, and out of the home folder."""
    quiet = {"WINEDEBUG": "-all", "WINEDLLOVERRIDES": "mscoree,mshtml="}
    places = {"WINEPREFIX": str(folder), "HOME": str(folder), "PATH": os.environ["PATH"]}
    return Machine("wine", (_needed("wine", "wine wine64", which),), {**quiet, **places})


def _needed(program: str, packages: str, which: Which) -> str:
    if found := which(program):
        return found
    raise MachineError(f"{program} is not here, which this target needs: apt install {packages}")
