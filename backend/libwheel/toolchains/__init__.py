"""Toolchains: how to compile for a target, and which one does."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator
from dataclasses import replace

from libwheel import target
from libwheel.errors import BuildError
from libwheel.settings import Environment, Settings
from libwheel.target import OLDEST_GLIBC, Libc, Target
from libwheel.toolchains import native


def choose(settings: Settings, environment: Environment) -> str:
    """Return the name of the toolchain: what is asked for, else what there is for the target.

    Raises BuildError where the native one is asked for, and another target.
    """
    if settings.toolchain == "native" and settings.target:
        raise BuildError(
            f"-C toolchain=native compiles for the target `native`, and has no -C target="
            f"{settings.target}: leave out one of them; zig compiles for targets that have a name"
        )
    is_native = not settings.target and native.is_there(environment)
    return settings.toolchain or ("native" if is_native else "zig")


def way_out(wanted: Target) -> Iterator[str]:
    """Yield how the machine's own compilers make what zig cannot: for glibc alone, so far."""
    if wanted.libc is not Libc.GLIBC:
        return
    native = "-C toolchain=native, without -C target=,"
    if sys.platform.startswith("linux") and wanted.arch == platform.machine():
        yield f"or {native} builds it here, for this machine's glibc and newer ones"
    else:
        yield f"or {native} builds it on an {wanted.arch} machine, for its glibc and newer ones"


def native_target(toolchain: str) -> Target:
    """Return what `native` stands for: with zig a glibc as old as wheels can promise."""
    here = target.native()
    return here if toolchain == "native" else replace(here, floor=OLDEST_GLIBC)
