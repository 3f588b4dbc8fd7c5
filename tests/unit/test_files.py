from __future__ import annotations

import errno
import gc
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import libwheel
from libwheel.errors import BuildError
from libwheel.files import (
    begin_deletion,
    locked,
    replacing,
    replacing_folder,
    sha256_of,
    writing_to,
)

BACKEND = Path(libwheel.__file__).parents[1]


def never() -> None:
    pytest.fail("nobody else has the lock")


def test_replacing_writes_the_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"
    with replacing(path) as stream:
        stream.write(b"new")
        assert not path.exists()
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o644
    assert list(path.parent.iterdir()) == [path]


def test_replacing_takes_the_place_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with replacing(path) as stream:
        stream.write(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"


def test_replacing_leaves_nothing_but_the_old_file_after_an_error(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with pytest.raises(TypeError), replacing(path) as stream:
        stream.writelines([b"half", "no bytes"])  # type: ignore[list-item]
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_replacing_folder_makes_the_whole_folder(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder"
    with replacing_folder(path) as fresh:
        (fresh / "file").write_bytes(b"new")
        assert not path.exists()
    assert (path / "file").read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o755
    assert list(path.parent.iterdir()) == [path]


def test_replacing_folder_leaves_nothing_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(UnicodeEncodeError), replacing_folder(tmp_path / "folder") as fresh:
        (fresh / "file").write_text("half\ud800", encoding="utf-8")
    assert not list(tmp_path.iterdir())


def test_replacing_folder_keeps_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "folder"
    path.mkdir()
    (path / "old").touch()
    with replacing_folder(path) as fresh:
        (fresh / "new").touch()
    assert [file.name for file in path.iterdir()] == ["old"]
    assert list(tmp_path.iterdir()) == [path]


def test_of_two_that_make_one_folder_the_faster_wins(tmp_path: Path) -> None:
    path = tmp_path / "folder"
    with replacing_folder(path) as slow:
        (slow / "slow").touch()
        with replacing_folder(path) as fast:
            (fast / "fast").touch()
    assert [file.name for file in path.iterdir()] == ["fast"]
    assert list(tmp_path.iterdir()) == [path]


def test_replacing_folder_does_not_hide_any_other_failure(tmp_path: Path) -> None:
    path = tmp_path / "folder"
    path.symlink_to("nowhere")
    with pytest.raises(NotADirectoryError), replacing_folder(path):
        pass
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_says_so_and_what_is_free(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "there"
    with pytest.raises(BuildError) as error, writing_to(folder, "set LIBWHEEL_CACHE"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    text = re.escape(f"cannot write to {folder}: the disk is full (N MB free); set LIBWHEEL_CACHE")
    assert re.fullmatch(text.replace("N", r"\d+\.\d"), str(error.value))


def test_a_file_where_a_folder_should_be_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    folder = tmp_path / "file" / "folder"
    with pytest.raises(BuildError) as error, writing_to(folder):
        folder.mkdir()
    assert str(error.value) == f"cannot write to {folder}: a part of the path is no folder"


def test_a_folder_that_cannot_be_made_says_so() -> None:
    folder = Path("/proc/1/cache/logs")
    with pytest.raises(BuildError) as error, writing_to(folder, "set LIBWHEEL_CACHE"):
        folder.mkdir(parents=True)
    assert str(error.value) == (
        f"cannot write to {folder}: No such file or directory; set LIBWHEEL_CACHE"
    )


def test_what_is_no_matter_of_writing_goes_through(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), writing_to(tmp_path):
        (tmp_path / "missing").read_bytes()


HOLD = """
import sys
from pathlib import Path
from libwheel.files import locked
with locked(Path(sys.argv[1]), lambda: sys.exit("somebody has the lock")):
    print("locked", flush=True)
    sys.stdin.read()
"""


def test_a_lock_keeps_another_process_out_until_it_ends(tmp_path: Path) -> None:
    path = tmp_path / "new" / "lock"
    holder = subprocess.Popen(
        (sys.executable, "-c", HOLD, path),
        env={"PYTHONPATH": str(BACKEND)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with holder:
        assert holder.stdin
        assert holder.stdout
        assert holder.stdout.readline() == b"locked\n"
        waited = []

        def end_the_holder() -> None:
            waited.append(holder.poll())
            holder.kill()

        with locked(path, end_the_holder):
            assert waited == [None]
            assert holder.wait() == -9
    with locked(path, never):
        pass


def test_a_lock_is_given_back_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), locked(tmp_path / "lock", never):
        raise KeyboardInterrupt
    with locked(tmp_path / "lock", never):
        pass


def test_sha256_of(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"bytes")
    assert sha256_of(tmp_path / "file") == hashlib.sha256(b"bytes").hexdigest()


@pytest.mark.parametrize(("name", "ours"), [("in/it", True), ("", True), ("../other", False)])
def test_an_error_that_names_a_file_elsewhere_is_not_about_the_folder(
    tmp_path: Path, name: str, ours: bool
) -> None:
    folder = tmp_path / "folder"
    with pytest.raises(BuildError if ours else PermissionError), writing_to(folder):
        raise PermissionError(errno.EACCES, "Permission denied", str(folder / name))


def test_of_two_files_one_is_enough(tmp_path: Path) -> None:
    goal = str(tmp_path / "folder" / "copy")
    with pytest.raises(BuildError, match="the disk is full"), writing_to(tmp_path / "folder"):
        raise OSError(errno.ENOSPC, "No space left on device", "/the/original", None, goal)


def make_tree(parent: Path) -> Path:
    """Make a folder with a name that is hard to handle, a file, and a link to what must stay."""
    (parent / "elsewhere").mkdir()
    (parent / "elsewhere" / "file").touch()
    tree = parent / "-a 'tree"
    (tree / "below").mkdir(parents=True)
    (tree / "below" / "file").touch()
    (tree / "link").symlink_to(parent / "elsewhere")
    return tree


def put_before_rm(folder: Path, script: str) -> str:
    """Write an rm that runs `script` first; return the PATH where it stands."""
    folder.mkdir()
    (folder / "rm").write_text(f'#!/bin/sh\n{script}\nexec {shutil.which("rm")} "$@"\n')
    (folder / "rm").chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"


def wait_until_gone(folder: Path) -> None:
    deadline = time.monotonic() + 20
    while folder.exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("path", [os.environ["PATH"], "/no/programs"], ids=["rm", "no rm"])
def test_a_deletion_is_done_when_it_was_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    tree = make_tree(tmp_path)
    monkeypatch.setenv("PATH", path)
    begin_deletion(tree)()
    assert not tree.exists()
    assert (tmp_path / "elsewhere" / "file").exists()


def test_what_is_gone_already_needs_no_deletion(tmp_path: Path) -> None:
    begin_deletion(tmp_path / "nothing")()


def test_a_read_only_folder_goes_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = make_tree(tmp_path)
    (tree / "below").chmod(0o555)
    # root's rm would delete it: let it fail as anyone else's does
    script = '[ "$(stat -c %a "$3/below")" = 555 ] && exit 1'
    monkeypatch.setenv("PATH", put_before_rm(tmp_path / "bin", script))
    begin_deletion(tree)
    wait_until_gone(tree)


def test_nobody_has_to_wait_for_a_deletion(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = make_tree(tmp_path)
    monkeypatch.setenv("PATH", put_before_rm(tmp_path / "bin", "sleep 0.5"))
    begin_deletion(tree)
    gc.collect()  # no ResourceWarning
    assert tree.exists()
    wait_until_gone(tree)


DELETE = """
import sys
from pathlib import Path
from libwheel.files import begin_deletion
wait = begin_deletion(Path(sys.argv[1]))
print("begun", flush=True)
wait()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_deletion_goes_on_where_its_beginner_is_ended(tmp_path: Path, number: int) -> None:
    tree = make_tree(tmp_path)
    process = subprocess.Popen(
        (sys.executable, "-W", "error", "-c", DELETE, tree),
        env={"PYTHONPATH": str(BACKEND), "PATH": put_before_rm(tmp_path / "bin", "sleep 1")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    with process:
        assert process.stdout
        assert process.stdout.readline() == b"begun\n"
        os.killpg(process.pid, number)
        _, errors = process.communicate(timeout=20)
    assert process.returncode == -number
    assert b"ResourceWarning" not in errors
    assert tree.exists()
    wait_until_gone(tree)
