"""OpenMP's wheel in use, by gcc and clang, in C, C++ and Fortran: no other runtime is beside it."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

import pytest

import mapped
from conftest import ROOT
from environments import Venv, make_venv, run, run_alone
from libwheel.binaries import elf
from linked_programs import WAYS, loaded
from upstream import install_example

pytestmark = pytest.mark.real

LISTING = Path(__file__).parent / "openmp-19.1.7.txt"
LIBRARY = "libomp-pywheel-5.so"
NODE = "OPENMP_PYWHEEL_5"
COMPILERS = ("gcc", "clang")
SMOKE = ROOT / "recipes" / "openmp" / "smoke.c"

# What gcc's loops, tasks, locks and reductions call, and what clang's do
ENTRIES = {
    *("GOMP_parallel", "GOMP_barrier", "GOMP_task", "GOMP_taskwait", "GOMP_single_start"),
    *("GOMP_critical_start", "GOMP_atomic_start", "GOMP_loop_dynamic_start", "GOMP_sections_start"),
    *("GOMP_parallel_loop_nonmonotonic_dynamic", "GOMP_taskloop", "GOMP_cancel"),
    *("GOMP_parallel_reductions", "GOMP_taskgroup_reduction_register", "GOMP_doacross_wait"),
    *("__kmpc_fork_call", "__kmpc_for_static_init_4", "__kmpc_dispatch_init_8", "__kmpc_barrier"),
    *("__kmpc_omp_task", "__kmpc_reduce_nowait", "__kmpc_critical", "__kmpc_global_thread_num"),
    *("omp_get_max_threads", "omp_set_lock", "omp_get_wtime", "omp_get_max_threads_"),
}

CXX = """
#include <cstdio>
#include <vector>
#include <omp.h>
int main() {
    std::vector<int> seen(4);
    int threads = 0;
    omp_set_num_threads(4);
    #pragma omp parallel reduction(+ : threads)
    threads += 1 + 0 * (seen[omp_get_thread_num()] = 1);
    return std::printf("%d\\n", threads * seen[0] * seen[3]) < 0;
}
"""

FORTRAN = """
program loops
  use omp_lib
  implicit none
  integer :: i, total
  total = 0
  call omp_set_num_threads(4)
  !$omp parallel do reduction(+:total) schedule(dynamic)
  do i = 1, 100
    total = total + i
  end do
  !$omp end parallel do
  !$omp parallel
  !$omp single
  print '(i0, " ", i0)', total, omp_get_num_threads()
  !$omp end single
  !$omp end parallel
end program
"""

POOLS = f"""
import json, threadpoolctl
import loops
{mapped.SOURCE}
threads = loops.threads(3)
pools = [(one["user_api"], one["filepath"]) for one in threadpoolctl.threadpool_info()]
print(json.dumps([threads, pools, mapped("omp")]))
"""


def runtimes(program: Path) -> list[Path]:
    return [path for path in loaded(program) if re.search("omp", path.name)]


def ours(venv: Venv) -> list[Path]:
    return [(venv.root / "lib" / LIBRARY).resolve()]


def test_the_wheel_has_exactly_the_files_of_the_layout(openmp_wheel: Path) -> None:
    """No name of another runtime, and no tool, is among them."""
    names = sorted(zipfile.ZipFile(openmp_wheel).namelist())
    assert "\n".join(names) + "\n" == LISTING.read_text()


def test_auditwheel_agrees_with_the_platform_tag(openmp_wheel: Path) -> None:
    shown = " ".join(run("auditwheel", "show", openmp_wheel).split())
    [platform] = re.findall(r'the following platform tag: "(\S+)"', shown)
    assert openmp_wheel.name == f"openmp-19.1.7-0-py3-none-{platform}.whl"


def test_it_needs_the_c_library_and_nothing_else(openmp_venv: Venv) -> None:
    """The loader, which is part of it, has the addresses of threads' own variables."""
    binary = elf.read(openmp_venv.root / "lib" / LIBRARY)
    assert [name for name in binary.needed if not name.startswith("ld-linux")] == ["libc.so.6"]
    run("sh", "-c", f"! ldd -r {openmp_venv.root}/lib/{LIBRARY} | grep -i -e undefined -e found")


