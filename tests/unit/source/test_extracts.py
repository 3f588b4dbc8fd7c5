from __future__ import annotations

import lzma
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from libwheel.errors import BuildError, RecipeError
from libwheel.recipe import Archive
from libwheel.source import cache, extracts, unpack
from libwheel.source.fetch import Fetched
from unit.source.making import (
    folder,
    link,
    listing,
    member,
    on_small_disk,
    python,
    quiet,
    said,
    sha256,
    tar,
)

WHOLE = lzma.compress(
    tar(
        [
            folder("llvm-1.0"),
            member("llvm-1.0/README", b"read me\n"),
            folder("llvm-1.0/omp"),
            folder("llvm-1.0/omp/empty"),
            member("llvm-1.0/omp/build", b"#!/bin/sh\n", mode=0o755, mtime=1_700_000_001.5),
            link("llvm-1.0/omp/link", "build"),
            member("llvm-1.0/omp/hard", kind=tarfile.LNKTYPE, linkname="llvm-1.0/README"),
            member("llvm-1.0/cmake/\u00e9", b"1"),
            member("llvm-1.0/cmake/\u00e9", b"2"),
            member("llvm-1.0/clang/big.c", bytes(1 << 20)),
        ]
    )
)


class Places:
    """Gives the whole archive, and counts how often it was asked."""

    def __init__(self, data: bytes = WHOLE) -> None:
        self.data, self.asked = data, 0

    def fill(self, part: Path) -> None:
        self.asked += 1
        part.write_bytes(self.data)


def archive(*only: str, data: bytes = WHOLE) -> Archive:
    return Archive(sha256=sha256(data), urls=("https://x/llvm-1.0.tar.xz",), only=only)


def tree_of(wanted: Archive, path: Path, goal: Path) -> list[str]:
    unpack.unpack(Fetched(wanted, path), goal)
    return listing(goal)


def files(folder: Path) -> Iterator[str]:
    return (str(p.relative_to(folder)) for p in sorted(folder.rglob("*")) if p.is_file())


def test_what_is_chosen_alone_is_kept(tmp_path: Path) -> None:
    wanted, places, console = archive("omp", "cmake"), Places(), quiet()
    path = extracts.obtain(tmp_path, wanted, places.fill, console)
    lock = f"archives/{wanted.sha256[:2]}/{wanted.sha256}.lock"
    assert list(files(tmp_path)) == [lock, str(path.relative_to(tmp_path))]
    assert path.parent == tmp_path / "extracts" / wanted.sha256[:2]
    assert path.name.startswith(f"{wanted.sha256}-")
    assert said(console).splitlines() == [
        "  looking for omp and cmake in the 1 kB of llvm-1.0.tar.xz",
        "  the 1 kB that is needed is kept",
    ]
    console = quiet()
    assert extracts.obtain(tmp_path, wanted, places.fill, console) == path
    assert (places.asked, said(console)) == (1, "")


def test_it_unpacks_as_the_whole_does(tmp_path: Path) -> None:
    wanted, whole = archive("omp", "cmake"), tmp_path / "whole"
    whole.write_bytes(WHOLE)
    path = extracts.obtain(tmp_path / "cache", wanted, Places().fill, quiet())
    one, other = tmp_path / "one", tmp_path / "other"
    names = tree_of(wanted, whole, one)
    assert tree_of(wanted, path, other) == names
    assert names == [
        *("cmake/", "cmake/\u00e9", "omp/", "omp/build", "omp/empty/", "omp/hard", "omp/link")
    ]
    for name in ("cmake/\u00e9", "omp/build", "omp/hard"):
        first, second = one / name, other / name
        assert first.read_bytes() == second.read_bytes()
        assert first.stat().st_mode == second.stat().st_mode
    assert (other / "omp" / "build").stat().st_mtime == 1_700_000_001.5
    assert (other / "omp" / "link").readlink() == Path("build")
    assert (other / "omp" / "hard").read_bytes() == b"read me\n"


@pytest.mark.parametrize("only", [("omp",), ("omp/build",), ("README",), ("*",)])
def test_one_folder_or_file_alone_is_not_stripped(tmp_path: Path, only: tuple[str, ...]) -> None:
    wanted, whole = archive(*only), tmp_path / "whole"
    whole.write_bytes(WHOLE)
    path = extracts.obtain(tmp_path / "cache", wanted, Places().fill, quiet())
    assert tree_of(wanted, path, tmp_path / "x") == tree_of(wanted, whole, tmp_path / "w")


def test_two_choices_stand_side_by_side_and_their_order_is_nothing(tmp_path: Path) -> None:
    places = Places()
    one, other = (
        extracts.obtain(tmp_path, archive(name), places.fill, quiet()) for name in ("omp", "cmake")
    )
    assert one != other
    assert places.asked == 2
    ordered = [extracts.entry(tmp_path, archive(*names)) for names in (("a", "b"), ("b", "a"))]
    assert ordered[0] == ordered[1]
    assert extracts.holds(tmp_path, archive("omp"))
    assert not extracts.holds(tmp_path, archive("omp", "cmake"))


