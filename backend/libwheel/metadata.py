"""Who the wheel is: `pyproject.toml` of a recipe, as core metadata 2.4."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.version import Version
from pyproject_metadata import ConfigurationError, StandardMetadata
from pyproject_metadata.constants import KNOWN_PROJECT_FIELDS

from libwheel.errors import Problem, RecipeError, nearest
from libwheel.naming import canonical

FILE = "pyproject.toml"

# What the recipe says in recipe.toml instead.
OURS = ("version", "license", "license-files")
# What makes no sense for a wheel without Python modules of its own.
UNUSED = ("scripts", "gui-scripts", "entry-points", "import-names", "import-namespaces")


@dataclass(frozen=True)
class Identity:
    """A recipe's `pyproject.toml`: the `[project]` table, and the folder it is in.

    `in_tree` tells whether the recipe carries its backend with it (`backend-path`).
    """

    folder: Path
    project: dict[str, Any]
    in_tree: bool

    @property
    def name(self) -> str:
        """The canonical distribution name."""
        return canonical(self.project["name"])


def load(folder: Path) -> Identity:
    """Read `pyproject.toml`; raises RecipeError with every mistake in it."""
    path = folder / FILE
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RecipeError([Problem(str(path), "", "is missing")]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecipeError([Problem(str(path), "", f"is not TOML: {error}")]) from None
    if problems := _problems(path, data):
        raise RecipeError(problems)
    return Identity(folder, data["project"], "backend-path" in data.get("build-system", ()))


@dataclass(frozen=True)
class Facts:
    """What recipe.toml says of the wheel: version, SPDX expression, licence files.

    The files are paths below dist-info/licenses, as PEP 639 has them.
    """

    version: str
    license_expression: str
    license_files: tuple[str, ...]


def core_metadata(identity: Identity, facts: Facts) -> bytes:
    """Return the wheel's METADATA."""
    metadata = _with_facts(identity, facts)
    metadata.license_files = [Path(name) for name in facts.license_files]
    return bytes(metadata.as_rfc822())


def pkg_info(identity: Identity, facts: Facts) -> bytes:
    """Return the sdist's PKG-INFO: upstream's licence files come with the wheel."""
    metadata = _with_facts(identity, facts)
    metadata.dynamic_metadata = ["License-File"]
    return bytes(metadata.as_rfc822())


def homepage(identity: Identity) -> str:
    """Return the project's home page, or an empty text."""
    urls = {name.lower(): str(url) for name, url in identity.project.get("urls", {}).items()}
    return urls.get("homepage", "")


def _with_facts(identity: Identity, facts: Facts) -> StandardMetadata:
    metadata = _parse(identity.folder / FILE, identity.project)
    metadata.version = Version(facts.version)
    metadata.license = facts.license_expression
    metadata.dynamic = []
    metadata.metadata_version = "2.4"
    return metadata


def _problems(path: Path, data: dict[str, Any]) -> list[Problem]:
    problems = [Problem(str(path), key, text) for key, text in _own_mistakes(data)]
    if isinstance(data.get("project"), dict):
        try:
            _parse(path, data["project"])
        except RecipeError as error:
            problems += error.problems
    return problems


def _own_mistakes(data: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield key and text of what pyproject-metadata finds nothing wrong with."""
    if not isinstance(data.get("build-system", {}), dict):
        yield "build-system", "must be a table"
    project = data.get("project")
    if not isinstance(project, dict):
        yield "project", "is missing: the table says who the wheel is"
        return
    for name in project:
        if name in UNUSED:
            yield f"project.{name}", "does not fit a library wheel"
        elif name not in KNOWN_PROJECT_FIELDS:
            yield f"project.{name}", f"is not a known key{nearest(name, KNOWN_PROJECT_FIELDS)}"
    dynamic = project.get("dynamic", [])
    if not isinstance(dynamic, list):
        yield "project.dynamic", "must be an array of strings"
        return
    for name in OURS:
        if name in project or name not in dynamic:
            yield f"project.{name}", "must stand in `dynamic`: recipe.toml has it"


def _parse(path: Path, project: dict[str, Any]) -> StandardMetadata:
    static = {name: value for name, value in project.items() if name not in OURS}
    named = project.get("dynamic")
    others = [name for name in named if name not in OURS] if isinstance(named, list) else []
    dynamic = ["version", *others]
    try:
        return StandardMetadata.from_pyproject(
            {"project": {**static, "dynamic": dynamic}},
            path.parent,
            allow_extra_keys=True,
            all_errors=True,
        )
    except ConfigurationError as error:
        raise RecipeError([Problem(str(path), error.key or "project", str(error))]) from None
    except ExceptionGroup as group:
        raise RecipeError(
            Problem(str(path), getattr(error, "key", None) or "project", str(error))
            for error in group.exceptions
        ) from None
