from __future__ import annotations

from pathlib import Path

from libwheel.consumer.doctor import packages
from libwheel.consumer.doctor.packages import Recorded
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
    for name, content in (("one", b"a,b\n"), ("two", b"\xff\xfe,,\n"), ("three", b'"' * 3)):
        (tmp_path / f"{name}-1.dist-info").mkdir()
        (tmp_path / f"{name}-1.dist-info" / "RECORD").write_bytes(content)
    found = {one.name: one for one in packages.installed([tmp_path])}
    assert found["one"].problem == "RECORD has lines that are not path, hash and size"
    assert "RECORD cannot be read" in found["two"].problem
    assert found["three"].problem
    assert not any(one.files for one in found.values())
