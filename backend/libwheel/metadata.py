"""Who the wheel is: `pyproject.toml` of a recipe, as core metadata 2.4."""

from __future__ import annotations

import re
import tomllib
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from pyproject_metadata import ConfigurationError, StandardMetadata
from pyproject_metadata.constants import (
    KNOWN_BUILD_SYSTEM_FIELDS,
    KNOWN_PROJECT_FIELDS,
    KNOWN_TOPLEVEL_FIELDS,
)
from pyproject_metadata.errors import ConfigurationWarning

from libwheel.errors import Problem, RecipeError, nearest
from libwheel.naming import canonical
from libwheel.recipe_checks import inside

FILE = "pyproject.toml"

# What the recipe says in recipe.toml instead.
OURS = ("version", "license", "license-files")
_DEPENDENCIES = "dependencies"  # likewise, where it has `requires`
# What makes no sense for a wheel without Python modules of its own.
UNUSED = ("scripts", "gui-scripts", "entry-points", "import-names", "import-namespaces")


@dataclass(frozen=True)
class Identity:
    """A recipe's `pyproject.toml`: the `[project]` table, and the folder it is in.

    `backend` are patterns of the modules that make the recipe carry its backend with it
    (`backend-path`); none where it does not.
    """

    folder: Path
    project: dict[str, Any]
    backend: tuple[str, ...]

    @property
    def name(self) -> str:
        """The canonical distribution name."""
        return canonical(self.project["name"])

    @property
    def requires(self) -> bool:
        """Whether recipe.toml may say what the wheel depends on."""
        return _DEPENDENCIES in self.project["dynamic"]

    @property
    def readme(self) -> str:
        """The readme's file, or an empty text."""
        return _readme(self.project)


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
    return Identity(folder, data["project"], _backend(data.get("build-system", {})))


@dataclass(frozen=True)
class Facts:
    """What recipe.toml says of the wheel: version, SPDX expression, licence files.

    The files are paths below dist-info/licenses, as PEP 639 has them. `dependencies` are PEP 508
    requirements of other library wheels.
    """

    version: str
    license_expression: str
    license_files: tuple[str, ...]
    dependencies: tuple[str, ...] = ()


# Stands for what recipe.toml says where pyproject.toml is checked alone.
_ANY_FACTS = Facts("0", "MIT", ())


def undeclared_requires(identity: Identity) -> list[Problem]:
    """Return the mistake of a `pyproject.toml` that does not leave `dependencies` to `requires`."""
    if identity.requires:
        return []
    text = "must stand in `dynamic`: recipe.toml has it, as `requires`"
    return [Problem(str(identity.folder / FILE), f"project.{_DEPENDENCIES}", text)]


def core_metadata(identity: Identity, facts: Facts) -> bytes:
    """Return the wheel's METADATA."""
    metadata = _parsed(identity.folder, identity.project, facts)
    metadata.license_files = [Path(name) for name in facts.license_files]
    return bytes(metadata.as_rfc822())


def pkg_info(identity: Identity, facts: Facts) -> bytes:
    """Return the sdist's PKG-INFO.

    Upstream's licence files come with the wheel, and what it requires with what it is built on.
    """
    metadata = _parsed(identity.folder, identity.project, facts)
    metadata.dynamic_metadata = ["License-File", *(["Requires-Dist"] if identity.requires else [])]
    return bytes(metadata.as_rfc822())


def homepage(identity: Identity) -> str:
    """Return the project's home page, or an empty text."""
    urls = {name.lower(): str(url) for name, url in identity.project.get("urls", {}).items()}
    return urls.get("homepage", "")


def _readme(project: dict[str, Any]) -> str:
    readme = project.get("readme", "")
    return str(readme.get("file", "") if isinstance(readme, dict) else readme)


def _backend(build_system: dict[str, Any]) -> tuple[str, ...]:
    module = re.split("[.:]", build_system.get("build-backend", ""))[0]
    places = [PurePosixPath(folder, module) for folder in build_system.get("backend-path", ())]
    return tuple(pattern for place in places for pattern in (f"{place}.py", f"{place}/**"))


