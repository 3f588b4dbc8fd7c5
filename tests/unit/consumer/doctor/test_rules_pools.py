from __future__ import annotations

from pathlib import Path

import pytest

from libwheel.consumer.doctor import rules_pools
from libwheel.consumer.doctor.objects import Object
from libwheel.consumer.doctor.report import (
    About,
    Copy,
    Diagnosis,
    Imports,
    Mapped,
    Rule,
    Severity,
)
from libwheel.consumer.doctor.rules_copies import several_copies
from libwheel.consumer.doctor.rules_pools import several_pools
from libwheel.consumer.packages import Package
from libwheel.consumer.pools import Pool
from libwheel.naming import Tag
from unit.binaries.compiled import shared
from unit.consumer.installed import install_library_wheel
from unit.consumer.surveys import extension, names, package, survey, thing

LIBGOMP = {"omp_get_max_threads", "GOMP_parallel", *names("GOMP", 60)}
LIBOMP = {*LIBGOMP, "__kmpc_fork_call", *names("__kmpc", 90)}
LP64 = {"ddot_", "dgemm_", "dtrsm_", *(f"{name}_" for name in names("lapack", 60))}
ILP64 = {f"{name}64_" for name in LP64}
SCIPY = {f"scipy_{name}" for name in ILP64}
OPENMP = Tag("openmp", "19.1.7", "5", 0)
OPENBLAS = Tag("openblas", "0.3.29", "0", 0)


def found(prefix: Path, *objects: Object) -> list[Diagnosis]:
    return sorted(several_pools(survey(prefix, objects)))


def gomp(owner: Package, hash_: str = "e985bcbb") -> Object:
    name = f"libgomp-{hash_}.so.1.0.0"
    return thing(owner, f"{owner.name}.libs/{name}", LIBGOMP, soname=name)


def openmp(prefix: Path) -> Object:
    """Install the library wheel."""
    install_library_wheel(prefix, OPENMP, {"omp": b"a library"})
    [owner] = (one for one in survey(prefix).packages if one.name == "openmp")
    name = OPENMP.library_file("omp")
    return thing(owner, f"../../{name}", LIBOMP, soname=name)


def openblas(prefix: Path) -> tuple[Object, Object]:
    install_library_wheel(prefix, OPENBLAS, {"openblas": b"one", "openblas_64": b"other"})
    [owner] = (one for one in survey(prefix).packages if one.name == "openblas")
    files = [OPENBLAS.library_file(stem) for stem in ("openblas", "openblas_64")]
    one, other = (
        thing(owner, f"../../{name}", exports, soname=name)
        for name, exports in zip(files, (LP64, ILP64), strict=True)
    )
    return one, other


def test_one_of_each_is_right(tmp_path: Path) -> None:
    assert found(tmp_path, openmp(tmp_path), *openblas(tmp_path)) == []


def test_both_sizes_of_integers_of_one_wheel_are_one_blas(tmp_path: Path) -> None:
    here = survey(tmp_path, openblas(tmp_path))
    assert [*several_pools(here), *several_copies(here)] == []


def test_two_openmp_runtimes(tmp_path: Path) -> None:
    private = gomp(package("scikit-learn", tmp_path))
    assert found(tmp_path, openmp(tmp_path), private) == [
        Diagnosis(
            Severity.FAULT,
            Rule.SEVERAL_OPENMP,
            About.LIBRARY,
            "OpenMP",
            "2 OpenMP runtimes are here: libomp-pywheel-5.so of openmp 19.1.7; "
            "libgomp-e985bcbb.so.1.0.0 of scikit-learn 1.0; each has its own threads, as many as "
            "there are processors, and loops of one wait while the other's spin; a process that "
            "forks after a loop of libgomp's hangs in its next one; no file here loads two of them "
            "by itself; a process that imports the packages of both does, which `libwheel doctor "
            "--import MODULE` shows",
            "build what uses those of scikit-learn from source against openmp 19.1.7, and run "
            "`libwheel repair` on the wheels, or ask their maintainers for it; until then "
            "threadpoolctl can limit each",
        )
    ]


