"""A library wheel that adds flags, and one that needs it, as build systems find and link them.

The wheels are put there by hand. The one library stands for an OpenMP runtime: gcc's own must
not come in beside it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from libwheel.binaries import elf
from unit.installed_locator import Installed, install_described
from unit.staged import BLAS, BLAS_TAG, OMP, OMP_TAG, program

pytestmark = pytest.mark.compiles

OMP_FILE = OMP_TAG.library_file("omp")
RUNTIME = """
void GOMP_parallel(void (*body)(void *), void *data, unsigned threads, unsigned flags) {
    for (int turn = 0; turn < 42; turn++) body(data);
}
"""
ANSWER = "#include <{header}.h>\nint {name}(void) {{ return 6; }}\n"
# 42 turns: whoever calls gcc's runtime gets as many as there are processors.
PARALLEL = """
int main(void) {
    int turns = 0;
    #pragma omp parallel reduction(+ : turns)
    turns += 1;
    return turns;
}
"""
CALLER = "#include <openblas.h>\nint main(void) {{ return openblas_answer{suffix}(); }}\n"


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Install the two, with libraries that can be linked and called."""
    folder = tmp_path_factory.mktemp("wheels")
    prefix, runtime = folder / "with a space", folder / OMP_FILE
    link_library(runtime, RUNTIME)
    install_described(prefix, OMP_TAG, OMP, {}, {OMP_FILE: runtime.read_bytes()})
    contents = {}
    for one in BLAS:
        path = folder / one.file.path.name
        text = f"int openblas_answer{one.suffix}(void) {{ return {len(one.name)}; }}\n"
        link_library(path, text, "-Wl,--no-as-needed", str(runtime), "-Wl,-rpath,$ORIGIN")
        contents[path.name] = path.read_bytes()
    return install_described(prefix, BLAS_TAG, BLAS, {"openmp": ">=19.1.7"}, contents)


def link_library(path: Path, text: str, *words: str) -> None:
    source = path.with_suffix(".c")
    source.write_text(text, encoding="utf-8")
    run("gcc", "-shared", "-fPIC", "-o", path, source, f"-Wl,-soname,{path.name}", *words)


