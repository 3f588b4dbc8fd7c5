from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from libwheel.errors import BuildError
from libwheel.source import cache
from unit.source.making import on_small_disk, quiet, said, sha256

DATA = b"an archive"
HASH = sha256(DATA)


def filler(calls: list[Path]) -> Callable[[Path], None]:
    def fill(part: Path) -> None:
        calls.append(part)
        part.write_bytes(DATA)

    return fill


def untouched(_: Path) -> None:
    raise AssertionError


def test_an_archive_is_filled_in_once(tmp_path: Path) -> None:
    path = cache.obtain(tmp_path, HASH, "a.tar.gz", filler([]), quiet())
    assert path == tmp_path / "archives" / HASH[:2] / HASH
    assert path.read_bytes() == DATA
    again = cache.obtain(tmp_path, HASH, "a.tar.gz", untouched, quiet())
    assert again == path


def test_a_corrupted_entry_is_reported_and_fetched_again(tmp_path: Path) -> None:
    entry = cache.entry(tmp_path, HASH)
    entry.parent.mkdir(parents=True)
    entry.write_bytes(b"an archivf")
    console = quiet()
    path = cache.obtain(tmp_path, HASH, "a.tar.gz", filler([]), console)
    assert path.read_bytes() == DATA
    expected = f"warning: {entry} is corrupted; it is deleted, and a.tar.gz fetched again\n"
    assert said(console) == expected


def test_a_failure_leaves_no_entry(tmp_path: Path) -> None:
    def fill(part: Path) -> None:
        part.write_bytes(DATA[:3])
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache.obtain(tmp_path, HASH, "a.tar.gz", fill, quiet())
    assert not cache.entry(tmp_path, HASH).exists()


def test_a_cache_that_cannot_be_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BuildError) as caught:
        cache.obtain(tmp_path / "file", HASH, "a.tar.gz", untouched, quiet())
    assert str(caught.value) == (
        f"cannot write to {tmp_path / 'file' / 'archives' / HASH[:2]}: a part of the path is no "
        "folder; LIBWHEEL_CACHE names another folder for the cache"
    )


STORE = """
import sys
from pathlib import Path
from libwheel.console import Console
from libwheel.errors import BuildError
from libwheel.source import cache

def fill(part):
    part.write_bytes(bytes(1 << 20))

try:
    cache.obtain(Path(sys.argv[1]), "ab" * 32, "a.tar.gz", fill, Console())
except BuildError as error:
    print("BuildError:", error)
"""


def test_a_full_disk_is_named_with_its_free_space(tmp_path: Path) -> None:
    said = on_small_disk("size=256k", tmp_path, STORE)
    folder = tmp_path / "archives" / "ab"
    assert said == (
        f"BuildError: cannot write to {folder}: the disk is full (0.0 MB free); "
        "LIBWHEEL_CACHE names another folder for the cache\n"
    )


def test_a_read_only_cache_is_named(tmp_path: Path) -> None:
    said = on_small_disk("ro", tmp_path, STORE)
    assert said == (
        f"BuildError: cannot write to {tmp_path / 'archives' / 'ab'}: it is read-only; "
        "LIBWHEEL_CACHE names another folder for the cache\n"
    )


def test_what_is_there_is_served_without_writing(tmp_path: Path) -> None:
    path = cache.obtain(tmp_path, HASH, "a.tar.gz", filler([]), quiet())
    path.with_suffix(".lock").unlink()
    cache.obtain(tmp_path, HASH, "a.tar.gz", untouched, quiet())
    assert list(path.parent.iterdir()) == [path]
