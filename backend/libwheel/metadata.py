"""Who the wheel is: `pyproject.toml` of a recipe, as core metadata 2.4."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.version import Version
from pyproject_metadata import ConfigurationError, StandardMetadata

from libwheel.errors import Problem, RecipeError
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
    return Identity(folder, data["project"], "backend-path" in data.get("build-system", {}))


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
    project = data.get("project")
    if not isinstance(project, dict):
        return [Problem(str(path), "project", "is missing: the table says who the wheel is")]
    problems = [
        Problem(str(path), f"project.{name}", "does not fit a library wheel")
        for name in UNUSED
        if name in project
    ]
    problems += [
        Problem(str(path), f"project.{name}", "must stand in `dynamic`: recipe.toml has it")
        for name in OURS
        if name in project or name not in project.get("dynamic", [])
    ]
    try:
        _parse(path, project)
    except RecipeError as error:
        problems += error.problems
    return problems


def _parse(path: Path, project: dict[str, Any]) -> StandardMetadata:
    static = {name: value for name, value in project.items() if name not in OURS}
    dynamic = [name for name in project.get("dynamic", []) if name not in OURS[1:]]
    try:
        return StandardMetadata.from_pyproject(
            {"project": {**static, "dynamic": dynamic}}, path.parent, all_errors=True
        )
    except ConfigurationError as error:
        raise RecipeError([Problem(str(path), error.key or "project", str(error))]) from None
    except ExceptionGroup as group:
        raise RecipeError(
            Problem(str(path), getattr(error, "key", None) or "project", str(error))
            for error in group.exceptions
        ) from None
