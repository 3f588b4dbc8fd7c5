from __future__ import annotations

import stat
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from libwheel.consumer.repair import wheel_file
from libwheel.errors import BuildError
from libwheel.wheel import Member
from wheel_files import INFO, make_wheel

TAG = "py3-none-linux_x86_64"
FILES = [Member("guest/ä b.py", b"x = 1\n"), Member("guest/tool", b"#!", executable=True)]


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    return make_wheel(tmp_path, FILES, tag=TAG)


Change = Callable[[dict[str, bytes]], Mapping[str, bytes]]


def rezip(wheel: Path, change: Change) -> Path:
    """Write the wheel's files again, changed; RECORD stays as it was."""
    with zipfile.ZipFile(wheel) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, content in change(files).items():
            archive.writestr(name, content)
    return wheel


def problem(wheel: Path) -> str:
    before = wheel.read_bytes()
    with pytest.raises(BuildError) as caught:
        wheel_file.read(wheel)
    assert str(wheel) in str(caught.value)
    assert wheel.read_bytes() == before
    return str(caught.value)


def test_a_sound_wheel(wheel: Path) -> None:
    found = wheel_file.read(wheel)
    assert (found.name, found.info, found.signatures) == (wheel.name, INFO, ())
    assert found.platforms == {"linux_x86_64"}
    assert found.members[:2] == tuple(FILES)
    assert found.described("METADATA").startswith(b"Metadata-Version: 2.1\nName: guest\n")
    assert all(member.name != f"{INFO}/RECORD" for member in found.members)


def test_signatures_are_set_apart(wheel: Path) -> None:
    names = {f"{INFO}/RECORD.jws", f"{INFO}/RECORD.p7s"}
    found = wheel_file.read(rezip(wheel, lambda files: {**files, **dict.fromkeys(names, b"")}))
    assert set(found.signatures) == names
    assert not names & {member.name for member in found.members}


def test_folders_in_the_archive_are_nothing(wheel: Path) -> None:
    found = wheel_file.read(rezip(wheel, lambda files: {"guest/": b"", **files}))
    assert len(found.members) == 4


@pytest.mark.parametrize("size", [0, 10, 200, -30])
def test_no_whole_archive(wheel: Path, size: int) -> None:
    wheel.write_bytes(wheel.read_bytes()[:size])
    assert "the archive is damaged" in problem(wheel)


def test_damaged_bytes(wheel: Path) -> None:
    rezip(wheel, lambda files: {**files, "guest/stored": b"as it was"})
    wheel.write_bytes(wheel.read_bytes().replace(b"as it was", b"as it is!"))
    assert "the archive is damaged: Bad CRC-32" in problem(wheel)


def test_what_is_no_wheel(tmp_path: Path) -> None:
    for name in ("guest.whl", "guest-1.0.tar.gz"):
        (tmp_path / name).write_text("")
        assert "this is no wheel's name" in problem_of(tmp_path / name)
    gone = tmp_path / f"guest-1.0-{TAG}.whl"
    assert f"{gone} is not there" in problem_of(gone)
    gone.mkdir()
    assert f"{gone} cannot be read: Is a directory" in problem_of(gone)


def test_whether_it_is_there_comes_before_its_name(tmp_path: Path) -> None:
    for name in ("guest", "*.whl"):
        assert problem_of(tmp_path / name) == f"{tmp_path / name} is not there"
    assert problem_of(tmp_path) == f"{tmp_path} cannot be read: Is a directory"


def test_a_wheel_that_cannot_be_opened_is_not_called_damaged(tmp_path: Path) -> None:
    wheel = tmp_path / f"guest-1.0-{TAG}.whl"
    wheel.symlink_to(wheel)
    assert problem_of(wheel) == f"{wheel} cannot be read: Too many levels of symbolic links"


def problem_of(path: Path) -> str:
    with pytest.raises(BuildError) as caught:
        wheel_file.read(path)
    return str(caught.value)


def without(*names: str) -> Change:
    return lambda files: {n: c for n, c in files.items() if n not in names}


def test_dist_info(wheel: Path) -> None:
    assert f"there is no {INFO}/WHEEL" in problem(rezip(wheel, without(f"{INFO}/WHEEL")))
    assert f"there is no {INFO}/RECORD" in problem(rezip(wheel, without(f"{INFO}/RECORD")))


