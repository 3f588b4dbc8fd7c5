"""What a wheel is built for."""

from __future__ import annotations

import itertools
import platform
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from libwheel.errors import BuildError


class Os(StrEnum):
    LINUX = "linux"


class Libc(StrEnum):
    GLIBC = "glibc"
    MUSL = "musl"


# The machines that wheels are made for, as ``uname -m`` names them.
ARCHITECTURES = (
    "aarch64",
    "armv7l",
    "i686",
    "loongarch64",
    "ppc64le",
    "riscv64",
    "s390x",
    "x86_64",
)


@dataclass(frozen=True)
class Target:
    """Operating system, machine (as in ``uname -m``) and C library."""

    os: Os
    arch: str
    libc: Libc

    def __str__(self) -> str:
        return f"{self.arch}-{self.os}-{self.libc}"


def native() -> Target:
    """Return the target that this Python runs on.

    Raises BuildError where libwheel cannot build natively.
    """
    if not sys.platform.startswith("linux"):
        raise BuildError(f"library wheels are built on Linux; this is {sys.platform}")
    system = sysconfig.get_config_var("HOST_GNU_TYPE") or ""
    if "musl" in system:
        raise BuildError(f"library wheels are built on glibc only, so far; this is {system}")
    return Target(Os.LINUX, platform.machine(), Libc.GLIBC)


def known() -> Iterator[Target]:
    """Yield every target that a recipe can speak of."""
    return itertools.starmap(Target, itertools.product(Os, ARCHITECTURES, Libc))
