from __future__ import annotations

from pathlib import Path

import pytest

from libwheel import cli
from libwheel.wheel import Member
from wheel_files import make_wheel


def test_what_needs_nothing_is_said_and_copied(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wheel = make_wheel(tmp_path, [Member("guest.py", b"")], tag="py3-none-any")
    assert cli.main(["repair", "-o", str(tmp_path / "out"), str(wheel)]) == 0
    said = capsys.readouterr()
    assert said.out == f"{tmp_path / 'out' / wheel.name}\n"
    assert said.err == (f"* repair {wheel.name}\n  needs no library wheel: nothing to repair\n")
    assert (tmp_path / "out" / wheel.name).read_bytes() == wheel.read_bytes()


def test_check_says_it_on_standard_output(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wheel = make_wheel(tmp_path, [Member("guest.py", b"")], tag="py3-none-any")
    assert cli.main(["repair", "--check", str(wheel)]) == 0
    said = capsys.readouterr().out
    assert said == f"{wheel}: needs no library wheel: nothing to repair\n"


def test_every_error_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wheel = make_wheel(tmp_path, [], tag="py3-none-any")
    names = ("one.whl", "two-1-py3-none-any.whl")
    (tmp_path / names[0]).write_text("")
    paths = [str(tmp_path / name) for name in names]
    assert cli.main(["repair", "-o", str(tmp_path / "out"), paths[0], str(wheel), paths[1]]) == 1
    said = capsys.readouterr()
    assert "one.whl: this is no wheel's name" in said.err
    assert "two-1-py3-none-any.whl is not there" in said.err
    assert said.out == f"{tmp_path / 'out' / wheel.name}\n"


def test_two_wheels_with_one_result(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = (
        make_wheel(tmp_path / name, [Member(f"{name}.py", b"")], tag="py3-none-any")
        for name in ("first", "second")
    )
    assert cli.main(["repair", "-o", str(tmp_path / "out"), str(first), str(second)]) == 1
    said = capsys.readouterr()
    assert said.out == f"{tmp_path / 'out' / first.name}\n"
    assert f"{second}: its result would replace that of {first}" in said.err
    assert (tmp_path / "out" / first.name).read_bytes() == first.read_bytes()
    assert cli.main(["repair", "--check", str(first), str(second)]) == 0


def test_the_outdir_is_tested_before_the_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    command = ["repair", "-o", str(tmp_path / "file" / "out"), str(tmp_path / "gone.whl")]
    with pytest.raises(SystemExit):
        cli.main(command)
    said = capsys.readouterr().err
    assert "file/out: a part of the path is no folder" in said
    assert "gone.whl" not in said
    assert cli.main([*command, "--check"]) == 1
    assert "gone.whl is not there" in capsys.readouterr().err


def test_no_cache_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "LIBWHEEL_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    wheel = make_wheel(tmp_path, [Member("guest.py", b"")], tag="py3-none-any")
    assert cli.main(["repair", "-o", str(tmp_path / "out"), str(wheel)]) == 0


def test_the_help_teaches_the_one_thing_to_know(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["repair", "--help"])
    assert "the same versions of the library wheels are installed" in capsys.readouterr().out