def test_no_dist_info_and_two(wheel: Path) -> None:
    two = rezip(wheel, lambda files: {**files, "other-1.dist-info/METADATA": b""})
    assert "this has 2: guest-1.0.dist-info, other-1.dist-info" in problem(two)
    none = rezip(wheel, lambda files: {n: c for n, c in files.items() if ".dist-info" not in n})
    assert "a wheel has one .dist-info folder, this has 0" in problem(none)


@pytest.mark.parametrize("name", ["guest-1.1", "ghost-1.0"])
def test_another_ones_dist_info(wheel: Path, name: str) -> None:
    renamed = wheel.rename(wheel.with_name(f"{name}-{TAG}.whl"))
    named = name.replace("-", " ")
    assert f"is named {named}, and holds {INFO}" in problem(renamed)


def test_a_name_that_is_spelled_otherwise(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, FILES, tag=TAG)
    renamed = wheel.rename(wheel.with_name(f"Guest-1.0.0-{TAG}.whl"))
    assert wheel_file.read(renamed).info == INFO


def test_record_and_files_that_do_not_agree_are_told_together(wheel: Path) -> None:
    def change(files: dict[str, bytes]) -> Mapping[str, bytes]:
        del files["guest/tool"]
        return {**files, "guest/ä b.py": b"x = 2\n", "guest/more.py": b""}

    said = problem(rezip(wheel, change))
    assert "'guest/ä b.py' is not the file that RECORD has the hash of" in said
    assert "'guest/more.py' is not in RECORD" in said
    assert "'guest/tool' is in RECORD only" in said


@pytest.mark.parametrize(
    "recorded", ["", "md5=1B2M2Y8AsgTpgAmY7PhCfg", "sha256=x", "sha256=!", "shake_128=x", "wrong"]
)
def test_hashes_that_prove_nothing(wheel: Path, recorded: str) -> None:
    def change(files: dict[str, bytes]) -> Mapping[str, bytes]:
        rows = files[f"{INFO}/RECORD"].decode() + f"guest/empty.py,{recorded},0\n"
        return {**files, "guest/empty.py": b"", f"{INFO}/RECORD": rows.encode()}

    assert "'guest/empty.py' is not the file" in problem(rezip(wheel, change))


def test_a_record_that_is_no_text(wheel: Path) -> None:
    broken = rezip(wheel, lambda files: {**files, f"{INFO}/RECORD": b"\xff\xfe"})
    assert "its RECORD cannot be read" in problem(broken)


@pytest.mark.parametrize("name", ["../evil", "a/../../evil", "/etc/evil", "a\\evil", "c:/evil"])
def test_names_that_lead_out(wheel: Path, name: str) -> None:
    broken = rezip(wheel, lambda files: {**files, name: b""})
    assert f"{name!r} would be installed outside the environment" in problem(broken)


@pytest.mark.parametrize("name", ["a\nerror: b", "a\x1b[2Kb", "a\x7f", "a\x9b2Kb"])
def test_names_with_control_characters(wheel: Path, name: str) -> None:
    said = problem(rezip(wheel, lambda files: {**files, name: b""}))
    assert f"{name!r} is a name with control characters" in said
    assert name not in said


def test_control_characters_in_record_are_not_printed(wheel: Path) -> None:
    def change(files: dict[str, bytes]) -> Mapping[str, bytes]:
        return {**files, f"{INFO}/RECORD": files[f"{INFO}/RECORD"] + b"a\x1bb,,\n"}

    assert r"'a\x1bb' is in RECORD only" in problem(rezip(wheel, change))


def test_links_and_doubles(wheel: Path) -> None:
    link = zipfile.ZipInfo("guest/link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr(link, b"tool")
    assert "'guest/link' is a link" in problem(wheel)
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr("guest/tool", b"")
    assert "'guest/tool' is in it 2 times" in problem(wheel)


def test_an_encrypted_member(wheel: Path) -> None:
    data = bytearray(wheel.read_bytes())
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    wheel.write_bytes(data)
    assert "the archive is damaged: File" in problem(wheel)
