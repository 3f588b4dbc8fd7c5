"""Recipes of a few lines, whose sources nobody has."""

from __future__ import annotations

from pathlib import Path

from unit.staged import write

_RECIPE = """
schema = 1
abi = "1"
license = "MIT"
requires = [{requires}]
[[release]]
version = "{version}"
licenses = ["LICENSE"]
[[release.source]]
urls = ["https://example.org/{version}.tar.gz"]
sha256 = "1111111111111111111111111111111111111111111111111111111111111111"
[build]
system = "make"
[[library]]
name = "answer"
description = "The answer"
headers = []
"""
_PROJECT = '[project]\nname = "{name}"\ndynamic = ["version", "license", "license-files"{more}]\n'
UNSUPPORTED = """
[[when]]
os = "windows"
unsupported = "it needs MASM; take another"
"""


def recipe(folder: Path, name: str, *requires: str, version: str = "1.0") -> Path:
    """Write a recipe below `folder`, which is returned with its name."""
    wanted = ", ".join(f'"{one}"' for one in requires)
    write(folder / name / "recipe.toml", _RECIPE.format(requires=wanted, version=version))
    more = ', "dependencies"' if requires else ""
    write(folder / name / "pyproject.toml", _PROJECT.format(name=name, more=more))
    return folder / name
