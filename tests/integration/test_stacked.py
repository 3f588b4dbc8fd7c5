"""The library below, in the base environment, and its consumer in a venv on top of it.

No RPATH reaches from one into the other: the consumer's one line is ``load()``.
"""

from __future__ import annotations

import shutil
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import pytest

from environments import Variables, Venv, attempt, make_venv, run
from extensions import library_wheel, options_for, packages, told_by, write_package

pytestmark = pytest.mark.compiles

LIBRARY = "libsample-pywheel-1.so"
LOAD = "import sample1_pywheel; sample1_pywheel.load()"
RIGHT = [1, 1, 42]


@dataclass(frozen=True)
class Stack:
    """A venv with --system-site-packages, and the prefix of the library wheel below it."""

    below: Path
    venv: Venv
    variables: Variables

    def add(self, name: str, line: str) -> None:
        python = self.venv.python
        options = options_for(python, "sample1_pywheel", f"{name}._caller", self.variables)
        write_package(packages(python), name, line, options)

    def told_by(self, code: str) -> tuple[list[list[int]], list[Path]]:
        return told_by(self.venv.python, code, self.variables)


def base_interpreter(folder: Path) -> Path:
    """Make a Python that may be installed into: its own prefix, the standard library by links."""
    stdlib = Path(sysconfig.get_path("stdlib"))
    own = folder / stdlib.relative_to(sys.base_prefix)
    (own / "site-packages").mkdir(parents=True)
    for entry in stdlib.iterdir():
        if entry.name not in {"site-packages", "dist-packages", "EXTERNALLY-MANAGED"}:
            (own / entry.name).symlink_to(entry)
    (folder / "bin").mkdir()
    python = folder / "bin" / "python3"
    shutil.copy2(Path(sys.executable).resolve(), python)
    return python


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return library_wheel("sample-1", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module", params=["prefix", "user"])
def stack(
    request: pytest.FixtureRequest, wheel: Path, tmp_path_factory: pytest.TempPathFactory
) -> Stack:
    """The library in the base interpreter's own prefix, or beside it with --user."""
    folder = tmp_path_factory.mktemp("stack")
    variables = {"PYTHONUSERBASE": str(folder / "user"), "PYTHONPATH": ""}
    python = base_interpreter(folder / "base")
    kind = str(request.param)
    scheme = f"sysconfig.get_path('data', sysconfig.get_preferred_scheme({kind!r}))"
    below = run(python, "-c", f"import sysconfig; print({scheme})", variables=variables)
    where = ("--user",) if kind == "user" else ()
    run(
        *(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index"),
        *(*where, wheel),
        variables=variables,
    )
    argv = ("-m", "venv", "--without-pip", "--system-site-packages", folder / "venv")
    run(python, *argv, variables=variables)
    return Stack(Path(below.strip()), Venv(folder / "venv"), variables)


def test_without_the_line_the_import_fails_and_names_the_library(stack: Stack) -> None:
    stack.add("silent", "")
    done = attempt(stack.venv.python, "-c", "import silent", variables=stack.variables)
    assert done.returncode == 1
    last = done.stdout.splitlines()[-1]
    assert last.startswith(f"ImportError: {LIBRARY}: cannot open shared object file")


def test_with_the_line_the_library_below_is_loaded(stack: Stack) -> None:
    stack.add("loads", LOAD)
    told, mapped = stack.told_by("import loads; told = [loads.told()]")
    assert told == [RIGHT]
    [library] = mapped
    assert library.samefile(stack.below / "lib" / LIBRARY)


def test_two_consumers_and_a_second_call_share_one_copy(stack: Stack) -> None:
    stack.add("one", LOAD)
    stack.add("other", f"{LOAD}; sample1_pywheel.load()")
    told, mapped = stack.told_by("import one, other; told = [one.told(), other.told()]")
    assert told == [RIGHT, RIGHT]
    assert len(mapped) == 1


def test_the_symbols_serve_nobody_else(stack: Stack) -> None:
    stack.add("local", LOAD)
    code = "import ctypes, local; told = [[hasattr(ctypes.CDLL(None), 'sample_abi')]]"
    assert stack.told_by(code)[0] == [[False]]


@pytest.fixture(scope="module")
def flat(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Venv:
    """Library and consumers in one venv, where their RPATH reaches it."""
    venv = make_venv(tmp_path_factory.mktemp("flat"))
    venv.install(wheel)
    for name, line in (("reaches", ""), ("loads", LOAD)):
        options = options_for(venv.python, "sample1_pywheel", f"{name}._caller")
        write_package(packages(venv.python), name, line, options)
    return venv


@pytest.mark.parametrize("order", ["reaches, loads", "loads, reaches"])
def test_where_the_rpath_reaches_too_there_is_no_second_copy(flat: Venv, order: str) -> None:
    told, mapped = told_by(flat.python, f"import {order}; told = [reaches.told(), loads.told()]")
    assert told == [RIGHT, RIGHT]
    assert mapped == [flat.root / "lib" / LIBRARY]


def test_a_second_call_reads_nothing_of_the_environment(flat: Venv) -> None:
    code = """
import loads, sample1_pywheel, sys
opened = []
sys.addaudithook(lambda event, given: opened.append(given[0]) if event == "open" else None)
sample1_pywheel.load()
told = [[*opened]]
"""
    assert told_by(flat.python, code)[0] == [[]]


@pytest.fixture(scope="module")
def both(stack: Stack, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Stack:
    """The library in both layers, and a consumer of each."""
    base = stack.venv.python.resolve()
    root = tmp_path_factory.mktemp("both") / "venv"
    argv = ("-m", "venv", "--without-pip", "--system-site-packages", root)
    run(base, *argv, variables=stack.variables)
    both = Stack(stack.below, Venv(root), stack.variables)
    options = options_for(base, "sample1_pywheel", "below._caller", stack.variables)
    found = {**options, "runtime_library_dirs": [str(stack.below / "lib")]}
    write_package(packages(base), "below", "", found)
    both.venv.pip("install", "--quiet", "--no-deps", "--no-index", "--ignore-installed", wheel)
    both.add("top", LOAD)
    return both


def test_with_a_library_in_both_layers_load_takes_the_one_on_top(both: Stack) -> None:
    told, mapped = both.told_by("import top, below; told = [top.told(), below.told()]")
    assert told == [RIGHT, RIGHT]
    assert mapped == [both.venv.root / "lib" / LIBRARY]


def test_the_one_below_stays_the_only_one_where_it_came_first(both: Stack) -> None:
    told, mapped = both.told_by("import below, top; told = [top.told(), below.told()]")
    assert told == [RIGHT, RIGHT]
    assert mapped == [both.below / "lib" / LIBRARY]
