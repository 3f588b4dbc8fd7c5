from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from libwheel.errors import BuildError, RecipeError
from libwheel.recipe import Archive
from libwheel.source import unpack
from libwheel.source.fetch import Fetched
from unit.source.making import folder, link, listing, member, on_small_disk, sha256, tar, zipped

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PLAIN = tar(
    [
        folder("lib-1.0"),
        member("lib-1.0/configure", b"#!/bin/sh\n", mode=0o4775, mtime=1_700_000_001.5),
        member("lib-1.0/src/a.c", b"int a;\n", mode=0o600, mtime=1_700_000_002),
        link("lib-1.0/src/b.c", "../src/a.c"),
        member("lib-1.0/src/c.c", kind=tarfile.LNKTYPE, linkname="lib-1.0/src/a.c"),
    ]
)
TREE = ["configure", "src/", "src/a.c", "src/b.c", "src/c.c"]


def fetched(tmp_path: Path, data: bytes, into: str = ".", only: tuple[str, ...] = ()) -> Fetched:
    path = tmp_path / "0123abcd"  # a name in the cache says nothing
    path.write_bytes(data)
    archive = Archive(sha256=sha256(data), urls=("https://x/lib-1.0.tar.gz",), into=into, only=only)
    return Fetched(archive, path)


def unpacked(tmp_path: Path, data: bytes, into: str = ".", only: tuple[str, ...] = ()) -> list[str]:
    unpack.unpack(fetched(tmp_path, data, into, only), tmp_path / "tree")
    return listing(tmp_path / "tree")


def refusal(tmp_path: Path, data: bytes) -> str:
    with pytest.raises(BuildError) as caught:
        unpacked(tmp_path, data)
    assert listing(tmp_path / "tree") == []
    return str(caught.value)


def dangers(tmp_path: Path, *members: tuple[tarfile.TarInfo, bytes]) -> list[str]:
    good = member("top/good.c", b"int good;\n")
    title, *lines = refusal(tmp_path, gzip.compress(tar([good, *members]))).splitlines()
    assert title == "lib-1.0.tar.gz is not safe to unpack; nothing of it was:"
    return [line.strip() for line in lines]


@pytest.mark.parametrize(
    "compress", [bytes, gzip.compress, bz2.compress, lzma.compress, zstd.compress]
)
def test_every_compression(tmp_path: Path, compress: Callable[[bytes], bytes]) -> None:
    assert unpacked(tmp_path, compress(PLAIN)) == TREE


def test_modes_and_times_and_links(tmp_path: Path) -> None:
    unpacked(tmp_path, PLAIN)
    tree = tmp_path / "tree"
    stats = {name.rstrip("/"): (tree / name).lstat() for name in TREE}
    modes = {name: oct(stat.st_mode) for name, stat in stats.items()}
    assert modes == {
        "configure": "0o100755",
        "src": "0o40755",
        "src/a.c": "0o100644",
        "src/b.c": "0o120777",
        "src/c.c": "0o100644",
    }
    assert stats["configure"].st_mtime == 1_700_000_001.5
    assert stats["src/a.c"].st_mtime == stats["src/c.c"].st_mtime == 1_700_000_002
    assert stats["src/c.c"].st_ino != stats["src/a.c"].st_ino
    assert (tree / "src/b.c").readlink() == Path("../src/a.c")
    assert (tree / "src/c.c").read_bytes() == b"int a;\n"


def test_impossible_times_are_bounded(tmp_path: Path) -> None:
    data = tar([member("top/old", mtime=-5), member("top/new", mtime=8**30)])
    assert unpacked(tmp_path, data) == ["new", "old"]
    assert (tmp_path / "tree" / "old").stat().st_mtime == 0


def test_a_time_that_is_no_number(tmp_path: Path) -> None:
    data = tar([member("t/a", pax_headers={"mtime": "nan"}), member("t/b")])
    unpacked(tmp_path, data)
    assert (tmp_path / "tree" / "a").stat().st_mtime == 0


