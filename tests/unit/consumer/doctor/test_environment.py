from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

import pytest

from environments import make_venv
from libwheel.consumer.doctor import environment
from libwheel.errors import BuildError


def script(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_a_python_says_what_it_is(tmp_path: Path) -> None:
    venv = make_venv(tmp_path / "my präfix")
    found = environment.ask(venv.python)
    assert found.prefix == venv.root
    assert found.base_prefix == Path(sys.base_prefix)
    assert found.program == Path(sys.executable).resolve()
    assert found.markers["python_full_version"] == platform.python_version()


def test_its_folders_are_those_of_sys_path_that_are_there(tmp_path: Path) -> None:
    venv = make_venv(tmp_path / "venv")
    folders = environment.ask(venv.python).folders
    [site] = venv.root.glob("lib/python3.*/site-packages")
    assert folders[-1] == site
    assert all(folder.is_dir() for folder in folders)


def test_pythonpath_counts_and_the_current_folder_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "more"))
    (tmp_path / "more").mkdir()
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "json.py").write_text("raise SystemExit('the wrong one')")
    monkeypatch.chdir(tmp_path / "here")
    folders = environment.ask(Path(sys.executable)).folders
    assert tmp_path / "more" in folders
    assert tmp_path / "here" not in folders


def test_what_it_prints_at_its_start_does_no_harm(tmp_path: Path) -> None:
    noisy = script(tmp_path / "python", f'echo hello\nexec "{sys.executable}" "$@"')
    assert environment.ask(noisy).base_prefix == Path(sys.base_prefix)


def test_a_file_that_cannot_be_run(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"nowhere: cannot be run: .*; wanted: a Python"):
        environment.ask(tmp_path / "nowhere")


@pytest.mark.parametrize("answer", [r"\377", "1", "{}", "[]", '{"path": [1]}', '"text"'])
def test_a_program_that_answers_something_else(tmp_path: Path, answer: str) -> None:
    other = script(tmp_path / "other", f"printf '{answer}'")
    with pytest.raises(BuildError, match="does not answer as a Python does: "):
        environment.ask(other)


def test_what_it_leaves_behind_is_not_waited_for(tmp_path: Path) -> None:
    left, pid = f'"{sys.executable}" -c "input()" <"{tmp_path}/pipe" &', tmp_path / "pid"
    os.mkfifo(tmp_path / "pipe")
    held = os.open(tmp_path / "pipe", os.O_RDWR)
    noisy = script(tmp_path / "python", f'{left}\necho $! >"{pid}"\nexec "{sys.executable}" "$@"')
    try:
        assert environment.ask(noisy).base_prefix == Path(sys.base_prefix)
        os.kill(int(pid.read_text()), 0)  # it is there still
    finally:
        os.close(held)  # which ends it


def test_a_program_that_is_no_python(tmp_path: Path) -> None:
    other = script(tmp_path / "other", "echo what is this >&2")
    with pytest.raises(BuildError, match="does not answer as a Python does: what is this"):
        environment.ask(other)