def test_two_copies_of_one_runtime_are_told_once(tmp_path: Path) -> None:
    files = [gomp(package(name, tmp_path)) for name in ("one", "two")]
    here = survey(tmp_path, files)
    assert list(several_copies(here)) == []
    [fault] = several_pools(here)
    assert "against one library wheel, such as openmp, and run" in fault.remedy


def test_what_a_wheel_has_in_a_file_apart_is_told_once_too(tmp_path: Path) -> None:
    kernels = names("kernel", 90)
    files = {"openblas": b"calls", "gotoblas": b"kernels"}
    install_library_wheel(tmp_path, OPENBLAS, files)
    [owner] = (one for one in survey(tmp_path).packages if one.name == "openblas")
    calls, apart = (OPENBLAS.library_file(stem) for stem in files)
    private = thing(package("numpy", tmp_path), "numpy.libs/libblas.so", {*LP64, *kernels})
    here = survey(
        tmp_path,
        [
            thing(owner, f"../../{calls}", LP64, soname=calls),
            thing(owner, f"../../{apart}", kernels, soname=apart),
            private,
        ],
    )
    assert [one.rule for one in several_pools(here)] == [Rule.SEVERAL_BLAS]
    assert list(several_copies(here)) == []


def test_llvm_s_and_intel_s_refuse_each_other(tmp_path: Path) -> None:
    intel = thing(package("intel-openmp", tmp_path), "../../libiomp5.so", LIBOMP)
    [fault] = found(tmp_path, openmp(tmp_path), intel)
    assert "end a process in which the second one starts (OMP: Error #15)" in fault.message
    assert "KMP_DUPLICATE_LIB_OK only hides why" in fault.message
    assert "libgomp's" not in fault.message


def test_two_blas_of_any_name(tmp_path: Path) -> None:
    numpy = thing(package("numpy", tmp_path), "numpy.libs/libscipy_openblas64_-1a.so", SCIPY)
    other = {"ddot_", "dgemm_", "dtrsm_", *names("mkl", 300)}
    files = [f"../../libmkl_{kind}.so.3" for kind in ("rt", "intel_lp64")]
    mkl = [thing(package("mkl", tmp_path), file, other) for file in files]
    [fault] = found(tmp_path, numpy, *mkl)
    assert (fault.severity, fault.rule, fault.subject) == (Severity.FAULT, "several-blas", "BLAS")
    assert fault.message.startswith(
        "2 BLAS are here: libmkl_intel_lp64.so.3 and libmkl_rt.so.3 of mkl 1.0; "
        "libscipy_openblas64_-1a.so of numpy 1.0; "
    )


def test_what_one_package_has_twice_is_its_makers_affair(tmp_path: Path) -> None:
    owner = package("one", tmp_path)
    [note] = found(tmp_path, gomp(owner), thing(owner, "one.libs/libiomp5.so", {*LIBOMP, "more"}))
    assert (note.severity, note.rule) == (Severity.NOTE, "several-openmp")
    assert note.remedy == "nothing; the makers of one could do with one of them"


def test_a_file_that_loads_both(tmp_path: Path) -> None:
    private, ours = gomp(package("one", tmp_path)), openmp(tmp_path)
    one = extension(package("one", tmp_path), "one/ext.so")
    loads = {one.path: {private.name: private.path, ours.name: ours.path}}
    [fault] = several_pools(survey(tmp_path, [private, ours, one], loads))
    assert "; ext.so of one 1.0 loads two of them" in fault.message


@pytest.mark.compiles
def test_the_host_s_runtime_counts_where_a_file_needs_it(tmp_path: Path) -> None:
    source = "void GOMP_parallel(void) {} int omp_get_max_threads(void) { return 1; }"
    host = shared(tmp_path / "host/libgomp.so.1", source)
    ours, one = openmp(tmp_path), extension(package("one", tmp_path), "one/ext.so")
    [fault] = several_pools(survey(tmp_path, [ours, one], {one.path: {host.name: host}}))
    assert f"libomp-pywheel-5.so of openmp 19.1.7; {host}; each has" in fault.message
    assert fault.remedy.startswith("build what uses those of one from source against openmp 19")


