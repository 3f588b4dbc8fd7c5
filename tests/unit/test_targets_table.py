"""README.md's table of targets is that of the results, and the results are of everything."""

from __future__ import annotations

from pathlib import Path

from conftest import ROOT
from libwheel.target import NAMED
from targets_table import README, Outcome, Result, read, record, table, written


def test_readme_has_the_table_of_the_results() -> None:
    text = README.read_text(encoding="utf-8")
    assert text == written(text, read()), "python tests/targets_table.py"


def test_every_recipe_has_a_result_for_every_target() -> None:
    recipes = {path.parent.name for path in (ROOT / "recipes").glob("*/recipe.toml")}
    results = read()
    assert results.keys() == recipes
    assert {tuple(found) for found in results.values()} == {tuple(sorted(NAMED))}


def test_equal_results_have_one_note(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    ran = Result(Outcome.RUN, "the smoke program, on wine")
    record("b", "t", ran, path)
    record("a", "t", Result(Outcome.BUILT, "not yet"), path)
    record("a", "t", Result(Outcome.REFUSED, "no Fortran"), path)
    record("a", "s", ran, path)
    assert table(read(path)) == (
        "| target | a | b |\n"
        "|---|---|---|\n"
        "| `s` | run (1) |  |\n"
        "| `t` | refused (2) | run (1) |\n"
        "\n"
        "1. run: the smoke program, on wine\n"
        "2. refused: no Fortran\n"
    )
