"""libwheel's version is written twice: in version.py and in meson.build."""

from __future__ import annotations

import re
import tomllib

from conftest import ROOT
from libwheel import __version__


def test_meson_says_the_same() -> None:
    text = (ROOT / "meson.build").read_text(encoding="utf-8")
    assert re.findall(r"\bversion: '([^']+)'", text) == [__version__]


def test_pyproject_takes_it_from_meson() -> None:
    with (ROOT / "pyproject.toml").open("rb") as stream:
        data = tomllib.load(stream)
    assert data["build-system"]["build-backend"] == "mesonpy"
    assert data["project"]["dynamic"] == ["version"]
    assert "version" not in data["project"]