def test_every_symbol_has_our_node_as_its_default(openmp_venv: Venv) -> None:
    """What is linked to libgomp finds its own versions as well, which are no default."""
    library = openmp_venv.root / "lib" / LIBRARY
    listed = run("nm", "--dynamic", "--defined-only", "--with-symbol-versions", library)
    symbols = [line.split()[2] for line in listed.splitlines() if line.split()[1] != "A"]
    default = dict(name.split("@@") for name in symbols if "@@" in name)
    assert set(default.values()) == {NODE}
    assert {name.partition("@")[0] for name in symbols} == default.keys()
    assert default.keys() >= ENTRIES
    assert "GOMP_parallel@GOMP_4.0" in symbols


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("way", WAYS)
def test_the_smoke_program_runs(
    openmp_venv: Venv,
    way: str,
    compiler: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By pkg-config compiled and linked with one command, which has -fopenmp at the link."""
    monkeypatch.setenv("CC", compiler)
    if way == "pkg-config":
        monkeypatch.setenv("LDFLAGS", " ".join(plain_name(openmp_venv, compiler)))
    program = WAYS[way](openmp_venv, SMOKE, "openmp-pywheel", ["openmp"], tmp_path)
    assert re.fullmatch(r"OpenMP \d{6}: 4 threads of \d+ processors\n", run_alone(program))
    assert runtimes(program) == ours(openmp_venv)


def plain_name(venv: Venv, compiler: str) -> list[str]:
    """Where one command compiles and links, clang wants a libomp.so, which the prefix has."""
    if not compiler.startswith("clang"):
        return []
    prefix = run(venv.python, "-I", "-m", "openmp_pywheel", "prefix").strip()
    return [f"-L{prefix}/lib"]


@pytest.fixture
def flags(openmp_venv: Venv, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """What pkg-config says, and where the program finds the library."""
    folder = openmp_venv.ask("-m", "openmp_pywheel", "pkgconfigdir")
    monkeypatch.setenv("PKG_CONFIG_PATH", folder)
    said = {name: run("pkg-config", f"--{name}", "openmp-pywheel").split() for name in FLAGS}
    said["libs"].append(f"-Wl,-rpath,{openmp_venv.root}/lib")
    return said


FLAGS = ("cflags", "libs")
SOURCES = {"gcc": "c", "clang": "c", "g++": "cc", "clang++": "cc", "gfortran": "f90"}
SAID = {"c": r"OpenMP \d+: 4 threads of \d+ processors", "cc": "4", "f90": "5050 4"}
# Linkers that leave out what nothing before them has asked for, and those that do not
LINKERS = ("-Wl,--as-needed", "-Wl,--no-as-needed")


@pytest.mark.parametrize("linker", LINKERS)
@pytest.mark.parametrize("compiler", SOURCES)
def test_one_command_and_two(
    openmp_venv: Venv,
    flags: dict[str, list[str]],
    compiler: str,
    linker: str,
    tmp_path: Path,
) -> None:
    """The flags may stand before the source, too, and the linker be a strict one."""
    kind = SOURCES[compiler]
    source, code = tmp_path / f"loops.{kind}", tmp_path / "loops.o"
    source.write_text({"c": SMOKE.read_text(), "cc": CXX, "f90": FORTRAN}[kind])
    run(compiler, *flags["cflags"], "-c", source, "-o", code, cwd=tmp_path)
    strict = (linker, *plain_name(openmp_venv, compiler))
    commands: dict[str, tuple[str | Path, ...]] = {
        "two": (code, *flags["libs"]),
        "two_with_the_flag": (code, "-fopenmp", *flags["libs"]),
        "one": (source, *flags["cflags"], *flags["libs"]),
        "one_flags_first": (*flags["cflags"], *flags["libs"], source),
    }
    for name, words in commands.items():
        program = tmp_path / name
        run(compiler, *strict, *words, "-o", program, cwd=tmp_path)
        assert re.fullmatch(SAID[kind], run_alone(program).strip())
        assert runtimes(program) == ours(openmp_venv)


@pytest.mark.parametrize("compiler", COMPILERS)
def test_threadpoolctl_sees_one_pool(
    openmp_wheel: Path, index: Path, compiler: str, tmp_path: Path
) -> None:
    """In a process with an extension that was built as README.md has it."""
    assert openmp_wheel.parent == index
    venv = make_venv(tmp_path / "venv")
    venv.pip("install", "--quiet", "threadpoolctl")
    install_example(venv, "openmp", index, tmp_path, {"CC": compiler})
    [extension] = venv.root.glob("lib/python3.*/site-packages/loops/_loops.*.so")
    compiled_by = run("readelf", "--string-dump=.comment", extension)
    assert ("clang" in compiled_by) == (compiler == "clang")
    library = str(venv.root / "lib" / LIBRARY)
    assert json.loads(venv.ask("-c", POOLS)) == [3, [["openmp", library]], [library]]
