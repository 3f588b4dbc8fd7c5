"""OpenBLAS's wheel: what is in it, what it needs, that it computes, and who can be built on it."""

from __future__ import annotations

import json
import re
import zipfile
from email.parser import HeaderParser
from pathlib import Path

import pytest

import mapped
from conftest import ROOT
from environments import Venv, make_venv, run, run_alone
from libwheel.binaries import elf
from linked_programs import WAYS, loaded
from upstream import install_example

pytestmark = pytest.mark.real

LISTING = Path(__file__).parent / "openblas-0.3.29.txt"
NODE = "OPENBLAS_PYWHEEL_0"
GOTOBLAS, LP64, ILP64 = (
    f"lib{name}-pywheel-0.so" for name in ("gotoblas", "openblas", "openblas_64")
)
OMP = "libomp-pywheel-5.so"
# The package that consumers name, its file, and the suffix of its symbols
SIZES = {"openblas": (LP64, ""), "openblas64": (ILP64, "64_")}
SMOKE = ROOT / "recipes" / "openblas" / "smoke.c"
both_sizes = pytest.mark.parametrize("size", SIZES)


def library(venv: Venv, name: str) -> Path:
    return venv.root / "lib" / name


def exports(venv: Venv, name: str) -> set[str]:
    return set(elf.read(library(venv, name)).exports_by_name)


# The wheel


def test_the_wheel_has_exactly_the_files_of_the_layout(openblas_wheel: Path) -> None:
    names = sorted(zipfile.ZipFile(openblas_wheel).namelist())
    assert "\n".join(names) + "\n" == LISTING.read_text()


def test_auditwheel_agrees_with_the_platform_tag(openblas_wheel: Path) -> None:
    """But for what the openmp wheel brings, which is not in this one."""
    shown = " ".join(run("auditwheel", "show", openblas_wheel).split())
    [platform] = re.findall(r'This constrains the platform tag to "(\S+)"', shown)
    assert openblas_wheel.name == f"openblas-0.3.29-0-py3-none-{platform}.whl"


def test_it_requires_the_openmp_that_it_was_built_on(openblas_wheel: Path) -> None:
    archive = zipfile.ZipFile(openblas_wheel)
    metadata = HeaderParser().parsestr(archive.read("openblas-0.3.29.dist-info/METADATA").decode())
    assert metadata.get_all("Requires-Dist") == ["openmp>=19.1.7"]
    bill = json.loads(archive.read("openblas-0.3.29.dist-info/sboms/openblas.cdx.json"))
    assert "pkg:pypi/openmp@19.1.7" in {one.get("purl") for one in bill["components"]}


# The binaries


@pytest.mark.parametrize(
    ("name", "siblings"), [(GOTOBLAS, set()), (LP64, {GOTOBLAS}), (ILP64, {GOTOBLAS})]
)
def test_it_needs_the_c_library_openmp_and_nothing_else(
    openblas_venv: Venv, name: str, siblings: set[str]
) -> None:
    needed = {n for n in elf.read(library(openblas_venv, name)).needed if "ld-linux" not in n}
    assert siblings <= needed <= {"libc.so.6", "libm.so.6", OMP, *siblings}
    reported = run("ldd", "-r", library(openblas_venv, name))
    assert not re.search("undefined|not found", reported), reported


def test_openmp_is_what_starts_the_threads(openblas_venv: Venv) -> None:
    assert OMP in elf.read(library(openblas_venv, GOTOBLAS)).needed
    for name in (GOTOBLAS, LP64, ILP64):
        binary = elf.read(library(openblas_venv, name))
        taken = {one.name: one.version for one in binary.imports}
        assert "pthread_create" not in taken
        ours = {n: v for n, v in taken.items() if re.match(r"GOMP_|omp_|__kmpc_", n)}
        assert set(ours.values()) == ({"OPENMP_PYWHEEL_5"} if OMP in binary.needed else set())


def test_every_symbol_has_the_node(openblas_venv: Venv) -> None:
    for name in (GOTOBLAS, LP64, ILP64):
        binary = elf.read(library(openblas_venv, name))
        assert {symbol.version for symbol in binary.exports} == {NODE}


@both_sizes
def test_the_names_that_consumers_expect(openblas_venv: Venv, size: str) -> None:
    name, suffix = SIZES[size]
    found = exports(openblas_venv, name)
    expected = (f"{stem}{suffix}" for stem in ("dgemm_", "cblas_dgemm", "LAPACKE_dgesv"))
    assert set(expected) <= found
    assert [symbol for symbol in found if symbol.endswith("64_") != bool(suffix)] == []


