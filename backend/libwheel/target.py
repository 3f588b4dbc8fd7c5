"""What a wheel is built for."""

from __future__ import annotations

import itertools
import platform
import re
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from libwheel.errors import BuildError, nearest

NATIVE = "native"  # the target's name that stands for the machine that builds
NAME_ANOTHER = "name another with -C target="  # where nothing can be built for that one

Version = tuple[int, int]


class Format(StrEnum):
    """A format of binaries."""

    ELF = "ELF"
    MACHO = "Mach-O"
    PE = "PE"


class Os(StrEnum):
    LINUX = "linux"
    MACOS = "macos"
    WINDOWS = "windows"

    @property
    def binary_format(self) -> Format:
        return {Os.LINUX: Format.ELF, Os.MACOS: Format.MACHO, Os.WINDOWS: Format.PE}[self]


class Libc(StrEnum):
    """A C library of Linux; what the other systems have is a part of them."""

    GLIBC = "glibc"
    MUSL = "musl"


# The machines that wheels for Linux are made for, as ``uname -m`` names them.
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

OLDEST_GLIBC: Version = (2, 17)
_NEWEST_GLIBC: Version = (2, 44)  # that the pinned zig has
_MUSL: Version = (1, 2)
_OLDEST_MACOS: Version = (11, 0)
_WINDOWS: Version = (10, 0)

# The targets that have a name, with the floor that is written where one is.
NAMED = {
    "x86_64-linux-gnu.2.17": "any glibc from 2.17 on",
    "aarch64-linux-gnu.2.17": "likewise",
    "x86_64-linux-musl": "musl 1.2",
    "aarch64-linux-musl": "musl 1.2",
    "aarch64-macos.11": "any macOS from 11 on",
    "x86_64-macos.11": "likewise",
    "x86_64-windows": "Windows 10",
}
_GLIBC = re.compile(r"(x86_64|aarch64)-linux-gnu\.(\d+)\.(\d+)")
_MACOS = re.compile(r"(x86_64|aarch64)-macos\.(\d+)(?:\.(\d+))?")

# Platform tags, which are often given in the place of a target; manylinux2014 is manylinux_2_17.
_MANYLINUX_TAG = re.compile(r"manylinux_(\d+_\d+)_(x86_64|aarch64)")
_MACOS_TAG = re.compile(r"macosx_(\d+_\d+)_(x86_64|arm64)")
_TAGS = {
    "manylinux2014_x86_64": "x86_64-linux-gnu.2.17",
    "manylinux2014_aarch64": "aarch64-linux-gnu.2.17",
    "musllinux_1_2_x86_64": "x86_64-linux-musl",
    "musllinux_1_2_aarch64": "aarch64-linux-musl",
    "win_amd64": "x86_64-windows",
}


@dataclass(frozen=True)
class Target:
    """Operating system, machine (as in ``uname -m``), C library of Linux, and the floor.

    `floor` is the oldest version of the C library, or of macOS or Windows, that the wheel must run
    with; None where that is for the binaries to tell, on the machine that builds.
    """

    os: Os
    arch: str
    libc: Libc | None = None
    floor: Version | None = None

    def __str__(self) -> str:
        """``x86_64-linux-gnu.2.17``: as `parse` takes it, where the target has a floor."""
        system, floor = f"{self.arch}-{self.os}", "".join(f".{n}" for n in self.floor or ())
        if self.libc is Libc.GLIBC:
            return f"{system}-gnu{floor}"
        if self.os is Os.MACOS:
            return f"{system}{floor.removesuffix('.0')}"
        return f"{system}-{self.libc}" if self.libc else system

    @property
    def gnu(self) -> str:
        """``x86_64-linux-gnu``: what GNU's tools call it, as in ``gcc -dumpmachine``."""
        if self.os is Os.WINDOWS:
            return f"{self.arch}-w64-mingw32"
        if self.os is Os.MACOS:
            return f"{self.arch}-apple-darwin"
        return f"{self.arch}-linux-{'musl' if self.libc is Libc.MUSL else 'gnu'}"

    @property
    def format(self) -> Format:
        return self.os.binary_format

    @property
    def pointer_size(self) -> int:
        """In bytes."""
        return 4 if self.arch in ("armv7l", "i686") else 8

    @property
    def is_of_host(self) -> bool:
        """Programs for the target run on this machine as they are.

        Those for musl do where they are linked statically, as zig links them; those for glibc where
        this machine has it, and none older than the floor.
        """
        here = self.os is Os.LINUX and sys.platform.startswith("linux")
        if not here or self.arch != platform.machine():
            return False
        return self.libc is not Libc.GLIBC or (self.floor or OLDEST_GLIBC) <= _glibc_here()