def test_a_zip_with_months_that_no_year_has(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for month in (0, 15):
            archive.writestr(zipfile.ZipInfo(f"t/{month}", (2024, month, 1, 0, 0, 0)), b"")
    unpacked(tmp_path, stream.getvalue())
    times = {path.name: path.stat().st_mtime for path in (tmp_path / "tree").iterdir()}
    assert times == {"0": 1_704_067_200, "15": 1_733_011_200}


def test_a_zip(tmp_path: Path) -> None:
    files = {"lib-1.0/": b"", "lib-1.0/run": b"#!\n", "lib-1.0/a/b.c": b"x", "lib-1.0/l": b"a/b.c"}
    data = zipped(files, {"lib-1.0/run": 0o100755, "lib-1.0/l": 0o120777, "lib-1.0/": 0o40755})
    assert unpacked(tmp_path, data) == ["a/", "a/b.c", "l", "run"]
    tree = tmp_path / "tree"
    assert os.access(tree / "run", os.X_OK)
    assert (tree / "l").readlink() == Path("a/b.c")
    assert (tree / "a/b.c").stat().st_mtime == 1_714_979_290  # 2024-05-06 07:08:10 UTC


def test_several_top_folders_stay(tmp_path: Path) -> None:
    data = tar([member("./a/x"), member("./b/x"), folder("./")])
    assert unpacked(tmp_path, data) == ["a/", "a/x", "b/", "b/x"]


def test_a_file_alone_stays(tmp_path: Path) -> None:
    assert unpacked(tmp_path, tar([member("sqlite3.c")])) == ["sqlite3.c"]


def test_parts_go_into_their_places(tmp_path: Path) -> None:
    unpacked(tmp_path, PLAIN)
    assert unpacked(tmp_path, tar([member("z/zlib.h")]), into="ext/zlib") == [
        *TREE[:1],
        "ext/",
        "ext/zlib/",
        "ext/zlib/zlib.h",
        *TREE[1:],
    ]


def test_folders_of_two_archives_are_merged(tmp_path: Path) -> None:
    unpacked(tmp_path, PLAIN)
    assert "src/more.c" in unpacked(tmp_path, tar([member("x/src/more.c"), member("x/y")]))


def test_a_part_does_not_overwrite_another(tmp_path: Path) -> None:
    unpacked(tmp_path, PLAIN)
    with pytest.raises(BuildError) as caught:
        unpacked(tmp_path, tar([member("x/src/a.c"), member("x/src/new.c"), folder("x/src/b.c")]))
    assert str(caught.value) == (
        f"lib-1.0.tar.gz cannot be unpacked into {tmp_path}/tree: 2 files are there already: "
        "'src/a.c', 'src/b.c'"
    )
    assert listing(tmp_path / "tree") == TREE


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (1, "1 file is there already: '0'"),
        (5, "5 files are there already: '0', '1', '2', '3', '4'"),
        (6, "6 files are there already, among them '0', '1', '2', '3', '4'"),
    ],
)
def test_of_many_files_that_are_there_a_few_are_named(
    tmp_path: Path, count: int, said: str
) -> None:
    data = tar([member(f"t/{number}") for number in range(count)])
    unpacked(tmp_path, data, into="zlib")
    with pytest.raises(BuildError) as caught:
        unpacked(tmp_path, data, into="zlib")
    head = f"lib-1.0.tar.gz cannot be unpacked into {tmp_path}/tree/zlib: "
    assert str(caught.value) == head + said


def test_a_place_behind_a_link_that_leads_out(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "zlib").symlink_to(tmp_path)
    with pytest.raises(BuildError, match="zlib leads out of the source tree"):
        unpacked(tmp_path, PLAIN, into="zlib")


def test_only_some_folders(tmp_path: Path) -> None:
    data = tar([member("t/a/x"), member("t/a/y/z"), member("t/ab"), member("t/b/c"), member("t/d")])
    assert unpacked(tmp_path, data, only=("a", "b/c")) == [
        "a/",
        "a/x",
        "a/y/",
        "a/y/z",
        "b/",
        "b/c",
    ]


def test_only_what_is_there(tmp_path: Path) -> None:
    with pytest.raises(RecipeError) as caught:
        unpacked(tmp_path, PLAIN, only=("srcs", "configure", "docs/x"))
    assert str(caught.value).splitlines() == [
        "lib-1.0.tar.gz: only: 'srcs' is not in the archive (did you mean 'src'?)",
        "lib-1.0.tar.gz: only: 'docs/x' is not in the archive",
    ]


def test_what_is_not_chosen_may_be_odd(tmp_path: Path) -> None:
    data = tar([member("t/src/a"), link("t/test/fixture", "/etc/passwd")])
    assert unpacked(tmp_path, data, only=("src",)) == ["src/", "src/a"]


def test_a_hard_link_to_what_is_not_chosen(tmp_path: Path) -> None:
    data = tar([member("t/x/a", b"1"), member("t/y/b", kind=tarfile.LNKTYPE, linkname="t/x/a")])
    assert unpacked(tmp_path, data, only=("y",)) == ["y/", "y/b"]
    assert (tmp_path / "tree/y/b").read_bytes() == b"1"


def test_of_two_files_with_one_name_the_last_counts(tmp_path: Path) -> None:
    unpacked(tmp_path, tar([member("t/a", b"1"), member("t/a", b"2"), member("t/b")]))
    assert (tmp_path / "tree" / "a").read_bytes() == b"2"


