from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import pytest

from libwheel.schema import Reader, is_required, key, key_name


def short(value: str) -> str | None:
    return None if len(value) < 5 else f"must be short, not {value!r}"


@dataclass(frozen=True, kw_only=True)
class Leaf:
    file_name: str = key("A name.", check=short)
    size: int = key("A size.", default=0)


@dataclass(frozen=True, kw_only=True)
class Tree:
    name: str = key("A name.")
    trunk: Leaf = key("A table.")
    leaf: tuple[Leaf, ...] = key("An array of tables.", default=())
    words: tuple[str, ...] = key("An array of strings.", check=short, default=())
    free: Mapping[str, str | bool] = key("Any keys.", default_factory=dict)


GOOD: dict[str, Any] = {"name": "oak", "trunk": {"file-name": "t"}}


def read(**changes: object) -> tuple[Tree, list[str]]:
    reader = Reader("tree.toml")
    tree = reader.table(Tree, GOOD | changes)
    return tree, [f"{problem.key} {problem.text}" for problem in reader.problems]


def test_tables_arrays_and_defaults_become_dataclasses() -> None:
    tree, problems = read(leaf=[{"file-name": "a", "size": 3}], words=["x"], free={"y": True})
    assert not problems
    assert tree == Tree(
        name="oak",
        trunk=Leaf(file_name="t"),
        leaf=(Leaf(file_name="a", size=3),),
        words=("x",),
        free={"y": True},
    )


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"nmae": 1}, "nmae is not a known key (did you mean 'name'?)"),
        ({"qqq": 1}, "qqq is not a known key"),
        ({"name": 3}, "name must be a string, not 3"),
        ({"name": True}, "name must be a string, not true"),
        ({"name": ["a"]}, "name must be a string, not an array"),
        ({"trunk": "t"}, "trunk must be a table, not 't'"),
        ({"trunk": {"file-name": "t", "size": True}}, "trunk.size must be an integer, not true"),
        ({"trunk": {}}, "trunk.file-name is missing"),
        ({"trunk": {"file-name": "t", "file_name": "t"}}, "trunk.file_name is not a known key"),
        ({"leaf": {}}, "leaf must be an array, not a table"),
        ({"leaf": [{"file-name": "a"}, 7]}, "leaf[2] must be a table, not 7"),
        ({"leaf": [{"file-name": "a", "sise": 1}]}, "leaf[1].sise is not a known key"),
        ({"words": ["a", 1]}, "words[2] must be a string, not 1"),
        ({"words": ["a", "longer"]}, "words must be short, not 'longer'"),
        ({"trunk": {"file-name": "longer"}}, "trunk.file-name must be short, not 'longer'"),
        ({"free": []}, "free must be a table, not an array"),
        ({"free": {"y": 1.5}}, "free.y must be a string or true or false, not 1.5"),
    ],
)
def test_a_mistake_is_reported_with_its_key(changes: dict[str, Any], problem: str) -> None:
    _, problems = read(**changes)
    assert len(problems) == 1
    assert problems[0].startswith(problem)


def test_every_mistake_is_reported_in_one_pass_always_in_the_same_order() -> None:
    reader = Reader("tree.toml")
    reader.table(Tree, {"zzz": 1, "aaa": 2, "leaf": [{}, {"size": "x"}]})
    assert [(problem.path, problem.key) for problem in reader.problems] == [
        ("tree.toml", "zzz"),
        ("tree.toml", "aaa"),
        ("tree.toml", "name"),
        ("tree.toml", "trunk"),
        ("tree.toml", "leaf[1].file-name"),
        ("tree.toml", "leaf[2].file-name"),
        ("tree.toml", "leaf[2].size"),
    ]


def test_blanks_stand_for_what_cannot_be_used() -> None:
    reader = Reader("tree.toml")
    tree = reader.table(Tree, {"name": 3})
    assert tree == Tree(name="", trunk=Leaf(file_name=""))


def test_in_a_partial_table_nothing_has_to_be_there() -> None:
    reader = Reader("tree.toml")
    reader.table(Tree, {"trunk": {"size": 1}}, "when[1]", partial=True)
    assert not reader.problems


def test_in_a_partial_table_the_items_of_an_array_are_whole() -> None:
    reader = Reader("tree.toml")
    reader.table(Tree, {"leaf": [{"size": 1}]}, "when[1]", partial=True)
    assert [problem.key for problem in reader.problems] == ["when[1].leaf[1].file-name"]


def test_a_key_is_spelt_with_hyphens_and_required_without_a_default() -> None:
    facts = {key_name(field): is_required(field) for field in fields(Leaf)}
    assert facts == {"file-name": True, "size": False}