# What the OpenBLAS on the index has, release 0.3.34, and ours has not, and why
OTHERS = "0.3.34.*"
NOT_OURS = (
    # for long double: undocumented, and upstream's makefiles alone export them
    r"(?!xerbla)i?[qx][a-z0-9]+_",
    # new in 0.3.30 and later
    r"(cblas_)?[sdcz]gemm_batch(_strided)?_?|openblas_(set_xerbla|cancel)",
    # new in LAPACK after 3.12.1
    r"(LAPACKE_)?[sdcz]gecxx(_work|_)?|[sdcz]larft_lvl2_",
    # LAPACK's own business until 3.11
    r"[sd]combssq_",
    # of the threads, which are libgotoblas's
    r"goto_set_num_threads|openblas_([gs]etaffinity|set_threads_callback_function)",
)


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> Venv:
    """An environment with NumPy, which has its own BLAS, and those that stand alone."""
    venv = make_venv(tmp_path_factory.mktemp("others"))
    wanted = ("numpy", *(f"scipy-{package}=={OTHERS}" for package in ("openblas32", "openblas64")))
    venv.pip("install", "--quiet", "--only-binary", ":all:", *wanted)
    return venv


def theirs(others: Venv, size: str) -> set[str]:
    """Return the names that the other build has, as they are without its prefix and suffix."""
    suffix, package = SIZES[size][1], "64" if SIZES[size][1] else "32"
    [path] = others.root.glob(f"lib/python3.*/site-packages/scipy_openblas{package}/lib/*.so")
    names = elf.read(path).exports_by_name
    assert len(names) > 5000
    public = (name.removeprefix("scipy_") for name in names if "_MOD_" not in name)
    return {name.removesuffix(suffix) for name in public}


def plain(names: set[str], size: str) -> set[str]:
    return {name.removesuffix(SIZES[size][1]) for name in names}


def unexpected(names: set[str]) -> set[str]:
    return {name for name in names if not any(re.fullmatch(one, name) for one in NOT_OURS)}


@both_sizes
def test_it_is_complete(openblas_venv: Venv, others: Venv, size: str) -> None:
    ours = plain(exports(openblas_venv, SIZES[size][0]), size)
    lacking = theirs(others, size) - ours
    assert unexpected(lacking) == set()
    for reason in NOT_OURS:
        assert any(re.fullmatch(reason, name) for name in lacking), reason


HEADERS = {
    "cblas.h": 200,
    "lapacke.h": 2500,
    "f77blas.h": 250,
}  # and how many they declare at least
DECLARED = re.compile(r"\b((?:cblas|LAPACKE|openblas|goto)_\w+|[a-z]\w+_) *\(")


@both_sizes
@pytest.mark.parametrize("header", HEADERS)
def test_what_the_headers_declare_is_there(
    openblas_venv: Venv, others: Venv, size: str, header: str, tmp_path: Path
) -> None:
    """But for what upstream declares and no build has, as LAPACKE's calls of XBLAS."""
    name, suffix = SIZES[size]
    cflags = openblas_venv.ask("-m", "openblas_pywheel", "cflags", size).split()
    source = tmp_path / "it.c"
    source.write_text(f"#include <{header}>\n")
    declared = set(DECLARED.findall(run("cc", "-E", "-P", *cflags, source)))
    found = declared & exports(openblas_venv, name)
    assert len(found) > HEADERS[header]
    assert {symbol for symbol in found if not symbol.endswith(suffix)} == set()
    lacking = plain(declared - found, size)
    assert unexpected(lacking & theirs(others, size)) == set()


# Where OpenBLAS has better ones than the reference LAPACK, and what these start with
OWN = {
    **dict.fromkeys(
        ("getrf", "getrs", "potrf", "getf2", "potf2", "lauum", "trtri"), "blas_memory_alloc"
    ),
    "laswp": "blas_level1_thread",
}


@both_sizes
@pytest.mark.parametrize("routine", OWN)
def test_openblas_s_own_routines_are_not_the_reference_s(
    openblas_venv: Venv, size: str, routine: str
) -> None:
    """They take OpenBLAS's buffers and threads; Fortran's would call Fortran's."""
    name, suffix = SIZES[size]
    for letter in "sdcz":
        function = f"{letter}{routine}_{suffix}"
        called = plain(calls(library(openblas_venv, name), function), size)
        assert OWN[routine] in called
        assert {one for one in called if re.fullmatch(r"[a-z]\w+_", one)} <= {"xerbla_"}


def calls(path: Path, function: str) -> set[str]:
    """Return the functions that one function calls or jumps to, without their versions."""
    told = run("objdump", "--disassemble=" + function, "--no-show-raw-insn", path)
    return set(re.findall(r"\b(?:call|jmp|bl|b)\s+[0-9a-f]+ <([A-Za-z_]\w*)(?:@+\w+)?>", told))


def test_the_kernels_for_avx512_are_what_they_should_be(openblas_venv: Venv) -> None:
    if elf.read(library(openblas_venv, GOTOBLAS)).arch != "x86_64":
        pytest.skip("not for x86-64")
    for letter in "sd":
        told = run(
            *("objdump", f"--disassemble={letter}gemm_kernel_SKYLAKEX", "--no-show-raw-insn"),
            library(openblas_venv, GOTOBLAS),
        )
        assert len(re.findall(r"vfmadd\w+ .*%zmm", told)) > 20


# That it computes