def _problems(path: Path, data: dict[str, Any]) -> list[Problem]:
    problems = [Problem(str(path), key, text) for key, text in _own_mistakes(data)]
    if isinstance(data.get("project"), dict):
        try:
            with _mistakes_reported(path):
                _parsed(path.parent, data["project"], _ANY_FACTS).as_rfc822()
        except RecipeError as error:
            problems += error.problems
    return problems


def _own_mistakes(data: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield key and text of what pyproject-metadata finds nothing wrong with."""
    yield from _unknown(data, KNOWN_TOPLEVEL_FIELDS)
    build_system = data.get("build-system", {})
    if isinstance(build_system, dict):
        yield from _build_system_mistakes(build_system)
    else:
        yield "build-system", "must be a table"
    project = data.get("project")
    if isinstance(project, dict):
        yield from _project_mistakes(project)
    else:
        yield "project", "is missing: the table says who the wheel is"


def _build_system_mistakes(build_system: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield from _unknown(build_system, KNOWN_BUILD_SYSTEM_FIELDS, "build-system.")
    if not isinstance(build_system.get("build-backend", ""), str):
        yield "build-system.build-backend", "must be a string"
    folders = build_system.get("backend-path", [])
    if not isinstance(folders, list) or not all(isinstance(folder, str) for folder in folders):
        yield "build-system.backend-path", "must be an array of strings"


def _project_mistakes(project: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield from _unknown(project, {*KNOWN_PROJECT_FIELDS, *UNUSED}, "project.")
    for name in project:
        if name in UNUSED:
            yield f"project.{name}", "does not fit a library wheel"
    if (readme := _readme(project)) and (text := inside(readme)):
        yield "project.readme", text
    dynamic = project.get("dynamic", [])
    if not isinstance(dynamic, list):
        yield "project.dynamic", "must be an array of strings"
        return
    for name in OURS:
        if name in project or name not in dynamic:
            yield f"project.{name}", "must stand in `dynamic`: recipe.toml has it"


def _unknown(
    names: Iterable[str], known: Iterable[str], where: str = ""
) -> Iterator[tuple[str, str]]:
    for name in names:
        if name not in known:
            yield f"{where}{name}", f"is not a known key{nearest(name, known)}"


def _parsed(folder: Path, project: dict[str, Any], facts: Facts) -> StandardMetadata:
    static = {name: value for name, value in project.items() if name not in OURS}
    named = project.get("dynamic")
    others = [name for name in named if name not in OURS] if isinstance(named, list) else []
    ours = {"version": facts.version, "license": facts.license_expression, "dynamic": others}
    if facts.dependencies:
        others.remove(_DEPENDENCIES)
        ours[_DEPENDENCIES] = list(facts.dependencies)
    return StandardMetadata.from_pyproject(
        {"project": {**static, **ours}},
        folder,
        metadata_version="2.4",
        allow_extra_keys=True,
        all_errors=True,
    )


@contextmanager
def _mistakes_reported(path: Path) -> Iterator[None]:
    """Raise RecipeError for every mistake that pyproject-metadata finds or warns of."""
    found: list[Exception] = []
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always", ConfigurationWarning)
        try:
            yield
        except ConfigurationError as error:
            found = [error]
        except ExceptionGroup as group:
            found = _causes(group)
    found += [item.message for item in warned if isinstance(item.message, Exception)]
    if found:
        raise RecipeError(
            Problem(str(path), getattr(error, "key", None) or "project", str(error))
            for error in found
        )


def _causes(group: ExceptionGroup[Exception]) -> list[Exception]:
    """Return the mistakes without what pyproject-metadata stumbled over because of them."""
    mistakes = [error for error in group.exceptions if not isinstance(error, TypeError)]
    return mistakes or list(group.exceptions)
