from __future__ import annotations

import difflib
import os
import random
from pathlib import Path

import pytest

from libwheel.errors import RecipeError
from libwheel.source import patches
from unit.source.making import listing

TEXT = b"one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "tree" / "src").mkdir(parents=True)
    (tmp_path / "tree" / "src" / "a.c").write_bytes(TEXT)
    return tmp_path / "tree"


def patch(tree: Path, data: bytes, name: str = "0001.patch") -> Path:
    path = tree.parent / name
    path.write_bytes(data)
    return path


def apply(tree: Path, *data: bytes) -> None:
    patches.apply([patch(tree, text, f"{n:04}.patch") for n, text in enumerate(data, 1)], tree)


def refusal(tree: Path, *data: bytes) -> list[str]:
    """Return the lines of the error; nothing may have been written."""
    before = {path: path.read_bytes() for path in tree.rglob("*") if path.is_file()}
    with pytest.raises(RecipeError) as caught:
        apply(tree, *data)
    assert {path: path.read_bytes() for path in tree.rglob("*") if path.is_file()} == before
    return [line.removeprefix(f"{tree.parent}/") for line in str(caught.value).splitlines()]


def change(body: bytes, name: bytes = b"src/a.c") -> bytes:
    return b"--- a/%s\n+++ b/%s\n%s" % (name, name, body)


TWO_HUNKS = change(b"@@ -1,2 +1,3 @@\n one\n-two\n+2\n+2b\n@@ -7,2 +8 @@\n-seven\n eight\n")


def test_hunks_are_applied_where_they_say(tree: Path) -> None:
    apply(tree, TWO_HUNKS)
    assert (tree / "src/a.c").read_bytes() == b"one\n2\n2b\nthree\nfour\nfive\nsix\neight\n"


def test_a_later_patch_sees_an_earlier_one(tree: Path) -> None:
    apply(tree, TWO_HUNKS, change(b"@@ -2 +2 @@\n-2\n+zwei\n"))
    assert (tree / "src/a.c").read_bytes().startswith(b"one\nzwei\n2b\n")


def test_new_and_deleted_files(tree: Path) -> None:
    new = b"--- /dev/null\n+++ b/new/dir/x.h\n@@ -0,0 +1,2 @@\n+1\n+2\n"
    gone = b"--- a/src/a.c\n+++ /dev/null\n@@ -1,8 +0,0 @@\n"
    gone += b"".join(b"-" + line + b"\n" for line in TEXT.splitlines())
    apply(tree, new + gone)
    assert listing(tree) == ["new/", "new/dir/", "new/dir/x.h", "src/"]
    assert (tree / "new/dir/x.h").read_bytes() == b"1\n2\n"


def test_a_file_that_comes_and_goes(tree: Path) -> None:
    new = b"--- /dev/null\n+++ b/x.h\n@@ -0,0 +1 @@\n+1\n"
    gone = b"--- a/x.h\n+++ /dev/null\n@@ -1 +0,0 @@\n-1\n"
    apply(tree, new, gone)
    assert listing(tree) == ["src/", "src/a.c"]


def test_a_mode_stays_and_times_are_one(tree: Path) -> None:
    for name in ("configure", "configure.ac"):
        (tree / name).write_bytes(b"a\n")
        os.utime(tree / name, (5, 5))
    (tree / "configure").chmod(0o555)
    body = b"@@ -1 +1 @@\n-a\n+b\n"
    apply(tree, change(body, b"configure") + change(body, b"configure.ac"))
    stats = [(tree / name).stat() for name in ("configure", "configure.ac")]
    assert [oct(stat.st_mode) for stat in stats] == ["0o100555", "0o100644"]
    assert stats[0].st_mtime_ns == stats[1].st_mtime_ns


def test_line_ends_are_kept(tree: Path) -> None:
    (tree / "dos.c").write_bytes(b"a\r\nb\r\nc")
    body = b"@@ -1,3 +1,3 @@\n a\r\n-b\r\n+B\r\n c\n\\ No newline at end of file\n"
    apply(tree, change(body, b"dos.c"))
    assert (tree / "dos.c").read_bytes() == b"a\r\nB\r\nc"


def test_line_ends_are_compared(tree: Path) -> None:
    (tree / "dos.c").write_bytes(b"a\r\n")
    assert refusal(tree, change(b"@@ -1 +1 @@\n-a\n+b\n", b"dos.c")) == [
        "0001.patch: dos.c:1: expected 'a\\n', found 'a\\r\\n'"
    ]


def test_a_line_feed_at_the_end_is_compared(tree: Path) -> None:
    body = b"@@ -8 +8 @@\n-eight\n\\ No newline at end of file\n+8\n"
    assert refusal(tree, change(body)) == [
        "0001.patch: src/a.c:8: expected 'eight', found 'eight\\n'"
    ]


def test_nothing_is_added_to_an_open_line(tree: Path) -> None:
    (tree / "open").write_bytes(b"a")
    assert refusal(tree, change(b"@@ -1,0 +2 @@\n+b\n", b"open")) == [
        "0001.patch: open:1: only the last line may have no line feed: 'a'"
    ]


