from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from libwheel.errors import BuildError
from libwheel.workspace import KEPT_LOGS, common_name, kept, temporary
from unit.buildsystems.jobs import SPACE

FAILED = BuildError("it failed")


def fail(stem: str, logs: Path, log: str = "", error: BaseException = FAILED) -> None:
    """Run a build that fails, with a log of that name or none."""
    with temporary(stem, logs) as space:
        if log:
            (space.logs / log).touch()
        raise error


def test_the_folders_of_a_workspace_are_all_its_own() -> None:
    places = [*SPACE.folders, SPACE.version_script]
    assert len(set(places)) == len(places)
    assert {path.parent for path in places} == {SPACE.root}


def test_all_of_it_goes_when_the_build_is_done(tmp_path: Path) -> None:
    with temporary("lib-1.0", tmp_path) as space:
        (space.logs / "compile.log").touch()
        space.source.mkdir()
        assert space.temporary.is_dir()
    assert not space.root.exists()
    assert list(tmp_path.iterdir()) == []


def test_the_logs_of_a_failed_build_stay_if_there_are_any(tmp_path: Path) -> None:
    with pytest.raises(BuildError):
        fail("nothing", tmp_path)
    with pytest.raises(BuildError):
        fail("something", tmp_path, "compile.log")
    [folder] = tmp_path.iterdir()
    assert folder.name.startswith("something-")
    assert [log.name for log in folder.iterdir()] == ["compile.log"]


def test_no_logs_stay_of_an_interrupted_build(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        fail("lib-1.0", tmp_path, "compile.log", KeyboardInterrupt())
    assert list(tmp_path.iterdir()) == []


def test_no_logs_stay_where_the_way_out_of_an_interrupted_build_fails(tmp_path: Path) -> None:
    with pytest.raises(BrokenPipeError), temporary("lib-1.0", tmp_path) as space:  # noqa: PT012
        (space.logs / "compile.log").touch()
        try:
            raise KeyboardInterrupt
        finally:
            raise BrokenPipeError
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def trees(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder where workspaces are made."""
    folder = tmp_path / "trees"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


@pytest.mark.parametrize("error", [FAILED, KeyboardInterrupt()], ids=["failed", "interrupted"])
def test_the_tree_of_a_build_that_ends_early_is_gone(
    tmp_path: Path, trees: Path, error: BaseException
) -> None:
    with pytest.raises(type(error)):
        fail("lib-1.0", tmp_path / "logs", "compile.log", error)
    assert list(trees.iterdir()) == []


def test_builds_may_have_a_place_in_common(tmp_path: Path, trees: Path) -> None:
    for _ in range(2):
        with temporary("lib-1.0", tmp_path / "logs", "lib-1.0-native") as space:
            assert space.root == trees / common_name("lib-1.0-native")
            space.source.mkdir()
        assert list(trees.iterdir()) == []


def test_such_a_place_has_a_path_of_the_usual_length(tmp_path: Path, trees: Path) -> None:
    with temporary("lib-1.0", tmp_path / "logs") as usual:
        assert len(str(usual.root)) == len(str(trees / common_name("a place")))


def test_what_a_killed_build_left_there_goes_first(tmp_path: Path, trees: Path) -> None:
    place = trees / common_name("lib")
    (place / "source").mkdir(parents=True)
    (place / "file").touch()
    with temporary("lib-1.0", tmp_path / "logs", "lib") as space:
        assert space.root == place
        assert [path.name for path in place.iterdir()] == [space.temporary.name]
        assert place.stat().st_mode & 0o777 == 0o700


def test_who_finds_the_place_in_use_has_another(tmp_path: Path, trees: Path) -> None:
    with temporary("lib-1.0", tmp_path / "logs", "lib") as first:
        with temporary("lib-1.0", tmp_path / "logs", "lib") as second:
            assert first.root != second.root
        assert first.root.is_dir()
    assert list(trees.iterdir()) == []


@pytest.mark.parametrize("foreign", ["a link", "a file"])
def test_who_finds_something_else_there_has_another(
    tmp_path: Path, trees: Path, foreign: str
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    place = trees / common_name("lib")
    if foreign == "a link":
        place.symlink_to(other)
    else:
        place.touch()
    with temporary("lib-1.0", tmp_path / "logs", "lib") as space:
        assert space.root.parent == trees
        assert space.root != place
    assert list(other.iterdir()) == []
    assert list(trees.iterdir()) == [place]


def test_the_place_is_free_while_what_was_in_it_is_deleted(
    tmp_path: Path, trees: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deleted = []

    def begin(root: Path) -> Callable[[], None]:
        deleted.append(root)
        return lambda: None

    monkeypatch.setattr("libwheel.workspace.begin_deletion", begin)
    with temporary("lib-1.0", tmp_path / "logs", "lib"):
        pass
    assert deleted == list(trees.iterdir()) != [trees / common_name("lib")]


def test_the_logs_of_an_interrupted_build_do_not_wait_for_the_tree_to_go(
    tmp_path: Path, trees: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs = tmp_path / "logs"
    left = []

    def begin(root: Path) -> Callable[[], None]:
        return lambda: left.extend([root, *logs.iterdir()])

    monkeypatch.setattr("libwheel.workspace.begin_deletion", begin)
    with pytest.raises(KeyboardInterrupt):
        fail("lib-1.0", logs, "compile.log", KeyboardInterrupt())
    assert left == list(trees.iterdir())


def test_old_logs_go_but_never_those_of_a_build_that_runs(tmp_path: Path) -> None:
    with temporary("running", tmp_path) as space:
        os.utime(space.logs, (0, 0))  # the oldest of all
        for _ in range(KEPT_LOGS + 2):
            with pytest.raises(BuildError):
                fail("failed", tmp_path, "compile.log")
        assert space.logs.is_dir()
        assert len(list(tmp_path.glob("failed-*"))) == KEPT_LOGS


def test_a_kept_workspace_is_emptied_of_what_a_build_makes(tmp_path: Path) -> None:
    root = tmp_path / "work"
    with kept(root) as space:
        for folder in (*space.folders, space.logs):
            folder.mkdir(exist_ok=True)
            (folder / "old").touch()
        (root / "notes").mkdir()
    with kept(root) as space:
        assert list(root.rglob("old")) == []
        assert space.temporary.is_dir()
        assert (root / "notes").is_dir()
