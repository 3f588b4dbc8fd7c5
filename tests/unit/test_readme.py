"""What README.md shows of the example consumers is what stands in them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
EXAMPLE = re.compile(r"^(.+), in `([^`]+)`:\n\n((?:    .+\n)+)", re.MULTILINE)

FOLDERS = {
    "Name the wheel twice": "meson-python",
    "meson-python": "meson-python",
    "scikit-build-core": "scikit-build-core",
    "setuptools": "setuptools",
    "make and pkg-config": "makefile",
}


def examples() -> dict[str, tuple[str, list[str]]]:
    """Return the file and the lines of each example in the section, by how it is introduced."""
    [section] = re.findall(
        r"(?ms)^## Building against a library wheel$(.+?)^## ", (ROOT / "README.md").read_text()
    )
    return {who: (file, block.split("\n")) for who, file, block in EXAMPLE.findall(section)}


def test_meson_s_rpath() -> None:
    line = "install_rpath: '$ORIGIN/../../../../lib'"
    assert f"`{line}`" in (ROOT / "README.md").read_text()
    assert f"  {line},\n" in (ROOT / "tests/consumers/meson-python/meson.build").read_text()


def test_each_build_system_has_its_example() -> None:
    assert examples().keys() == FOLDERS.keys()


@pytest.mark.parametrize("who", FOLDERS)
def test_the_consumer_has_the_lines(who: str) -> None:
    file, lines = examples()[who]
    text = (ROOT / "tests" / "consumers" / FOLDERS[who] / file).read_text()
    has = {line.strip() for line in text.splitlines()} | {""}
    assert [line for line in lines if line.strip() not in has] == []