def test_names_that_leave(tmp_path: Path) -> None:
    found = dangers(
        tmp_path,
        member("../evil"),
        member("top/../../evil"),
        member("/etc/cron.d/evil"),
        folder("top/.."),
    )
    assert found == [
        "'../evil' leads out of the tree",
        "'top/../../evil' leads out of the tree",
        "'/etc/cron.d/evil' is an absolute path",
        "'top/..' leads out of the tree",
    ]
    assert not (tmp_path / "evil").exists()


def test_links_that_leave(tmp_path: Path) -> None:
    found = dangers(
        tmp_path,
        link("top/passwd", "/etc/passwd"),
        link("top/up", ".."),
        link("top/sub/up", "../../x"),
        link("top/here", "sub"),
        link("top/two", "here/../../x"),
        link("top/three", "sub/deep/../../../x"),
        link("top/sub/deep", "."),
        link("top/fine", "sub/deep/../good.c"),
        link("top/loop", "loop"),
    )
    assert found == [
        "'top/passwd' is a link out of the tree, to '/etc/passwd'",
        "'top/up' is a link out of the tree, to '..'",
        "'top/sub/up' is a link out of the tree, to '../../x'",
        "'top/two' is a link out of the tree, to 'here/../../x'",
        "'top/three' is a link out of the tree, to 'sub/deep/../../../x'",
    ]


def test_links_to_a_link_that_leaves(tmp_path: Path) -> None:
    found = dangers(tmp_path, link("top/a", "b/x"), link("top/b", "c"), link("top/c", "../.."))
    assert found == [
        "'top/a' is a link out of the tree, to 'b/x'",
        "'top/b' is a link out of the tree, to 'c'",
        "'top/c' is a link out of the tree, to '../..'",
    ]


def test_entries_that_go_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    found = dangers(
        tmp_path,
        member("top/dir/x"),
        link("top/dir", "../../outside"),
        member("top/dir/evil", b"!"),
        link("top/file", "good.c"),
        member("top/file", b"!"),
        member("top/good.c/below"),
    )
    assert found == [
        "'top/file' is there twice: a link and a file",
        "'top/dir/x' goes through 'top/dir', which is a link",
        "'top/dir' is a link out of the tree, to '../../outside'",
        "'top/dir/evil' goes through 'top/dir', which is a link",
        "'top/good.c/below' goes through 'top/good.c', which is a file",
    ]
    assert listing(tmp_path / "outside") == []


def test_a_link_that_is_there_twice(tmp_path: Path) -> None:
    found = dangers(tmp_path, link("top/a", "x"), link("top/a", "y"))
    assert found == ["'top/a' is there twice: a link to 'x', then another"]


def test_hard_links_that_leave(tmp_path: Path) -> None:
    found = dangers(
        tmp_path,
        member("top/a", kind=tarfile.LNKTYPE, linkname="/etc/passwd"),
        member("top/b", kind=tarfile.LNKTYPE, linkname="../../evil"),
        link("top/c", "good.c"),
        member("top/d", kind=tarfile.LNKTYPE, linkname="top/c"),
    )
    assert found == [
        "'top/a' is a hard link to '/etc/passwd', no file of this archive",
        "'top/b' is a hard link to '../../evil', no file of this archive",
        "'top/d' is a hard link to 'top/c', no file of this archive",
    ]


def test_what_is_no_file(tmp_path: Path) -> None:
    found = dangers(
        tmp_path,
        member("top/null", kind=tarfile.CHRTYPE),
        member("top/disk", kind=tarfile.BLKTYPE),
        member("top/pipe", kind=tarfile.FIFOTYPE),
    )
    assert found == [
        "'top/null' is a device",
        "'top/disk' is a device",
        "'top/pipe' is a fifo",
    ]


def test_a_zip_that_leaves(tmp_path: Path) -> None:
    message = refusal(tmp_path, zipped({"a/../../evil": b"", "/abs": b"", "a/good": b""}))
    assert message.splitlines()[1:] == [
        "  'a/../../evil' leads out of the tree",
        "  '/abs' is an absolute path",
    ]


@pytest.mark.parametrize("data", [b"<!DOCTYPE html><title>Not found</title>" * 30, b"", b"PK?"])
def test_what_is_no_archive(tmp_path: Path, data: bytes) -> None:
    assert refusal(tmp_path, data) == (
        "lib-1.0.tar.gz is not an archive of a kind that is known: "
        "tar, tar.gz, tar.bz2, tar.xz, tar.zst and zip"
    )


