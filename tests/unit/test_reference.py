from __future__ import annotations

import dataclasses

import pytest

from conftest import ROOT
from libwheel import recipe, reference
from libwheel.schema import is_required, key_name

TABLES = (
    recipe.File,
    recipe.Release,
    recipe.Source,
    recipe.Archive,
    recipe.Bundled,
    recipe.Option,
    recipe.Build,
    recipe.Configuration,
    recipe.Library,
    recipe.Expectation,
    recipe.Contents,
    recipe.When,
)


def test_recipes_readme_is_what_it_prints() -> None:
    written = (ROOT / "recipes" / "README.md").read_text(encoding="utf-8")
    assert reference.text() == written, "python -m libwheel.reference > recipes/README.md"


@pytest.mark.parametrize("table", TABLES)
def test_every_key_of_every_table_is_there_with_its_words(table: type) -> None:
    for field in dataclasses.fields(table):
        name = f"`{key_name(field)}`"
        start = f"| **{name}** |" if is_required(field) else f"| {name} |"
        lines = [line for line in reference.text().splitlines() if line.startswith(start)]
        assert any(field.metadata["doc"] in line for line in lines), name


def test_the_types_are_toml_s() -> None:
    rows = [line.split(" | ") for line in reference.text().splitlines() if line.startswith("| ")]
    assert {row[1] for row in rows} == {
        "type",
        "string",
        "integer",
        "table",
        "table of strings",
        "array of strings",
        "array of tables",
        "table of strings, integers and booleans",
    }


def test_a_default_is_told_where_it_says_something() -> None:
    text = reference.text()
    assert "Default: `~= {version}`." in text
    assert "Default: `0`." in text
    assert "Default: ``" not in text
    assert "Default: `()`" not in text
