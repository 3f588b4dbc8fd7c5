from __future__ import annotations

import ast
import os
import platform
import sys
from pathlib import Path

import pytest

from environments import make_venv
from libwheel.consumer.doctor import environment
from libwheel.errors import BuildError

WANTED = "wanted: an environment's Python, or the environment's folder"


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
    with pytest.raises(BuildError) as found:
        environment.ask(tmp_path / "nowhere")
    assert str(found.value) == (
        f"{tmp_path}/nowhere: cannot be run: No such file or directory; {WANTED}"
    )


def test_a_link_that_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").symlink_to("/gone/python")
    python = environment.python_of(tmp_path)
    with pytest.raises(BuildError, match="cannot be run: it is a link to /gone/python, which is"):
        environment.ask(python)


def test_the_python_of_a_folder(tmp_path: Path) -> None:
    with pytest.raises(BuildError) as found:
        environment.python_of(tmp_path)
    assert str(found.value) == f"{tmp_path}: has neither bin/python nor bin/python3; {WANTED}"
    (tmp_path / "bin").mkdir()
    for name in ("python3", "python"):
        program = script(tmp_path / "bin" / name, "")
        assert environment.python_of(tmp_path) == program
        assert environment.python_of(program) == program


def test_one_that_does_not_answer_is_not_waited_for(tmp_path: Path) -> None:
    silent = script(tmp_path / "silent", "exec sleep 600")
    with pytest.raises(BuildError) as found:
        environment.ask(silent, patience=0.2)
    assert str(found.value) == f"{silent}: has not answered within 0 seconds; {WANTED}"


def test_one_that_is_too_old_is_told_so(tmp_path: Path) -> None:
    old = script(
        tmp_path / "old",
        f'exec "{sys.executable}" -c "import sys; sys.version_info = (2, 7, 18)\n$2"',
    )
    with pytest.raises(BuildError, match=r"old: is Python .*; wanted: Python 3\.9 or newer$"):
        environment.ask(old)


def test_the_question_can_be_read_by_old_pythons() -> None:
    ast.parse(environment._QUESTION, feature_version=(3, 4))  # noqa: SLF001


def test_what_says_nothing_is_told_with_its_exit_status() -> None:
    with pytest.raises(BuildError) as found:
        environment.ask(Path("/bin/false"))
    assert str(found.value) == (
        f"/bin/false: does not answer as a Python does: it ended with exit status 1; {WANTED}"
    )


def test_our_question_is_not_told() -> None:
    with pytest.raises(BuildError) as found:
        environment.ask(Path("/bin/ls"))
    assert "sys" not in str(found.value)


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
    other = script(tmp_path / "other", r"printf 'what \033[31mis\a this' >&2")
    with pytest.raises(BuildError, match="with exit status 0 and said: what is this; wanted: "):
        environment.ask(other)
