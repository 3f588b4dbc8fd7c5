"""What README.md shows of the example consumers stands in them, and its links lead somewhere."""

from __future__ import annotations

import re

import pytest

from conftest import ROOT
from examples import FOLDER

LINK = re.compile(r"\]\((?!https?://)([^)\s]+)\)")
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


def test_each_build_system_has_its_example() -> None:
    assert examples().keys() == FOLDERS.keys()


@pytest.mark.parametrize("who", FOLDERS)
def test_the_consumer_has_the_lines(who: str) -> None:
    file, lines = examples()[who]
    text = (FOLDER / FOLDERS[who] / file).read_text()
    has = {line.strip() for line in text.splitlines()} | {""}
    assert [line for line in lines if line.strip() not in has] == []


def test_the_links_lead_to_files_of_the_checkout() -> None:
    links = LINK.findall((ROOT / "README.md").read_text())
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