def test_every_place_that_does_not_fit_is_reported(tree: Path) -> None:
    first = change(
        b"@@ -1,2 +1,2 @@\n one\n-zwei\n+2\n"
        b"@@ -4 +4 @@\n-four\n+4\n"
        b"@@ -8,2 +8,2 @@\n eight\n-nine\n+9\n"
        b"@@ -20 +20 @@\n-x\n+y\n"
    )
    second = change(b"@@ -1 +1 @@\n-a\n+b\n", b"src/none.c")
    assert refusal(tree, first + second, change(b"@@ -1 +1 @@\n-x\n+y\n")) == [
        "0001.patch: src/a.c:2: expected 'zwei\\n', found 'two\\n'",
        "0001.patch: src/a.c:9: expected 'nine\\n', found the end of the file",
        "0001.patch: src/a.c:19: the file has only 8 lines",
        "0001.patch: src/none.c: is not in the source tree",
    ]


def test_lines_that_stand_elsewhere_once_are_found(tree: Path) -> None:
    apply(tree, change(b"@@ -2,2 +2,2 @@\n-three\n+3\n four\n"))
    assert (tree / "src/a.c").read_bytes() == TEXT.replace(b"three", b"3")


def test_lines_that_stand_elsewhere_twice_are_not_chosen_from(tree: Path) -> None:
    (tree / "src/a.c").write_bytes(TEXT + TEXT)
    assert refusal(tree, change(b"@@ -2 +2 @@\n-three\n+3\n")) == [
        "0001.patch: src/a.c:2: expected 'three\\n', found 'two\\n'"
    ]


def test_a_failing_patch_undoes_the_ones_before(tree: Path) -> None:
    new = b"--- /dev/null\n+++ b/x.h\n@@ -0,0 +1 @@\n+1\n"
    assert refusal(tree, TWO_HUNKS, new, change(b"@@ -2 +2 @@\n-two\n+zwei\n")) == [
        "0003.patch: src/a.c:2: expected 'two\\n', found '2\\n'"
    ]
    assert listing(tree) == ["src/", "src/a.c"]


def test_hunks_out_of_order(tree: Path) -> None:
    body = b"@@ -5 +5 @@\n-five\n+5\n@@ -2 +2 @@\n-two\n+2\n"
    assert refusal(tree, change(body)) == [
        "0001.patch: src/a.c:2: the hunk overlaps the one before it"
    ]


def test_a_file_that_must_not_be_there(tree: Path) -> None:
    assert refusal(tree, b"--- /dev/null\n+++ b/src/a.c\n@@ -0,0 +1 @@\n+1\n") == [
        "0001.patch: src/a.c: the patch creates it, but it is there already"
    ]


def test_a_file_that_is_not_wholly_deleted(tree: Path) -> None:
    assert refusal(tree, b"--- a/src/a.c\n+++ /dev/null\n@@ -1 +0,0 @@\n-one\n") == [
        "0001.patch: src/a.c: the patch deletes it, but 7 lines would be left"
    ]


def test_a_patch_that_is_none(tree: Path) -> None:
    assert refusal(tree, b"hello\n") == [
        "0001.patch: line 1: has no changes: it is not a unified diff"
    ]


def test_names_that_leave(tree: Path) -> None:
    (tree.parent / "evil").write_bytes(b"a\n")
    assert refusal(tree, change(b"@@ -1 +1 @@\n-a\n+b\n", b"../evil")) == [
        "0001.patch: line 1: 'a/../evil' leads out of the source tree"
    ]


def test_names_behind_links(tree: Path) -> None:
    (tree.parent / "out").mkdir()
    (tree.parent / "out" / "x").write_bytes(b"a\n")
    (tree / "out").symlink_to(tree.parent / "out")
    (tree / "file").symlink_to("src/a.c")
    body = b"@@ -1 +1 @@\n-a\n+b\n"
    below = b"--- /dev/null\n+++ b/src/a.c/x\n@@ -0,0 +1 @@\n+1\n"
    found = refusal(tree, change(body, b"out/x") + change(body, b"file") + below)
    assert found == [
        f"0001.patch: {name}: is no regular file of the source tree, or behind a link"
        for name in ("out/x", "file", "src/a.c/x")
    ]
    assert (tree.parent / "out" / "x").read_bytes() == b"a\n"


def test_whatever_difflib_writes_is_applied(tree: Path) -> None:
    chance = random.Random(1)  # noqa: S311 (no secret)
    for number in range(100):
        old = [f"{chance.randrange(6)}\n" for _ in range(chance.randrange(1, 40))]
        new = [line for line in old if chance.random() < 0.9]
        for _ in range(chance.randrange(1, 4)):
            new.insert(chance.randrange(len(new) + 1), f"new {chance.randrange(6)}\n")
        (tree / "x").write_text("".join(old))
        context = chance.randrange(4)
        apply(tree, "".join(difflib.unified_diff(old, new, "a/x", "b/x", n=context)).encode())
        assert (tree / "x").read_text() == "".join(new), number
