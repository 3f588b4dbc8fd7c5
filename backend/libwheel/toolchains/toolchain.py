"""The one shape of a toolchain."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Toolchain:
    """Programs that make binaries, as argument vectors; `cxx` is empty where there is none.

    `fingerprint` is what the programs, their linker and the C library say of themselves: two
    toolchains with the same one make the same binaries of the same input.
    """

    cc: tuple[str, ...]
    cxx: tuple[str, ...]
    strip: tuple[str, ...]
    fingerprint: str