def _glibc_here() -> Version:
    """Return this machine's glibc; 0.0 where it has none."""
    name, version = platform.libc_ver()
    major, minor = version.split(".")[:2] if name == "glibc" else ("0", "0")
    return int(major), int(minor)


def parse(name: str) -> Target | None:
    """Return the target of that name; None for ``native``, which is the machine that builds.

    Raises BuildError, with the nearest name, for one that is none.
    """
    if name == NATIVE:
        return None
    if match := _GLIBC.fullmatch(name):
        return Target(Os.LINUX, match[1], Libc.GLIBC, _glibc(name, (int(match[2]), int(match[3]))))
    if match := _MACOS.fullmatch(name):
        return Target(Os.MACOS, match[1], None, _macos(name, (int(match[2]), int(match[3] or 0))))
    if name in ("x86_64-linux-musl", "aarch64-linux-musl"):
        return Target(Os.LINUX, name.partition("-")[0], Libc.MUSL, _MUSL)
    if name == "x86_64-windows":
        return Target(Os.WINDOWS, "x86_64", None, _WINDOWS)
    if tagged := _of_tag(name):
        parse(tagged)  # which says so where the floor is none
        raise BuildError(f"unknown target {name!r}: it is the platform tag of {tagged!r}")
    known = ", ".join(f"{one} ({what})" for one, what in NAMED.items())
    near = nearest(name, (NATIVE, *NAMED))
    raise BuildError(f"unknown target {name!r}{near}; known: {NATIVE}, {known}")


def _of_tag(tag: str) -> str:
    """Return the name of the target that makes wheels with that platform tag; "" for no tag."""
    if match := _MANYLINUX_TAG.fullmatch(tag):
        return f"{match[2]}-linux-gnu.{match[1].replace('_', '.')}"
    if match := _MACOS_TAG.fullmatch(tag):
        arch = match[2].replace("arm64", "aarch64")
        return f"{arch}-macos.{match[1].replace('_', '.').removesuffix('.0')}"
    return _TAGS.get(tag, "")


def _glibc(name: str, floor: Version) -> Version:
    if OLDEST_GLIBC <= floor <= _NEWEST_GLIBC:
        return floor
    oldest, newest = (".".join(map(str, one)) for one in (OLDEST_GLIBC, _NEWEST_GLIBC))
    raise BuildError(f"target {name!r}: the floor must be from glibc {oldest} to {newest}")


def _macos(name: str, floor: Version) -> Version:
    if floor >= _OLDEST_MACOS:
        return floor
    raise BuildError(f"target {name!r}: the floor must be macOS {_OLDEST_MACOS[0]} or newer")


def native() -> Target:
    """Return the target that this Python runs on.

    Raises BuildError where libwheel cannot build natively.
    """
    if not sys.platform.startswith("linux"):
        raise BuildError(f"library wheels are built on Linux; this is {sys.platform}")
    system = sysconfig.get_config_var("HOST_GNU_TYPE") or ""
    if "musl" in system:
        raise BuildError(
            f"the target `native` is glibc only, so far; this is {system}: {NAME_ANOTHER}"
        )
    return Target(Os.LINUX, platform.machine(), Libc.GLIBC)


def known() -> Iterator[Target]:
    """Yield every target that a recipe can speak of."""
    yield from itertools.starmap(Target, itertools.product((Os.LINUX,), ARCHITECTURES, Libc))
    yield from (Target(Os.MACOS, arch) for arch in ("aarch64", "x86_64"))
    yield Target(Os.WINDOWS, "x86_64")
