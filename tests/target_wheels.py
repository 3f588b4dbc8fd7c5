"""The wheels of recipes for all targets, and the machines they run on, each made once."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bare_machine import on_bare_machine
from environments import libwheel
from libwheel.target import Target, parse
from machines import Machine, machines

PLATFORMS = {
    "aarch64-linux-gnu.2.17": "manylinux_2_17_aarch64",
    "aarch64-linux-musl": "musllinux_1_2_aarch64",
    "aarch64-macos.11": "macosx_11_0_arm64",
    "x86_64-linux-gnu.2.17": "manylinux_2_17_x86_64",
    "x86_64-linux-musl": "musllinux_1_2_x86_64",
    "x86_64-macos.11": "macosx_11_0_x86_64",
    "x86_64-windows": "win_amd64",
}
WITHOUT_COMPILER = ("hdf5", "x86_64-linux-gnu.2.17")  # as README.md has it


def target_of(name: str) -> Target:
    found = parse(name)
    assert found
    return found


@dataclass(frozen=True)
class TargetWheels:
    """Builds all wheels of a recipe that are `wanted`, by its targets, when the first is asked for.

    Those of the recipes that are `given` are in a folder already.

    One of them is built by `python -m build` where there is no compiler; libwheel's own cache then
    has what was installed, whoever builds it next.
    """

    recipes: Path
    folder: Path
    wanted: Mapping[str, Sequence[str]]
    given: Mapping[str, Path]
    told: dict[str, str] = field(default_factory=dict)
    found: dict[str, tuple[Machine, ...]] = field(default_factory=dict)

    def wheel(self, recipe: str, target: str) -> Path:
        """Return the wheel, whose name must say the target's platform."""
        if recipe not in self.told:
            self.told[recipe] = "" if recipe in self.given else self._build(recipe)
        name = f"{recipe}-*-0-py3-none-{PLATFORMS[target]}.whl"
        found = list(self.given.get(recipe, self.folder / "dist").glob(name))
        assert len(found) == 1, f"{found}\n{self.told[recipe]}"
        return found[0]

    def _build(self, recipe: str) -> str:
        """Build what is wanted of a recipe; return what was said, whatever came of it."""
        wanted = dict.fromkeys(self.wanted[recipe])
        said = ""
        if recipe == WITHOUT_COMPILER[0] and WITHOUT_COMPILER[1] in wanted:
            said = self._build_bare(*WITHOUT_COMPILER)
            del wanted[WITHOUT_COMPILER[1]]
        if wanted:
            targets = [f"--target={name}" for name in wanted]
            said += libwheel("build", "--keep-going", *self._what(recipe), *targets).stdout
        return said

    def _build_bare(self, recipe: str, target: str) -> str:
        build = (sys.executable, "-m", "build", "--wheel")
        return on_bare_machine(*build, *self._what(recipe), "-C", f"target={target}").stdout

    def _what(self, recipe: str) -> tuple[str | Path, ...]:
        return (self.recipes / recipe, "-o", self.folder / "dist")

    def machines(self, target: str) -> tuple[Machine, ...]:
        if target not in self.found:
            folder = self.folder / "machines" / target
            folder.mkdir(parents=True)
            self.found[target] = machines(target_of(target), folder)
        return self.found[target]
