from __future__ import annotations

import sys
from pathlib import Path

import pytest

from libwheel import cli


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    """An environment with nothing in it: a link to this Python, and where packages would be."""
    root = tmp_path / "environment"
    (root / "bin").mkdir(parents=True)
    (root / "bin" / "python").symlink_to(sys.executable)
    (root / "pyvenv.cfg").write_text(
        f"home = {Path(sys.base_prefix) / 'bin'}\ninclude-system-site-packages = false\n"
    )
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    (root / "lib" / version / "site-packages").mkdir(parents=True)
    return root


def test_a_page_goes_where_a_link_leads(environment: Path, tmp_path: Path) -> None:
    page, link = tmp_path / "page.html", tmp_path / "link.html"
    link.symlink_to(page)
    assert cli.main(["doctor", "--python", str(environment), "--html", str(link)]) == 0
    assert link.is_symlink()
    assert page.read_text().lower().startswith("<!doctype html>")


def test_a_page_is_no_folder(environment: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(["doctor", "--python", str(environment), "--html", str(environment)])
    assert end.value.code == 1
    assert "is a folder: name a file" in capsys.readouterr().err


@pytest.mark.parametrize("page", ["loop", "loop/page.html"])
def test_a_page_is_no_link_to_itself(
    tmp_path: Path, page: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(SystemExit) as end:
        cli.main(["doctor", "--python", str(tmp_path / "none"), "--html", str(tmp_path / page)])
    assert end.value.code == 1
    assert "is a link that leads to itself: name a file" in capsys.readouterr().err
    assert (tmp_path / "loop").is_symlink()


def test_a_variable_that_nobody_knows(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIBWHEEL_CASH", "/x")
    with pytest.raises(SystemExit) as end:
        cli.main(["doctor"])
    assert end.value.code == 1
    assert "unknown environment variable LIBWHEEL_CASH" in capsys.readouterr().err