@pytest.mark.compiles
@pytest.mark.parametrize("starts", [True, False])
def test_a_blas_with_threads_of_its_own(tmp_path: Path, *, starts: bool) -> None:
    numpy = package("numpy", tmp_path)
    path = numpy.path("numpy.libs/libopenblas.so")
    call = "int pthread_create(void); int start(void) { return pthread_create(); }"
    shared(path, call if starts else "int start(void) { return 1; }")
    blas = thing(numpy, "numpy.libs/libopenblas.so", LP64)
    assert found(tmp_path, blas) == []
    notes = found(tmp_path, blas, openmp(tmp_path))
    assert [(note.severity, note.rule) for note in notes] == [
        (Severity.NOTE, "several-pools")
    ] * starts
    for note in notes:
        assert note.message.startswith(
            "libopenblas.so of numpy 1.0 starts threads of its own, beside those of "
            "libomp-pywheel-5.so of openmp 19.1.7: small products"
        )
        assert "OPENBLAS_NUM_THREADS=1" in note.remedy


# In a process

LIB = Path("/env/lib")


def copy(name: str, owner: str, pool: Pool, library: str, *, is_shared: bool = False) -> Copy:
    path = LIB / owner / name
    return Copy(library, path, name, owner, "1.0", is_shared, 1000, pool=pool)


def mapped(path: Path, pool: Pool, known: Copy | None = None) -> Mapped:
    return Mapped(path, path.name, 1000, "one", (), known.path if known else None, "x", pool)


GOMP = copy("libgomp-1.so", "one", Pool.OPENMP, "gomp")
OMP = copy("libomp-pywheel-5.so", "openmp", Pool.OPENMP, "omp", is_shared=True)


def judged(*files: Mapped, copies: tuple[Copy, ...] = (GOMP, OMP)) -> list[Diagnosis]:
    return list(rules_pools.in_process(Imports(("one",), files, ()), copies))


def test_two_runtimes_in_one_process() -> None:
    [fault] = judged(mapped(GOMP.path, Pool.OPENMP, GOMP), mapped(OMP.path, Pool.OPENMP, OMP))
    assert (fault.severity, fault.rule) == (Severity.FAULT, "several-openmp")
    assert fault.message.startswith(
        "2 OpenMP runtimes are in one process: libgomp-1.so of one 1.0; libomp-pywheel-5.so of "
        "openmp 1.0; each has"
    )


def test_the_host_s_runtime_beside_ours() -> None:
    host = Path("/usr/lib/libgomp.so.1")
    [fault] = judged(mapped(OMP.path, Pool.OPENMP, OMP), mapped(host, Pool.OPENMP))
    assert fault.severity is Severity.FAULT
    assert fault.remedy.startswith("build what needs libgomp.so.1 from source against openmp 1.0")


def test_none_of_the_environment_s_is_a_note() -> None:
    files = [Path("/usr/lib/libgomp.so.1"), Path("/opt/libomp.so")]
    [note] = judged(*(mapped(file, Pool.OPENMP) for file in files))
    assert note.severity is Severity.NOTE
    assert note.remedy.startswith("nothing in this environment")


def test_one_library_of_two_layers_is_told_elsewhere() -> None:
    below = Path("/below/lib", OMP.path.name)
    assert judged(mapped(OMP.path, Pool.OPENMP, OMP), mapped(below, Pool.OPENMP)) == []


def test_both_sizes_of_integers_in_one_process() -> None:
    files = [
        copy(f"lib{stem}-pywheel-0.so", "openblas", Pool.BLAS, "openblas", is_shared=True)
        for stem in ("openblas", "openblas_64")
    ]
    assert judged(*(mapped(one.path, Pool.BLAS, one) for one in files), copies=tuple(files)) == []


def test_what_the_imports_have_loaded_of_it() -> None:
    told = Diagnosis(
        Severity.FAULT, Rule.SEVERAL_OPENMP, About.LIBRARY, "OpenMP", "2 are here", "do it"
    )
    one = Imports(("one", "two"), (mapped(GOMP.path, Pool.OPENMP, GOMP),), ())
    said = rules_pools.loaded(told, one).message
    assert said == "2 are here; importing one and two has loaded libgomp-1.so of them"
    none = rules_pools.loaded(told, Imports(("one",), (), ())).message
    assert none == "2 are here; importing one has loaded none of them"