def run(
    *argv: str | Path, variables: Mapping[str, str] | None = None, folder: Path | None = None
) -> str:
    done = subprocess.run(
        argv,
        cwd=folder,
        env={"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", **(variables or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert not done.returncode, done.stdout
    return done.stdout


def exit_status(wheels: Installed, path: Path) -> int:
    return subprocess.run(
        (path,), env={"LD_LIBRARY_PATH": str(wheels.prefix / "lib")}, check=False
    ).returncode


def needed(path: Path) -> set[str]:
    return set(elf.read(path).needed)


def source(folder: Path, text: str) -> Path:
    path = folder / "one.c"
    path.write_text(text, encoding="utf-8")
    return path


def pkg_config(wheels: Installed, program: str, *words: str) -> list[str]:
    folder = wheels.prefix / "lib" / "pkgconfig"
    told = run(program, *words, variables={"PKG_CONFIG_LIBDIR": str(folder)})
    return run("sh", "-c", f"printf '%s\\n' {told}").splitlines()


def asked(wheels: Installed, module: str, *words: str) -> list[str]:
    return wheels.ask(*words, of=module).splitlines()


@pytest.mark.parametrize("program", [program("pkg-config"), "/usr/bin/pkg-config"])
@pytest.mark.parametrize("more", [(), ("openblas-pywheel",)], ids=["alone", "with another"])
@pytest.mark.parametrize("libraries_first", [False, True])
def test_one_command_that_compiles_and_links(
    wheels: Installed,
    tmp_path: Path,
    program: str,
    more: Sequence[str],
    libraries_first: bool,
) -> None:
    """With ``-fopenmp``, gcc puts its own runtime behind all else."""
    words = pkg_config(wheels, program, "--cflags", "--libs", "openmp-pywheel", *more)
    one = str(source(tmp_path, PARALLEL))
    run("gcc", "-o", tmp_path / "one", *([*words, one] if libraries_first else [one, *words]))
    check(wheels, tmp_path / "one", {OMP_FILE})


def check(wheels: Installed, path: Path, libraries: Iterable[str], status: int = 42) -> None:
    assert {name for name in needed(path) if not name.startswith("libc.")} == set(libraries)
    assert exit_status(wheels, path) == status


@pytest.mark.parametrize("libraries_first", [False, True])
def test_by_the_locator(wheels: Installed, tmp_path: Path, libraries_first: bool) -> None:
    words = [
        word
        for question in ("cflags", "libs")
        for word in asked(wheels, "openmp_pywheel", question, "openmp")
    ]
    one = str(source(tmp_path, PARALLEL))
    run("gcc", "-o", tmp_path / "one", *([*words, one] if libraries_first else [one, *words]))
    check(wheels, tmp_path / "one", {OMP_FILE})


class Case(NamedTuple):
    """A library that is linked, and a program with the status that it exits with."""

    wheel: str
    library: str
    program: str
    status: int


CASES = (
    Case("openmp", "openmp", PARALLEL, 42),
    Case("openblas", "openblas", CALLER.format(suffix=""), 8),
    Case("openblas", "openblas64", CALLER.format(suffix="64_"), 10),
)
CMAKE = """
cmake_minimum_required(VERSION 3.15)
project(one C)
find_package({package} REQUIRED)
add_executable(one one.c)
target_link_libraries(one {target})
"""


@pytest.mark.parametrize("case", CASES, ids=[case.library for case in CASES])
def test_by_cmake(wheels: Installed, tmp_path: Path, case: Case) -> None:
    source(tmp_path, case.program)
    package = f"{case.wheel}-pywheel"
    lists = CMAKE.format(package=package, target=f"{package}::{case.library}")
    (tmp_path / "CMakeLists.txt").write_text(lists, encoding="utf-8")
    build = tmp_path / "build"
    argv = ("cmake", "-S", tmp_path, "-B", build, "-G", "Ninja")
    run(*argv, variables={"CMAKE_PREFIX_PATH": str(wheels.prefix)})
    run("cmake", "--build", build)
    assert "libgomp.so.1" not in needed(build / "one")
    assert exit_status(wheels, build / "one") == case.status


MESON = """
project('one', 'c')
python = find_program('{python}')
one = {dependency}
executable('one', 'one.c', dependencies: one)
"""
BY_PKG_CONFIG = "dependency('{package}-pywheel')"
BY_LOCATOR = """declare_dependency(
  compile_args: run_command(python, '-S', '-m', '{wheel}_pywheel', 'cflags', '{package}',
    check: true).stdout().splitlines(),
  link_args: run_command(python, '-S', '-m', '{wheel}_pywheel', 'libs', '{package}',
    check: true).stdout().splitlines(),
)"""


@pytest.mark.parametrize("dependency", [BY_PKG_CONFIG, BY_LOCATOR], ids=["pkg-config", "locator"])
@pytest.mark.parametrize("case", CASES, ids=[case.library for case in CASES])
def test_by_meson(wheels: Installed, tmp_path: Path, dependency: str, case: Case) -> None:
    source(tmp_path, case.program)
    found = dependency.format(wheel=case.wheel, package=case.library)
    project = MESON.format(python=sys.executable, dependency=found)
    (tmp_path / "meson.build").write_text(project, encoding="utf-8")
    folder = wheels.prefix / "lib" / "pkgconfig"
    variables = wheels.variables({"PKG_CONFIG_LIBDIR": str(folder)})
    build = tmp_path / "build"
    run("meson", "setup", build, tmp_path, variables=variables)
    run("meson", "compile", "-C", build, variables=variables)
    assert "libgomp.so.1" not in needed(build / "one")
    assert exit_status(wheels, build / "one") == case.status


SETUP = """
import openmp_pywheel, openblas_pywheel
from setuptools import Extension, setup
name = "package.one"
setup(name="package", version="1", ext_modules=[
    Extension(name, ["one.c"], **openmp_pywheel.extension_options(name, "openmp")),
    Extension("two", ["two.c"], **openblas_pywheel.extension_options("two", "openblas64")),
])
"""
MODULE = """
#include <Python.h>
static struct PyModuleDef one = {{PyModuleDef_HEAD_INIT, "{name}", 0, -1, 0, 0, 0, 0, 0}};
PyMODINIT_FUNC PyInit_{name}(void) {{
    PyObject *module = PyModule_Create(&one);
    int answer = 0;
    {body}
    PyModule_AddIntConstant(module, "answer", answer);
    return module;
}}
"""
REGION = """
    #pragma omp parallel reduction(+ : answer)
    answer += 1;
"""


def test_by_setuptools(wheels: Installed, tmp_path: Path) -> None:
    source(tmp_path, MODULE.format(name="one", body=REGION))
    call = "answer = openblas_answer64_();"
    text = "#include <openblas.h>" + MODULE.format(name="two", body=call)
    (tmp_path / "two.c").write_text(text, encoding="utf-8")
    (tmp_path / "setup.py").write_text(SETUP, encoding="utf-8")
    argv = (sys.executable, "setup.py", "-q", "build_ext", "--build-lib", wheels.site)
    run(*argv, variables=wheels.variables(), folder=tmp_path)
    (one,) = (wheels.site / "package").glob("one.*.so")
    assert needed(one) & {OMP_FILE, "libgomp.so.1"} == {OMP_FILE}
    code = "import package.one, two; print(package.one.answer, two.answer)"
    assert wheels.run("-c", code).stdout == "42 10\n"


def test_load_loads_what_it_runs_with_and_then_its_own(wheels: Installed) -> None:
    code = "import openblas_pywheel as o; print(*o.load())"
    done = wheels.run("-c", code)
    names = (one.file.path.name for one in BLAS)
    assert done.stdout.split() == [OMP_FILE, *names], done.stderr
