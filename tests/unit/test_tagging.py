from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from libwheel import tagging
from libwheel.binaries import elf
from libwheel.binaries.elf_edit import Edit
from libwheel.errors import BuildError, RecipeError
from libwheel.naming import Tag
from libwheel.selection import Selection
from libwheel.staging import Role
from libwheel.target import Os, native, parse
from unit.binaries.compiled import patchelf, run, shared
from unit.resolved import library, resolved
from unit.staged import write

TAG = Tag("answer", "1.2.3", "1", 0)
RECIPE = resolved(library("answer_hl"), library("answer", file="ans"), library("doubt"))


def test_each_chosen_library_is_copied_to_its_tagged_name(tmp_path: Path) -> None:
    original = write(tmp_path / "prefix/lib/libans.so.1.2.3", "binary")
    original.chmod(0o444)
    selection = Selection({"answer": original}, {}, ())
    copied = tagging.copies(RECIPE, selection, TAG, tmp_path / "stage")
    goal = tmp_path / "stage/lib/libans-pywheel-1.so"
    assert copied == {"answer": goal}
    assert (goal.read_text(), goal.stat().st_mode & 0o777) == ("binary", 0o755)
    assert original.read_text() == "binary"


def test_of_nothing_there_are_no_libraries(tmp_path: Path) -> None:
    assert tagging.copies(RECIPE, Selection({}, {}, ()), TAG, tmp_path) == {}
    assert tagging.edits({}, {}, TAG, {}) == []
    assert tagging.libraries(RECIPE, {}, TAG, {}) == ()


def test_those_of_windows_are_copied_and_not_edited(tmp_path: Path) -> None:
    tag = replace(TAG, os=Os.WINDOWS)
    dll = write(tmp_path / "prefix/bin/libans.dll", "binary")
    lib = write(tmp_path / "prefix/lib/libans.dll.a", "archive")
    selection = Selection({"answer": dll}, {}, (), {"answer": lib})
    copied = tagging.copies(RECIPE, selection, tag, tmp_path / "stage")
    links = tagging.link_copies(RECIPE, selection, tag, tmp_path / "stage")
    stage = tmp_path / "stage/Library"
    assert copied == {"answer": stage / "bin/ans-pywheel-1.dll"}
    assert links == {"answer": stage / "lib/ans-pywheel-1.lib"}
    assert links["answer"].read_text() == "archive"
    assert links["answer"].stat().st_mode & 0o777 == 0o644
    assert tagging.edits({}, copied, tag, {}) == []
    assert tagging.link_copies(RECIPE, selection, TAG, tmp_path) == {}  # Linux has none


@pytest.mark.parametrize("name", ["aarch64-macos.11", "x86_64-windows"])
def test_a_suffix_is_linux_s_alone(name: str) -> None:
    recipe = resolved(library("answer"), replace(library("answer64"), suffix="64_"))
    target = parse(name)
    assert target
    with pytest.raises(RecipeError) as caught:
        tagging.check(recipe, target)
    (problem,) = caught.value.problems
    assert problem.key == "library[2].suffix"
    assert f"cannot be given to the symbols of {target}" in problem.text
    tagging.check(recipe, native())
    tagging.check(RECIPE, target)


@pytest.fixture
def selection(tmp_path: Path) -> Selection:
    """Return two compiled libraries, one of which needs the other."""
    low = shared(tmp_path / "lib/libans.so.1", "int low(void) { return 1; }")
    code = "int low(void); int high(void) { return low(); }"
    high = shared(tmp_path / "lib/libanswer_hl.so.1", code, low)
    return Selection({"answer_hl": high, "answer": low}, {}, ())


@pytest.mark.compiles
def test_what_has_to_change(tmp_path: Path, selection: Selection) -> None:
    copied = tagging.copies(RECIPE, selection, TAG, tmp_path / "stage")
    low, high = "libans-pywheel-1.so", "libanswer_hl-pywheel-1.so"
    names = {name: {"low": "low64_", "other": "other64_"} for name in copied}
    node = "ANSWER_PYWHEEL_1"
    assert tagging.edits(tagging.originals(selection), copied, TAG, names) == [
        Edit(copied["answer_hl"], high, {"libans.so.1": low}, "$ORIGIN", node, {"low": "low64_"}),
        Edit(copied["answer"], low, {}, "$ORIGIN", node, {"low": "low64_"}),
    ]


