from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from libwheel import configurations
from libwheel.errors import RecipeError
from unit.buildsystems.jobs import job
from unit.resolved import resolved

NARROW = {"include/answer.h": "int", "lib/liba.so.1": "a"}
WIDE = {"include/answer.h": "int", "lib/libb.so.1": "b"}


def merge(folder: Path, *trees: dict[str, str], drop: tuple[str, ...] = ()) -> dict[str, str]:
    """Merge trees of these texts, ``-> GOAL`` for a link; return what comes of them."""
    jobs = []
    for name, files in zip(("narrow", "wide", "third"), trees, strict=False):
        one = replace(job("cmake"), destination=folder / name, name=name)
        for path, text in files.items():
            goal = one.installed / path
            goal.parent.mkdir(parents=True, exist_ok=True)
            if text.startswith("-> "):
                goal.symlink_to(text.removeprefix("-> "))
            else:
                goal.write_text(text)
        jobs.append(one)
    tree = folder / "tree"
    configurations.merge(resolved(drop=drop), jobs, tree)
    return {
        path.relative_to(tree).as_posix(): f"-> {path.readlink()}"
        if path.is_symlink()
        else path.read_text()
        for path in tree.rglob("*")
        if path.is_symlink() or path.is_file()
    }


def test_what_they_have_installed_is_one_tree(tmp_path: Path) -> None:
    third = {"lib/liba.so": "-> liba.so.1", "share/new/file": "text"}
    found = merge(tmp_path, NARROW | {"lib/liba.so": "-> liba.so.1"}, WIDE, third)
    assert found == NARROW | WIDE | third


@pytest.mark.parametrize(
    ("narrow", "wide"),
    [
        ("int", "lon"),  # as long, and as old
        ("int", "-> other.h"),
        ("-> one.h", "-> other.h"),
    ],
)
def test_one_path_with_different_content(tmp_path: Path, narrow: str, wide: str) -> None:
    with pytest.raises(RecipeError) as caught:
        merge(tmp_path, {"include/x.h": narrow}, {"include/x.h": wide, "include/y.h": ""})
    [problem] = caught.value.problems
    assert problem.key == "build.configuration"
    assert problem.text == (
        "the configurations 'narrow' and 'wide' both install include/x.h, with different "
        "content: one of them must not"
    )


def test_a_file_in_the_place_of_a_folder(tmp_path: Path) -> None:
    for number, trees in enumerate([("x", "x/y"), ("x/y", "x")]):
        with pytest.raises(RecipeError, match="'narrow' and 'wide' both install x"):
            merge(tmp_path / str(number), *({name: "text"} for name in trees))


def test_of_what_the_wheel_leaves_out_the_first_stays(tmp_path: Path) -> None:
    wide = {"lib/pkgconfig/answer.pc": "wide", "share/doc/all": "wide"}
    narrow = dict.fromkeys(wide, "narrow")
    assert merge(tmp_path, narrow, wide, drop=("share/doc/**",)) == narrow
