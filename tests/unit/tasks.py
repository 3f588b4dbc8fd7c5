"""A task for a small recipe, with patches, licences and something linked in."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

from libwheel import task
from libwheel.console import Console
from libwheel.task import Task
from unit.staged import write

_RECIPE = """
schema = 1
abi = "1"
license = "MIT"
patches = ["all.patch"]
[[release]]
version = "1.2.3"
licenses = ["LICENSE"]
patches = ["release.patch"]
[[release.source]]
urls = ["https://example.org/answer-{version}.tar.gz"]
sha256 = "1111111111111111111111111111111111111111111111111111111111111111"
patches = ["source.patch"]
[[bundled]]
name = "inner"
version = "2.0"
license = "MIT"
licenses = ["COPYING"]
into = "inner"
[[bundled.source]]
urls = ["https://example.org/inner-2.0.tar.gz"]
sha256 = "2222222222222222222222222222222222222222222222222222222222222222"
[build]
system = "make"
cflags = ["-DANSWER"]
options = { LEVEL = 3 }
[[library]]
name = "answer"
description = "The answer"
headers = ["*.h"]
exports = ["answer_*"]
"""
_PROJECT = """
[project]
name = "answer"
dynamic = ["version", "license", "license-files"]
"""


def load_task(
    place: Path,
    changes: Mapping[str, str] | None = None,
    config: Mapping[str, str] | None = None,
    **variables: str,
) -> Task:
    """Write the recipe below `place` and load it.

    `changes` are values that lines of recipe.toml get, by their key: ``system`` as ``"cmake"``.
    """
    folder, text = place / "recipe", _RECIPE
    for key, value in (changes or {}).items():
        lines = [line for line in text.splitlines() if line.startswith(f"{key} = ")]
        assert len(lines) == 1, f"the recipe has not one {key}"
        text = text.replace(lines[0], f"{key} = {value}")
    write(folder / "recipe.toml", text)
    write(folder / "pyproject.toml", _PROJECT)
    for name in ("all", "release", "source"):
        write(folder / f"{name}.patch", f"{name}\n")
    environment = {"HOME": "/home/me", "LIBWHEEL_CACHE": str(place / "cache"), **variables}
    return task.load(folder, config, environment, Console(io.StringIO()))
