from __future__ import annotations

import pytest

from libwheel.source.diff import DiffError, FilePatch, Hunk, parse

HEAD = b"--- a/x.c\n+++ b/x.c\n"


def refusal(data: bytes) -> str:
    with pytest.raises(DiffError) as caught:
        parse(data)
    return f"{caught.value.line}: {caught.value}"


def names(data: bytes) -> list[tuple[str, bool, bool]]:
    return [(change.name, change.creates, change.deletes) for change in parse(data)]


def test_a_hunk() -> None:
    text = HEAD + b"@@ -3,3 +3,4 @@ int f(void)\n a\n-b\n+B\n+C\n d\n"
    hunk = Hunk(2, (b"a\n", b"b\n", b"d\n"), (b"a\n", b"B\n", b"C\n", b"d\n"))
    assert parse(text) == (FilePatch("x.c", creates=False, deletes=False, hunks=(hunk,)),)


def test_counts_may_be_left_out() -> None:
    assert parse(HEAD + b"@@ -7 +7 @@\n-a\n+b\n")[0].hunks == (Hunk(6, (b"a\n",), (b"b\n",)),)


def test_an_insertion_stands_after_its_line() -> None:
    assert parse(HEAD + b"@@ -7,0 +8 @@\n+b\n")[0].hunks == (Hunk(7, (), (b"b\n",)),)


def test_lines_that_look_like_headers_are_counted() -> None:
    text = HEAD + b"@@ -1,2 +1,2 @@\n--- a/y\n-@@ -1 +1 @@\n+++ b/y\n+diff --git a/y b/y\n"
    assert parse(text)[0].hunks == (
        Hunk(0, (b"-- a/y\n", b"@@ -1 +1 @@\n"), (b"++ b/y\n", b"diff --git a/y b/y\n")),
    )


def test_a_missing_line_feed_at_the_end() -> None:
    text = HEAD + b"@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n\\ No newline at end of file"
    assert parse(text)[0].hunks == (Hunk(0, (b"a",), (b"b",)),)


def test_a_missing_line_feed_of_a_context_line() -> None:
    text = HEAD + b"@@ -1 +1,2 @@\n+b\n a\n\\ No newline at end of file\n"
    assert parse(text)[0].hunks == (Hunk(0, (b"a",), (b"b\n", b"a")),)


def test_an_empty_context_line_may_have_lost_its_space() -> None:
    text = HEAD + b"@@ -1,2 +1,2 @@\n\n-a\n+b\n"
    assert parse(text)[0].hunks == (Hunk(0, (b"\n", b"a\n"), (b"\n", b"b\n")),)


def test_a_header_in_front_is_ignored() -> None:
    text = b"""\
Description: no absolute plugin folder
 Text may look like this:
 --- and so on
Origin: vendor
Forwarded: no
---
This patch header follows DEP-3
"""
    assert names(text + HEAD + b"@@ -1 +1 @@\n-a\n+b\n") == [("x.c", False, False)]


def test_what_git_format_patch_writes() -> None:
    text = b"""\
From 0123456789 Mon Sep 17 00:00:00 2001
From: A <a@example.org>
Subject: [PATCH] x

---
 x.c   | 2 +-
 new.c | 1 +
 3 files changed

diff --git a/x.c b/x.c
index 1..2 100644
--- a/x.c
+++ b/x.c
@@ -1 +1 @@
-a
+b
diff --git a/new.c b/new.c
new file mode 100644
index 0..2
--- /dev/null
+++ b/new.c
@@ -0,0 +1 @@
+new
diff --git a/old.c b/old.c
deleted file mode 100755
index 2..0
--- a/old.c
+++ /dev/null
@@ -1 +0,0 @@
-old
--\x20
2.39.5

"""
    assert names(text) == [("x.c", False, False), ("new.c", True, False), ("old.c", False, True)]


