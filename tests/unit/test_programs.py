from __future__ import annotations

import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import pytest

from libwheel import programs
from libwheel.errors import BuildError
from libwheel.programs import Program, find, find_all
from unit.staged import write

NAME = "answer-tool"
NOWHERE = "/not/there"


@dataclass(frozen=True)
class Environment:
    """A folder that distributions with programs are installed into; it is on sys.path."""

    root: Path

    @property
    def site(self) -> Path:
        return self.root / "lib/python3.11/site-packages"

    @property
    def program(self) -> Path:
        return self.root / "bin" / NAME

    def install(self, program: str, module: str = "") -> None:
        """Install a distribution with a script, and with a module that it may import."""
        script(self.program, program)
        write(self.site / "answer_tool.py", module)
        info = self.site / "answer_tool-1.0.dist-info"
        write(info / "METADATA", f"Metadata-Version: 2.1\nName: {NAME}\nVersion: 1.0\n")
        write(info / "RECORD", f"answer_tool.py,,\n../../../bin/{NAME},,\n")


def script(path: Path, text: str) -> Path:
    write(path, text).chmod(0o755)
    return path


def says(text: str) -> str:
    return f'#!/bin/sh\necho "{text}"\n'


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    made = Environment(tmp_path / "environment")
    made.site.mkdir(parents=True)
    monkeypatch.syspath_prepend(str(made.site))
    return made


@pytest.mark.parametrize("text", ["1.12.1", "answer version 1.12.1-rc2", "1.12.1\n\nmore 9.9"])
def test_the_program_of_an_installed_distribution(environment: Environment, text: str) -> None:
    environment.install(says(text))
    found = find(f"{NAME}>=1.3", NOWHERE)
    assert found == Program(environment.program, "1.12.1", environment.site)


def test_it_goes_before_one_on_the_path(environment: Environment, tmp_path: Path) -> None:
    environment.install(says("2.0"))
    script(tmp_path / "other" / NAME, says("3.0"))
    assert find(NAME, str(tmp_path / "other")).version == "2.0"


def test_one_on_the_path_serves_as_well(tmp_path: Path) -> None:
    path = script(tmp_path / NAME, says("3.0"))
    assert find(NAME, f"{NOWHERE}:{tmp_path}") == Program(path, "3.0")


def test_a_distribution_whose_program_is_gone_is_not_enough(environment: Environment) -> None:
    environment.install(says("2.0"))
    environment.program.unlink()
    with pytest.raises(BuildError, match=f"there is no {NAME}"):
        find(NAME, NOWHERE)


def test_a_program_that_is_a_link_keeps_its_name(environment: Environment, tmp_path: Path) -> None:
    environment.install(says("2.0"))
    environment.program.unlink()
    environment.program.symlink_to(script(tmp_path / "cache" / "answer-tool-2.0", says("2.0")))
    assert find(NAME, NOWHERE).path == environment.program


def test_none_at_all_says_how_to_get_it() -> None:
    with pytest.raises(BuildError) as error:
        find(f"{NAME}>=1.3", NOWHERE)
    assert str(error.value) == f"there is no {NAME}: python -m pip install '{NAME}>=1.3'"


def test_too_old_a_one_says_what_is_needed(environment: Environment) -> None:
    environment.install(says("1.2"))
    with pytest.raises(BuildError) as error:
        find(f"{NAME}>=1.3", NOWHERE)
    assert str(error.value) == (
        f"{environment.program} is version 1.2; this build needs {NAME}>=1.3: "
        f"python -m pip install '{NAME}>=1.3'"
    )


def test_a_snapshot_is_another_version_than_its_release(environment: Environment) -> None:
    environment.install(says("1.2.0-dev.9+ab"))
    with pytest.raises(BuildError, match=rf"is version 1\.2\.0-dev\.9\+ab; .* {NAME}==1\.2\.0: "):
        find(f"{NAME}==1.2.0", NOWHERE)


@pytest.mark.parametrize("text", ["#!/bin/sh\necho broken >&2\nexit 1\n", says("no number")])
def test_one_that_does_not_say_its_version(environment: Environment, text: str) -> None:
    environment.install(text)
    with pytest.raises(BuildError, match=f"`{environment.program} --version` failed: "):
        find(NAME, NOWHERE)


def test_one_that_cannot_be_run(environment: Environment) -> None:
    environment.install(says("1.2"))
    environment.program.chmod(0o644)
    with pytest.raises(BuildError, match=f"^cannot run {environment.program}: Permission denied$"):
        find(NAME, NOWHERE)


def test_its_version_is_asked_for_as_it_will_work(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANSWER_VERSION", "9.9")
    environment.install(says("${ANSWER_VERSION:-1.0}"))
    assert find(NAME, NOWHERE).version == "1.0"


def test_a_python_script_finds_its_modules_when_it_is_asked(environment: Environment) -> None:
    environment.install(IMPORTING.format(python=sys.executable), 'VERSION = "7.1"\n')
    assert find(NAME, NOWHERE).version == "7.1"


def test_all_that_lack_are_reported_together(environment: Environment) -> None:
    environment.install(says("1.2"))
    with pytest.raises(BuildError) as error:
        find_all((f"{NAME}>=1.3", NAME, "no-such-tool"), NOWHERE)
    first, second = str(error.value).splitlines()
    assert "is version 1.2" in first
    assert "there is no no-such-tool" in second
    assert find_all((), NOWHERE) == ()


def test_the_path_finds_the_programs_first() -> None:
    found = [Program(Path(path), "1") for path in ("/a/bin/x", "/b/bin/y", "/a/bin/z")]
    assert programs.search_path(found, "/usr/bin:/bin") == "/a/bin:/b/bin:/usr/bin:/bin"


IMPORTING = """\
#!{python}
import answer_tool
print(answer_tool.VERSION)
"""


def test_a_python_script_imports_from_where_its_distribution_is(environment: Environment) -> None:
    """As in pip's isolated builds, where PYTHONPATH alone leads to its modules."""
    found = Program(environment.program, "7.1", environment.site)
    environment.install(IMPORTING.format(python=sys.executable), 'VERSION = "7.1"\n')
    variables = programs.variables([found], "/usr/bin:/bin")
    assert variables.keys() == {"PATH", "PYTHONPATH"}
    done = subprocess.run((NAME,), env=variables, capture_output=True, text=True, check=True)
    assert done.stdout == "7.1\n"


def test_where_the_interpreter_looks_by_itself_nothing_is_said() -> None:
    usual = Program(Path("/bin/x"), "1", Path(sysconfig.get_path("purelib")))
    unknown = Program(Path("/bin/y"), "1")
    assert programs.variables([usual, unknown], "/bin") == {"PATH": "/bin:/bin"}