CHECKS = ROOT / "tests" / "samples" / "lapack_checks.py"
BOUND = 1.0  # of precision, size and norm; 0.2 is usual
SMALL = tuple(
    f"{name}=150" for name in ("gemm", "gesv", "getrf", "potrf", "gesvd", "geev", "syevd")
)
LARGE = ("gesv=1200", "getrf=1200", "potrf=700", "gesvd=300", "geev=300", "syevd=1200")


def computed(
    openblas_venv: Venv, others: Venv, size: str, *arguments: str, **variables: str
) -> dict[str, float]:
    name, suffix = SIZES[size]
    files = (library(openblas_venv, name), library(openblas_venv, OMP))
    checks = (others.python, "-I", CHECKS)
    said = run_alone(*checks, *files, f"--suffix={suffix}", *arguments, variables=variables)
    results: dict[str, float] = json.loads(said)
    return results


@both_sizes
def test_lapack_gives_what_it_promises(openblas_venv: Venv, others: Venv, size: str) -> None:
    """In all types, with one thread and with two, small and large."""
    results = computed(openblas_venv, others, size, "--routines", *SMALL, *LARGE)
    assert len(results) == 4 * 2 * len(SMALL + LARGE)
    assert {case: far for case, far in results.items() if not far < BOUND} == {}


# The cores, and what a processor must have for each
CORES = {
    "Prescott": {"pni"},
    "Nehalem": {"sse4_2"},
    "Sandybridge": {"avx"},
    "Haswell": {"avx2", "fma"},
    "SkylakeX": {"avx2", "fma", "avx512f", "avx512cd", "avx512dq", "avx512bw", "avx512vl"},
}
CORE = """
import ctypes, sys
tell = getattr(ctypes.CDLL(sys.argv[1]), "openblas_get_corename" + sys.argv[2])
tell.restype = ctypes.c_char_p
print(tell().decode())
"""


# The first of those whose kernels are the same, as upstream tells it
TOLD = {"Prescott": "Katmai"}


def flags_of_the_processor() -> set[str]:
    told = re.search(r"^flags\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return set(told[1].split()) if told else set()


def corename(venv: Venv, size: str, **variables: str) -> str:
    name, suffix = SIZES[size]
    asked = (venv.python, "-I", "-c", CORE, library(venv, name), suffix)
    return run_alone(*asked, variables=variables).strip()


@pytest.mark.parametrize("core", CORES)
def test_each_core_computes(openblas_venv: Venv, others: Venv, core: str) -> None:
    if not CORES[core] <= flags_of_the_processor():
        pytest.skip(f"this processor is no {core}")
    for size in SIZES:
        assert corename(openblas_venv, size, OPENBLAS_CORETYPE=core) == TOLD.get(core, core)
    routines = ("--routines", "gemm=200", "gesv=200", "syevd=200")
    results = computed(openblas_venv, others, "openblas", *routines, OPENBLAS_CORETYPE=core)
    assert {case: far for case, far in results.items() if not far < BOUND} == {}


def test_the_best_core_is_taken(openblas_venv: Venv) -> None:
    if not CORES["Prescott"] <= flags_of_the_processor():
        pytest.skip("not for x86-64")
    *_, best = (core for core, needed in CORES.items() if needed <= flags_of_the_processor())
    assert {corename(openblas_venv, size) for size in SIZES} == {TOLD.get(best, best)}


# Who is built on it


@both_sizes
@pytest.mark.parametrize("way", WAYS)
def test_the_smoke_program_runs(
    openblas_venv: Venv,
    way: str,
    size: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name, suffix = SIZES[size]
    if suffix:
        monkeypatch.setenv("CFLAGS", "-DILP64")
    program = WAYS[way](openblas_venv, SMOKE, "openblas-pywheel", [size], tmp_path)
    said = run_alone(program, variables={"OMP_NUM_THREADS": "2"})
    bits = 64 if suffix else 32
    assert re.fullmatch(rf"OpenBLAS 0\.3\.29 .*, {bits}-bit integers, 2 threads\n", said)
    ours = {library(openblas_venv, one).resolve() for one in (name, GOTOBLAS, OMP)}
    assert {path for path in loaded(program) if re.search("blas|omp", path.name)} == ours


USE = f"""
import json
import solver32, solver64
{mapped.SOURCE}
told = [[one.bits(), one.solved([[2, 1], [1, 3]], [4, 7])] for one in (solver32, solver64)]
print(json.dumps([told, mapped("blas") + mapped("omp")]))
"""


def test_consumers_of_both_sizes_in_one_process(
    index: Path, openblas_wheel: Path, tmp_path: Path
) -> None:
    """In Cython, by setuptools and by Meson, built in isolation; repair has nothing to add."""
    assert openblas_wheel.parent == index
    venv = make_venv(tmp_path / "venv")
    for consumer in ("cython-lp64", "cython-ilp64"):
        install_example(venv, consumer, index, tmp_path)
    told, files = json.loads(venv.ask("-c", USE))
    assert told == [[[bits, bits], [[1.0, 2.0], [4.0, 7.0]]] for bits in (32, 64)]
    assert files == [str(library(venv, name)) for name in (GOTOBLAS, LP64, ILP64, OMP)]