@pytest.mark.compiles
def test_a_file_that_libraries_share_is_edited_once_and_belongs_to_the_first(
    tmp_path: Path, selection: Selection
) -> None:
    tag = Tag("base", "1.2.3", "1", 0)  # whose node `shared` gives
    suffixed = replace(library("answer", file="ans"), suffix="64_")
    recipe = resolved(suffixed, library("other", file="ans"), library("answer_hl"))
    low, high = selection.binaries["answer"], selection.binaries["answer_hl"]
    chosen = Selection({"answer": low, "other": low, "answer_hl": high}, {}, ())
    copied = tagging.copies(recipe, chosen, tag, tmp_path / "stage")
    names = {name: {"low": "low64_"} for name in copied}
    wanted = tagging.edits(tagging.originals(chosen), copied, tag, names)
    assert [edit.path for edit in wanted] == [copied["answer"], copied["answer_hl"]]
    tagging.apply(recipe, wanted, patchelf())
    found = {staged.name: staged for staged in tagging.libraries(recipe, copied, tag, {})}
    assert found["answer_hl"].requires == ("answer",)
    assert found["other"].file == found["answer"].file
    assert {name: staged.suffix for name, staged in found.items()} == {
        "answer": "64_",
        "other": "64_",
        "answer_hl": "",
    }


@pytest.mark.compiles
def test_a_library_without_a_soname_is_known_by_its_file_s_name(tmp_path: Path) -> None:
    (tmp_path / "low.c").write_text("int low;")
    bare, named = tmp_path / "libans.so.1.2", tmp_path / "libanswer_hl.so.1.2"
    run("gcc", "-shared", "-fPIC", tmp_path / "low.c", "-o", bare)
    run("gcc", "-shared", "-fPIC", tmp_path / "low.c", "-o", named, "-Wl,-soname,libanswer_hl.so.1")
    found = tagging.originals(Selection({"answer": bare, "answer_hl": named}, {}, ()))
    assert elf.read(bare).soname is None
    assert (found["answer"].soname, found["answer_hl"].soname) == (
        "libans.so.1.2",
        "libanswer_hl.so.1",
    )


@pytest.mark.compiles
def test_what_cannot_be_edited_is_a_problem_of_the_recipe(tmp_path: Path) -> None:
    path = shared(tmp_path / "libans-pywheel-1.so", "int low;", script="")
    edit = Edit(path, path.name, {}, "$ORIGIN", TAG.version_node)
    with pytest.raises(RecipeError) as caught:
        tagging.apply(RECIPE, [edit], patchelf())
    (problem,) = caught.value.problems
    assert (problem.path, problem.key) == ("/recipes/answer/recipe.toml", "build")
    assert problem.text.startswith("libans-pywheel-1.so has no version node ANSWER_PYWHEEL_1")


@pytest.mark.compiles
def test_a_library_comes_behind_those_that_it_needs(tmp_path: Path) -> None:
    low = shared(tmp_path / "libans-pywheel-1.so", "int low(void) { return 1; }")
    code = "int low(void); int high(void) { return low(); }"
    high = shared(tmp_path / "libanswer_hl-pywheel-1.so", code, low)
    first, second = tagging.libraries(RECIPE, {"answer_hl": high, "answer": low}, TAG, {})
    assert (first.name, first.stem, first.requires) == ("answer", "ans", ())
    assert (second.name, second.requires) == ("answer_hl", ("answer",))
    assert (second.description, second.file.role) == ("The answer_hl", Role.RUNTIME)
    assert str(second.file.path) == "lib/libanswer_hl-pywheel-1.so"
    assert second.file.bytes_at == high


@pytest.mark.compiles
def test_libraries_that_need_each_other_are_named(tmp_path: Path) -> None:
    code = "int low(void); int high(void) { return low(); }"
    name = "libans-pywheel-1.so"
    alone = shared(tmp_path / "first" / name, "int low(void) { return 1; }")
    high = shared(tmp_path / "libanswer_hl-pywheel-1.so", code, alone)
    back = "int high(void); int low(void) { return high(); }"
    low = shared(tmp_path / name, back, high)
    with pytest.raises(BuildError, match="libraries need each other: answer"):
        tagging.libraries(RECIPE, {"answer_hl": high, "answer": low}, TAG, {})
