"""What README.md says stands where it says so: examples, names of doctor's rules, links."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from conftest import ROOT
from examples import FOLDER
from libwheel.consumer import doctor
from libwheel.consumer.doctor.report import Rule
from libwheel.target import NAMED, NATIVE
from libwheel.toolchains import zig

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


def named_rules() -> list[str]:
    """Return what is set as code in the first column of the table, and as code in the notes."""
    [section] = re.findall(
        r"(?ms)^## When something is wrong$(.+?)^## ", (ROOT / "README.md").read_text()
    )
    [notes] = re.findall(r"(?ms)^The notes are (.+?)\n\n", section)
    cells = re.findall(r"(?m)^\| (`[^|]+) \|", section)
    return re.findall(r"`([a-z]+(?:-[a-z]+)*)`", "\n".join([*cells, notes]))


def test_each_rule_of_doctor_is_named_once() -> None:
    assert sorted(named_rules()) == sorted(Rule)


def test_each_rule_of_doctor_is_used() -> None:
    [folder] = doctor.__path__
    text = "".join(path.read_text() for path in Path(folder).glob("*.py"))
    assert {Rule[name] for name in re.findall(r"\bRule\.([A-Z_]+)", text)} == set(Rule)


def test_the_threads_are_those_of_the_recipe() -> None:
    recipe = tomllib.loads((ROOT / "recipes/openblas/recipe.toml").read_text())
    [section] = re.findall(r"(?ms)^## Threads$(.+?)^## ", (ROOT / "README.md").read_text())
    [threads] = [option for option in recipe["option"] if option["name"] == "threads"]
    assert list(dict.fromkeys(re.findall(r"`threads=(\w+)`", section))) == threads["values"]
    section = " ".join(section.split())
    assert f"up to {recipe['build']['options']['NUM_THREADS']} threads" in section
    assert f"OpenBLAS {recipe['release'][0]['version']}." in section


def test_the_targets_and_the_compiler_are_named() -> None:
    text = (ROOT / "README.md").read_text()
    [section] = re.findall(r"(?ms)^## Building for other platforms$(.+?)^## ", text)
    [table] = re.findall(r"(?ms)^\| `-C target=` .+?\n\n", section)
    assert {*NAMED, NATIVE} <= set(re.findall(r"`([^`]+)`", table))
    assert f"`pip install {zig.REQUIREMENT}`" in section
