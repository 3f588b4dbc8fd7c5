from __future__ import annotations

import errno
import os
from collections.abc import Generator
from pathlib import Path, PosixPath

import pytest

from libwheel.consumer import packages
from libwheel.consumer.packages import Recorded
from unit.consumer.installed import SITE, digest, install


def test_reads_the_headers_and_not_the_body(tmp_path: Path) -> None:
    site = install(tmp_path, "My.Package", {}, version="1.2", requires=["hdf5>=1", "numpy"])
    [found] = packages.installed([site])
    assert (found.name, found.version, found.key) == ("My.Package", "1.2", "my-package")
    assert str(found) == "My.Package 1.2"
    assert found.requires == ("hdf5>=1", "numpy")
    assert found.site == site


def test_reads_record_with_a_comma_in_a_name(tmp_path: Path) -> None:
    site = install(tmp_path, "one", {f"{SITE}/one/a.txt": b"a"})
    with (site / "one-1.0.dist-info" / "RECORD").open("a") as stream:
        stream.write('"one/b,c.txt",,\n\n')
    [found] = packages.installed([site])
    assert Recorded("one/a.txt", digest(b"a")) in found.files
    assert Recorded("one/b,c.txt", "") in found.files
    assert found.problem == ""


def test_the_path_of_a_file_has_its_true_folder(tmp_path: Path) -> None:
    install(tmp_path / "true", "one", {"lib/libone.so": b"", f"{SITE}/one/a.txt": b"a"})
    (tmp_path / "linked").symlink_to(tmp_path / "true")
    [found] = packages.installed([tmp_path / "linked" / SITE])
    assert found.path("../../libone.so") == tmp_path / "true/lib/libone.so"


def test_the_first_of_a_name_hides_the_others(tmp_path: Path) -> None:
    first = install(tmp_path / "child", "my_one", {}, version="2")
    second = install(tmp_path / "base", "My.One", {}, version="1")
    assert [one.version for one in packages.installed([first, second])] == ["2"]


def test_without_metadata_the_folder_tells_the_name(tmp_path: Path) -> None:
    (tmp_path / "one-3.0.dist-info").mkdir()
    [found] = packages.installed([tmp_path])
    assert (str(found), found.files, found.problem) == ("one 3.0", (), "")


def test_a_record_that_is_none_is_told(tmp_path: Path) -> None:
    records = {"one": b"a,b\n", "two": b"\xff\xfe,,\n", "three": b'"' * 3, "four": b"a\0,,\n"}
    for name, content in records.items():
        (tmp_path / f"{name}-1.dist-info").mkdir()
        (tmp_path / f"{name}-1.dist-info" / "RECORD").write_bytes(content)
    found = {one.name: one for one in packages.installed([tmp_path])}
    assert found["one"].problem == "RECORD has lines that are not path, hash and size"
    assert "RECORD cannot be read" in found["two"].problem
    assert found["three"].problem
    assert found["four"].problem == "RECORD has lines that are not path, hash and size"
    assert not any(one.files for one in found.values())


def test_a_record_that_a_library_wheel_has_lost_is_told(tmp_path: Path) -> None:
    (tmp_path / "zlib_ng-1.dist-info").mkdir()
    (tmp_path / "zlib_ng_pywheel").mkdir()
    [found] = packages.installed([tmp_path])
    assert found.problem == "it has no RECORD"


@pytest.mark.parametrize(
    ("installer", "problem"),
    [("pip\n", "it has no RECORD"), ("uv", "it has no RECORD"), ("debian", ""), (None, "")],
)
def test_who_writes_a_record_is_held_to_it(
    tmp_path: Path, installer: str | None, problem: str
) -> None:
    info = tmp_path / "one-1.dist-info"
    info.mkdir()
    if installer:
        (info / "INSTALLER").write_text(installer)
    [found] = packages.installed([tmp_path])
    assert found.problem == problem


@pytest.mark.parametrize(
    ("line", "specifiers"),
    [
        ("HDF5.x >=2", [">=2"]),
        ("hdf5-x", [""]),
        ("hdf5-x >=2; sys_platform == 'linux'", [">=2"]),
        ("hdf5-x >=2; sys_platform == 'win32'", []),
        ("hdf5-x >=2; extra == 'test'", []),
        ("hdf5-x >=2; sys_platform ~= '1'", []),
        ("hdf5-x >=2; platform_release >= '20'", []),
        ("hdf5-x >=2; 'a' in extras", []),
        ("hdf5-x at all", []),
        ("hdf5", []),
        ("?", []),
    ],
)
def test_requirements(tmp_path: Path, line: str, specifiers: list[str]) -> None:
    [package] = packages.installed([install(tmp_path, "one", {}, requires=[line])])
    markers = {"sys_platform": "linux", "platform_release": "6.1.0-any+64"}
    found = package.requirements("hdf5-x", markers)
    assert [str(one.specifier) for one in found] == specifiers


class Hidden(PosixPath):
    """A folder that may not be entered, and what is in it."""

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        raise PermissionError(self, follow_symlinks)

    def iterdir(self) -> Generator[Hidden]:
        raise PermissionError(errno.EACCES, "Permission denied", str(self))

    def glob(self, pattern: str, **_: object) -> Generator[Hidden]:
        raise PermissionError(errno.EACCES, pattern, str(self))


def test_what_exists(tmp_path: Path) -> None:
    (tmp_path / "broken").symlink_to(tmp_path / "nowhere")
    assert packages.exists(tmp_path)
    assert packages.exists(Hidden(tmp_path))
    for name in ("nowhere", "broken", 300 * "x", "nul\0"):
        assert not packages.exists(tmp_path / name)


def test_a_folder_that_may_not_be_read_is_told(tmp_path: Path) -> None:
    hidden = Hidden(tmp_path)
    assert packages.installed([hidden]) == ()
    assert list(packages.unreadable([tmp_path, hidden])) == [(hidden, "Permission denied")]


@pytest.mark.parametrize("blank", [" \n", "         \n", "\t\n"])
def test_a_blank_line_that_continues_a_header_does_not_end_them(tmp_path: Path, blank: str) -> None:
    site = install(tmp_path, "one", {})
    (site / "one-1.0.dist-info" / "METADATA").write_text(
        f"Name: one\nVersion: 2\nLicense: first\n{blank}         second\n"
        "Requires-Dist: hdf5\n  >=1\nAuthor: Zoë\n\nRequires-Dist: body\n"
    )
    [found] = packages.installed([site])
    assert (found.version, found.requires) == ("2", ("hdf5 >=1",))


def test_what_an_earlier_folder_hides_is_known(tmp_path: Path) -> None:
    sites = [install(tmp_path / version, "one", {}, version=version) for version in "21"]
    found, hidden = packages.layered(sites)
    assert ([str(one) for one in found], [str(one) for one in hidden]) == (["one 2"], ["one 1"])


@pytest.mark.parametrize(
    ("text", "is_editable"),
    [
        ('{"url": "file:///x", "dir_info": {"editable": true}}', True),
        ('{"url": "file:///x", "dir_info": {}}', False),
        ('{"dir_info": {"editable": "yes"}}', False),
        ("[]", False),
        ("\\", False),
    ],
)
def test_editable_installs_are_told(tmp_path: Path, text: str, is_editable: bool) -> None:
    site = install(tmp_path, "one", {})
    (site / "one-1.0.dist-info" / "direct_url.json").write_text(text)
    [found] = packages.installed([site])
    assert found.is_editable is is_editable