@pytest.mark.parametrize(
    "compress", [bytes, gzip.compress, bz2.compress, lzma.compress, zstd.compress]
)
def test_an_archive_that_is_cut_off(tmp_path: Path, compress: Callable[[bytes], bytes]) -> None:
    data = compress(tar([member("t/a", os.urandom(50_000)), member("t/b")]))
    message = refusal(tmp_path, data[:40_000])
    assert message.startswith("lib-1.0.tar.gz is damaged or cut off: ")


@pytest.mark.parametrize("compress", [gzip.compress, lzma.compress, zstd.compress])
def test_a_damaged_archive(tmp_path: Path, compress: Callable[[bytes], bytes]) -> None:
    data = bytearray(compress(tar([member("t/a", os.urandom(50_000))])))
    data[20_000:20_100] = bytes(100)
    data[-30:-4] = bytes(26)
    assert refusal(tmp_path, bytes(data)).startswith("lib-1.0.tar.gz is damaged or cut off: ")


def test_a_tar_with_a_damaged_header(tmp_path: Path) -> None:
    data = bytearray(tar([member("t/a", b"1"), member("t/b", b"2"), member("t/c", b"3")]))
    data[1024:1100] = b"?" * 76
    assert refusal(tmp_path, bytes(data)) == (
        "lib-1.0.tar.gz is damaged or cut off: no header at byte 1024"
    )


def test_a_damaged_zip(tmp_path: Path) -> None:
    data = zipped({"t/a": os.urandom(50_000)})
    message = refusal(tmp_path, data[:20_000] + bytes(100) + data[20_100:])
    assert message == "lib-1.0.tar.gz is damaged: 't/a' has a wrong checksum"
    assert refusal(tmp_path, data[:20_000]) == (
        "lib-1.0.tar.gz is damaged or cut off: File is not a zip file"
    )


def test_zstd_is_asked_for_where_it_is_needed() -> None:
    assert unpack.requirements(["a.tar.gz", "b.zip"]) == []
    assert unpack.requirements(["a.tar.gz", "b.tar.zst"]) == [
        "backports.zstd; python_version < '3.14'"
    ]


def test_zstd_is_missed_clearly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("backports", "backports.zstd", "compression", "compression.zstd"):
        monkeypatch.setitem(sys.modules, name, None)
    assert refusal(tmp_path, zstd.compress(PLAIN)) == (
        "a .zst archive needs Python 3.14 or the package backports.zstd: pip install backports.zstd"
    )


def test_a_local_folder(tmp_path: Path) -> None:
    local = tmp_path / "local"
    (local / ".git").mkdir(parents=True)
    (local / "src").mkdir()
    (local / "src" / "a.c").write_text("int a;\n")
    os.utime(local / "src" / "a.c", (5, 5))
    (local / "link").symlink_to("/nowhere")
    (local / "configure").touch(0o755)
    tree = local / "work" / "source"
    tree.mkdir(parents=True)
    (tmp_path / "alias").symlink_to(local)
    unpack.take_local(tmp_path / "alias", tree)
    assert listing(tree) == ["configure", "link", "src/", "src/a.c", "work/"]
    assert (tree / "src" / "a.c").stat().st_mtime == 5
    assert os.access(tree / "configure", os.X_OK)


def test_a_local_folder_that_cannot_be_copied(tmp_path: Path) -> None:
    (tmp_path / "local").mkdir()
    os.mkfifo(tmp_path / "local" / "pipe")
    with pytest.raises(BuildError) as caught:
        unpack.take_local(tmp_path / "local", tmp_path / "tree")
    assert str(caught.value).splitlines() == [
        f"cannot copy {tmp_path}/local:",
        f"  {tmp_path}/local/pipe: `{tmp_path}/local/pipe` is a named pipe",
    ]


def test_a_local_archive(tmp_path: Path) -> None:
    (tmp_path / "mine.tar.gz").write_bytes(gzip.compress(PLAIN))
    unpack.take_local(tmp_path / "mine.tar.gz", tmp_path / "tree")
    assert listing(tmp_path / "tree") == TREE


def test_a_local_file_that_is_no_archive(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(BuildError, match=r"notes.txt is not an archive of a kind that is known"):
        unpack.take_local(tmp_path / "notes.txt", tmp_path / "tree")


UNPACK = """
import sys
from pathlib import Path
from libwheel.errors import BuildError
from libwheel.source.unpack import take_local
try:
    take_local(Path(sys.argv[1] + ".tar.gz"), Path(sys.argv[1]))
except BuildError as error:
    print("BuildError:", error)
"""


def test_a_full_disk_is_named_with_its_free_space(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    (tmp_path / "disk.tar.gz").write_bytes(gzip.compress(tar([member("t/a", bytes(1 << 20))])))
    said = on_small_disk("size=256k", disk, UNPACK)
    assert said == f"BuildError: cannot write to {disk}: the disk is full (0.0 MB free)\n"
