"""Read `recipe.toml`, and report every mistake in it together."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from libwheel import recipe_checks as checks
from libwheel.errors import BuildError, Problem, RecipeError, nearest
from libwheel.recipe import FILE, File, When, WhenTable
from libwheel.recipe_mistakes import mistakes
from libwheel.recipe_resolution import Overlay, Recipe
from libwheel.schema import Reader

_NOT_OF_THE_BODY = ("schema", "release", "option")


def load(folder: Path) -> Recipe:
    """Read the recipe in `folder`.

    Raises RecipeError with every mistake in it, BuildError where there is no recipe.
    """
    path = folder / FILE
    data = _read_toml(path)
    reader = Reader(str(path))
    overlays = _overlays(reader, data.pop("when", []))
    data = _filled_in(data)
    file = reader.table(File, data)
    tables = {name: value for name, value in data.items() if name not in _NOT_OF_THE_BODY}
    recipe = Recipe(folder, file.release, tables, overlays, file.option)
    said = {problem.key for problem in reader.problems}
    for where, text in mistakes(recipe):
        if where not in said:
            reader.report(where, text)
    if reader.problems:
        raise RecipeError(reader.problems)
    return recipe


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise BuildError(none_there(path.parent)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecipeError([Problem(str(path), "", f"is not TOML: {error}")]) from None


def none_there(folder: Path) -> str:
    """Say that there is no recipe in a folder, or no folder, and which other one may be meant."""
    if folder.exists():
        return f"{folder} is not a recipe: it has no {FILE}"
    others = sorted(path.parent.name for path in folder.parent.glob(f"*/{FILE}"))
    return f"{folder} is not there{nearest(folder.name, others)}"


def _overlays(reader: Reader, tables: object) -> tuple[Overlay, ...]:
    """Read the `[[when]]` tables; one whose version no release can be held against is left out."""
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        reader.report("when", "must be tables: [[when]]")
        return ()
    conditions = When.__dataclass_fields__.keys()
    overlays = []
    for number, table in enumerate(map(_filled_in, tables), 1):
        where = f"when[{number}]"
        when = reader.table(WhenTable, table, where, partial=True)
        rest = {name: value for name, value in table.items() if name not in conditions}
        if len(rest) == len(table):
            reader.report(where, f"has no condition: one of {', '.join(conditions)}")
        if not checks.specifier(when.version):
            overlays.append(Overlay(where, when, rest))
    return tuple(overlays)


def _filled_in(table: Mapping[str, Any]) -> dict[str, Any]:
    """Fill ``{version}`` into each release and each bundled library: their own."""
    named = {name: table[name] for name in ("release", "bundled") if name in table}
    return {**table, **{name: _each_filled(tables) for name, tables in named.items()}}


def _each_filled(tables: object) -> object:
    if not isinstance(tables, list):
        return tables
    return [
        _filled(table, str(table.get("version"))) if isinstance(table, dict) else table
        for table in tables
    ]


def _filled(value: object, version: str) -> object:
    if isinstance(value, str):
        return value.replace("{version}", version)
    if isinstance(value, list):
        return [_filled(item, version) for item in value]
    if isinstance(value, dict):
        return {name: _filled(item, version) for name, item in value.items()}
    return value