def test_an_archive_that_is_in_the_cache_is_taken_and_stays(tmp_path: Path) -> None:
    wanted, places = archive("omp"), Places()
    whole = cache.obtain(tmp_path, wanted.sha256, "llvm", places.fill, quiet())
    extracts.obtain(tmp_path, wanted, places.fill, quiet())
    assert places.asked == 1
    assert whole.read_bytes() == WHOLE


@pytest.mark.parametrize("damage", ["changed", "cut off", "empty", "other"])
def test_a_damaged_extract_is_told_and_made_again(tmp_path: Path, damage: str) -> None:
    wanted, places, console = archive("omp", "cmake"), Places(), quiet()
    path = extracts.obtain(tmp_path, wanted, places.fill, quiet())
    good = path.read_bytes()
    middle = len(good) // 2
    path.write_bytes(
        {
            "changed": good[:middle] + bytes([good[middle] ^ 1]) + good[middle + 1 :],
            "cut off": good[:-1],
            "empty": b"",
            "other": b"something else",
        }[damage]
    )
    assert not extracts.holds(tmp_path, wanted)
    assert extracts.obtain(tmp_path, wanted, places.fill, console).read_bytes() == good
    assert places.asked == 2
    assert said(console).splitlines()[0] == (
        f"warning: {path} is corrupted; it is deleted, and made again from llvm-1.0.tar.xz"
    )


def test_dangers_stop_it_and_nothing_is_kept(tmp_path: Path) -> None:
    data = tar([member("t/omp/a"), link("t/omp/b", "../../../x"), member("../evil")])
    wanted = archive("omp", data=data)
    for text in ("'../evil' leads out of the tree", "not safe to unpack"):
        with pytest.raises(BuildError, match=text):
            extracts.obtain(tmp_path, wanted, Places(data).fill, quiet())
    assert not extracts.holds(tmp_path, wanted)
    data = tar([member("t/omp/a"), link("t/omp/b", "../../../x")])
    with pytest.raises(BuildError, match="'t/omp/b' is a link out of the tree"):
        extracts.obtain(tmp_path, archive("omp", data=data), Places(data).fill, quiet())


def test_after_a_mistake_in_only_the_archive_is_not_fetched_again(tmp_path: Path) -> None:
    places = Places()
    with pytest.raises(RecipeError) as caught:
        extracts.obtain(tmp_path, archive("opm"), places.fill, quiet())
    assert str(caught.value) == (
        "llvm-1.0.tar.xz: only: 'opm' is not in the archive (did you mean 'omp'?)"
    )
    extracts.obtain(tmp_path, archive("omp"), places.fill, quiet())
    assert places.asked == 1
    assert not list(tmp_path.rglob("*.part"))


EXTRACT = """
import sys
from pathlib import Path
from libwheel.console import Console
from libwheel.errors import BuildError
from libwheel.recipe import Archive
from libwheel.source import extracts

def fill(part):
    part.symlink_to(sys.argv[1] + ".tar.xz")

wanted = Archive(sha256="{sha256}", urls=("https://x/llvm-1.0.tar.xz",), only=("omp",))
try:
    extracts.obtain(Path(sys.argv[1]), wanted, fill, Console())
except BuildError as error:
    print("BuildError:", error)
"""


def test_a_full_disk_is_named(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    (tmp_path / "disk.tar.xz").write_bytes(WHOLE)
    text = on_small_disk("size=256k", disk, EXTRACT.format(sha256=sha256(WHOLE)))
    assert text.splitlines()[-1].startswith(
        f"BuildError: cannot write to {disk / 'extracts' / sha256(WHOLE)[:2]}: the disk is full"
    )
    assert text.endswith("LIBWHEEL_CACHE names another folder for the cache\n")


def test_while_one_build_makes_it_another_waits(tmp_path: Path) -> None:
    wanted = archive("omp")
    made = extracts.obtain(tmp_path / "elsewhere", wanted, Places().fill, quiet())
    goal = extracts.entry(tmp_path / "cache", wanted)
    goal.parent.mkdir(parents=True)
    with cache.alone(tmp_path / "cache", wanted.sha256, "llvm-1.0.tar.xz", quiet()):
        other = python(EXTRACT.format(sha256=wanted.sha256), str(tmp_path / "cache"))
        assert other.stdout
        assert other.stdout.readline() == (
            "  waiting for another build that fetches llvm-1.0.tar.xz\n"
        )
        goal.write_bytes(made.read_bytes())
    with other:
        assert other.communicate(timeout=20)[0] == ""  # it had nothing to fetch
