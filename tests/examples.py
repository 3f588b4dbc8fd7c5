"""The example consumers, which README.md shows."""

from __future__ import annotations

from conftest import ROOT

FOLDER = ROOT / "tests" / "consumers"
CONSUMERS = ("meson-python", "scikit-build-core", "setuptools", "makefile", "configure")
