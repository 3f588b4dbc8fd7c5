"""The one shape of a toolchain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from libwheel.programs import Program
from libwheel.toolchains.launcher import Launcher


@dataclass(frozen=True)
class Toolchain:
    """Programs that make binaries, as argument vectors; `cxx` is empty where there is none.

    `fingerprint` is what the programs, their linker and the C library say of themselves: two
    toolchains with the same one make the same binaries of the same input.

    A toolchain may bring `files` for a folder of the workspace, by their names: scripts that stand
    for its programs, and what these read. It names such a program by its file's name alone.
    `others` are the variables, as AR, that name those of its programs that are no compilers.
    `programs` are what the files run, found through PATH (`on_path` are lines of shell that put
    them there by hand), and `variables` the environment that these work in, with their `cache` in
    it; none of it makes a difference to the result, nor does the `launcher`. `strip` is empty where
    libwheel strips libraries itself.
    """

    cc: tuple[str, ...]
    cxx: tuple[str, ...]
    strip: tuple[str, ...]
    fingerprint: str
    others: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    programs: tuple[Program, ...] = ()
    on_path: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    cache: Path | None = None
    launcher: Launcher | None = None

    def placed(self, folder: Path) -> Toolchain:
        """Return the toolchain with its own files in `folder`."""
        return replace(
            self,
            cc=self._placed(self.cc, folder),
            cxx=self._placed(self.cxx, folder),
            others={name: str(folder / file) for name, file in self.others.items()},
            files={str(folder / file): text for file, text in self.files.items()},
        )

    def _placed(self, argv: tuple[str, ...], folder: Path) -> tuple[str, ...]:
        return (str(folder / argv[0]), *argv[1:]) if argv[:1] and argv[0] in self.files else argv