def test_what_gnu_diff_and_quilt_write() -> None:
    text = b"""\
Index: hdf5/src/x.c
===================================================================
--- hdf5.orig/src/x.c\t2025-01-01 10:00:00.000000000 +0000
+++ hdf5/src/x.c\t2025-01-02 10:00:00.000000000 +0000
@@ -1 +1 @@
-a
+b
diff -Nru hdf5.orig/new.c hdf5/new.c
--- hdf5.orig/new.c\t1970-01-01 00:00:00.000000000 +0000
+++ hdf5/new.c\t2025-01-02 10:00:00.000000000 +0000
@@ -0,0 +1 @@
+new
--- hdf5.orig/a file.c\t2025-01-01 10:00:00.000000000 +0000
+++ hdf5/a file.c\t1970-01-01 00:00:00.000000000 +0000
@@ -1 +0,0 @@
-old
"""
    assert names(text) == [
        ("src/x.c", False, False),
        ("new.c", True, False),
        ("a file.c", False, True),
    ]


@pytest.mark.parametrize(
    ("extra", "line"),
    [
        (b"old mode 100644\nnew mode 100755\n", "old mode 100644"),
        (b"similarity index 90%\nrename from x\nrename to y\n", "rename from x"),
        (b"similarity index 90%\ncopy from x\ncopy to y\n", "copy from x"),
        (b"new file mode 100755\nindex 0..1\n", "new file mode 100755"),
        (b"new file mode 120000\nindex 0..1\n", "new file mode 120000"),
        (b"index 0..1\nGIT binary patch\nliteral 1\n", "GIT binary patch"),
        (b"index 0..1\nBinary files a/x and b/x differ\n", "Binary files a/x and b/x differ"),
    ],
)
def test_what_is_more_than_text(extra: bytes, line: str) -> None:
    assert refusal(b"diff --git a/x b/x\n" + extra + HEAD).endswith(
        f": '{line}': only text can be patched"
    )


def test_binary_files_of_gnu_diff() -> None:
    text = HEAD + b"@@ -1 +1 @@\n-a\n+b\nBinary files a/x and b/x differ\n"
    assert refusal(text) == "6: 'Binary files a/x and b/x differ': only text can be patched"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", "1: has no changes: it is not a unified diff"),
        (b"*** a/x\n--- b/x\n", "1: has no changes: it is not a unified diff"),
        (HEAD, "3: a file without a hunk"),
        (b"@@ -1 +1 @@\n-a\n+b\n", "1: a hunk that belongs to no file"),
        (HEAD + b"@@ -a +1 @@\n", "3: not the head of a hunk: '@@ -a +1 @@'"),
        (
            HEAD + b"@@ -1,3 +1,3 @@\n a\n-b\n+c\n",
            "7: the hunk ends before the lines that its head announces",
        ),
        (
            HEAD + b"@@ -1,2 +1,2 @@\n a\n-b\n+c\n d\n",
            "7: the hunk has other lines than its head announces",
        ),
        (
            HEAD + b"@@ -1,2 +1 @@\n a\n+b\n-c\n",
            "7: the hunk has other lines than its head announces",
        ),
        (
            HEAD + b"@@ -1 +1 @@\n-a\n+b\n--- not a header\n",
            "6: the hunk has other lines than its head announces",
        ),
        (
            b"--- x.c\n+++ x.c\n@@ -1 +1 @@\n-a\n+b\n",
            "1: 'x.c' has no first folder to strip",
        ),
        (
            b"--- a/x\n+++ b/y\n@@ -1 +1 @@\n-a\n+b\n",
            "3: must name one file, not x and y",
        ),
        (
            b"--- /dev/null\n+++ /dev/null\n@@ -1 +1 @@\n-a\n+b\n",
            "3: must name one file, not none",
        ),
        (
            b'--- "a/\\303\\251"\n+++ "b/\\303\\251"\n@@ -1 +1 @@\n-a\n+b\n',
            '1: a quoted file name is not supported: "a/\\303\\251"',
        ),
        (
            b"--- a/../../etc/passwd\n+++ b/../../etc/passwd\n@@ -1 +1 @@\n-a\n+b\n",
            "1: 'a/../../etc/passwd' leads out of the source tree",
        ),
        (
            b"--- /etc/passwd\n+++ /etc/passwd\n@@ -1 +1 @@\n-a\n+b\n",
            "1: '/etc/passwd' leads out of the source tree",
        ),
        (
            b"diff --git a/empty b/empty\nnew file mode 100644\nindex 0..1\n",
            "4: a git header without lines to change: an empty file?",
        ),
    ],
)
def test_what_cannot_be_used(data: bytes, text: str) -> None:
    assert refusal(data) == text
