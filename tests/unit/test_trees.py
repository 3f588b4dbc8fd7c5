from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from libwheel.trees import InstalledTree, TreeCache
from unit.staged import write

KEY = "k" * 64


@pytest.fixture
def tree(tmp_path: Path) -> InstalledTree:
    """Return an installed tree with links and different modes."""
    root = tmp_path / "installed"
    write(root / "prefix/lib/libanswer.so.1", "binary").chmod(0o755)
    (root / "prefix/lib/libanswer.so").symlink_to("libanswer.so.1")
    (root / "prefix/lib/gone").symlink_to("/not/there")
    (root / "prefix/include").symlink_to("headers")
    write(root / "prefix/headers/answer.h", "int answer(void);").chmod(0o600)
    write(root / "licenses/LICENSE", "free")
    return InstalledTree(root, ("UNUSED",), Path("/tmp/build"))


@pytest.fixture
def cache(tmp_path: Path) -> TreeCache:
    return TreeCache(tmp_path / "trees")


def listing(folder: Path) -> dict[str, str]:
    """Return mode and content of every file, and where links lead."""
    return {
        path.relative_to(folder).as_posix(): (
            f"-> {path.readlink()}"
            if path.is_symlink()
            else f"{path.stat().st_mode:o} {path.read_text()}"
        )
        for path in folder.rglob("*")
        if path.is_symlink() or path.is_file()
    }


def put(cache: TreeCache, tree: InstalledTree) -> InstalledTree:
    """Store the tree; return it as the cache gives it."""
    cache.put(KEY, tree)
    stored = cache.get(KEY)
    assert stored
    return stored


def test_a_tree_comes_back_as_it_was_put(cache: TreeCache, tree: InstalledTree) -> None:
    before = listing(tree.root)
    stored = put(cache, tree)
    assert stored == replace(tree, root=cache.folder / KEY)
    assert listing(stored.prefix) == listing(tree.prefix)
    assert listing(stored.licenses) == listing(tree.licenses)
    assert listing(tree.root) == before


def test_what_was_never_put_is_not_there(cache: TreeCache, tree: InstalledTree) -> None:
    assert cache.get(KEY) is None
    cache.put(KEY, tree)
    assert cache.get("o" * 64) is None


def change(name: str) -> Callable[[Path], object]:
    return lambda root: (root / name).write_text("changed")


def lead_elsewhere(root: Path) -> None:
    (root / "prefix/lib/gone").unlink()
    (root / "prefix/lib/gone").symlink_to("/there")


def forget(root: Path, name: str) -> None:
    facts = json.loads((root / "facts.json").read_text())
    del facts[name]
    (root / "facts.json").write_text(json.dumps(facts))


DAMAGES: dict[str, Callable[[Path], object]] = {
    "a changed file": change("prefix/lib/libanswer.so.1"),
    "a changed licence": change("licenses/LICENSE"),
    "a further file": change("prefix/lib/more"),
    "a missing file": lambda root: (root / "prefix/headers/answer.h").unlink(),
    "a changed mode": lambda root: (root / "prefix/lib/libanswer.so.1").chmod(0o644),
    "a missing link": lambda root: (root / "prefix/lib/libanswer.so").unlink(),
    "a link elsewhere": lead_elsewhere,
    "no facts": lambda root: (root / "facts.json").unlink(),
    "half the facts": lambda root: (root / "facts.json").write_text('{"files": {'),
    "facts of no use": lambda root: (root / "facts.json").write_text("[]"),
    "facts without the build's folder": lambda root: forget(root, "built_in"),
    "facts without files": lambda root: (root / "facts.json").write_text("{}"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_tree_is_none_and_can_be_put_again(
    cache: TreeCache, tree: InstalledTree, name: str
) -> None:
    stored = put(cache, tree)
    DAMAGES[name](stored.root)
    assert cache.get(KEY) is None
    assert put(cache, tree) == stored
    assert listing(stored.prefix) == listing(tree.prefix)


def test_a_whole_tree_stays_where_another_build_may_read_it(
    cache: TreeCache, tree: InstalledTree
) -> None:
    stored = put(cache, tree)
    read = stored.prefix / "headers/answer.h"
    number = read.stat().st_ino
    write(tree.prefix / "headers/answer.h", "int other(void);")
    assert put(cache, replace(tree, built_in=Path("/tmp/other"))) == stored
    assert read.stat().st_ino == number
    assert read.read_text() == "int answer(void);"


def test_a_file_of_the_tree_may_have_our_file_s_name(cache: TreeCache, tree: InstalledTree) -> None:
    write(tree.prefix / "facts.json", "{}")
    cache.put(KEY, tree)
    write(cache.folder / KEY / "prefix/facts.json", "[]")
    assert cache.get(KEY) is None


def test_nothing_but_the_tree_is_left_in_the_cache(cache: TreeCache, tree: InstalledTree) -> None:
    cache.put(KEY, tree)
    cache.put(KEY, tree)
    assert [path.name for path in cache.folder.iterdir()] == [KEY]


def test_the_lock_is_beside_the_tree(cache: TreeCache) -> None:
    assert cache.lock(KEY) == cache.folder / f"{KEY}.lock"


INPUTS = {"plan": "make", "archives": ["a", "b"], "tools": "cc 1.0"}


def test_the_same_inputs_have_the_same_key() -> None:
    assert TreeCache.key(INPUTS) == TreeCache.key(dict(reversed(INPUTS.items())))
    assert len(TreeCache.key(INPUTS)) == 64


@pytest.mark.parametrize(
    "changed",
    [
        {"plan": "make "},
        {"archives": ["b", "a"]},
        {"archives": ["ab"]},
        {"tools": "cc 1.1"},
        {"patches": []},
    ],
)
def test_every_input_makes_a_difference(changed: dict[str, object]) -> None:
    assert TreeCache.key(INPUTS) != TreeCache.key({**INPUTS, **changed})
