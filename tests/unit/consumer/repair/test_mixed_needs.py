from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from libwheel.binaries.binary import Import, Symbol
from libwheel.consumer.library_wheels import LibraryWheel
from libwheel.consumer.repair import mixed_needs
from libwheel.consumer.repair.elf_members import ElfMember
from libwheel.consumer.repair.library_needs import Library, Need
from libwheel.errors import BuildError
from libwheel.locator import Offer
from unit.consumer.consumers import EXTENSION, library_wheel, member, takes

LP64, ILP64 = "libopenblas-pywheel-0.so", "libopenblas_64-pywheel-0.so"
OMP, GOMP = "libomp-pywheel-5.so", "libgomp.so.1"
BLAS_NODE, OMP_NODE = "OPENBLAS_PYWHEEL_0", "OPENMP_PYWHEEL_5"


def offer(file: str, *conflicts: str, cflags: str = "") -> Offer:
    return {
        "file": file,
        "link": "",
        "include": ".",
        "requires": [],
        "cflags": cflags.split(),
        "libs": [],
        "conflicts": list(conflicts),
    }


def described(wheel: LibraryWheel, **offers: Offer) -> LibraryWheel:
    return replace(wheel, constants=replace(wheel.constants, offers=offers))


def library(
    wheel: LibraryWheel, file: str, node: str, names: Iterable[str], *needed: str
) -> Library:
    """Return a library as if it had been read; without a node its symbols carry no versions."""
    found = Library(file, wheel)
    vars(found)["binary"] = replace(
        EXTENSION,
        soname=file,
        needed=needed,
        exports=tuple(Symbol(name, node or None, is_default=True) for name in names),
        version_nodes=tuple(filter(None, [node])),
    )
    return found


OPENBLAS = described(
    library_wheel("0.3.29", name="openblas", files=(LP64, ILP64)),
    openblas=offer(LP64, "openblas64"),
    openblas64=offer(ILP64),
)
OPENMP = described(
    library_wheel("19.1.7", name="openmp", files=(OMP,)),
    omp=offer(OMP),
    openmp=offer(OMP, cflags="-fopenmp"),
)
INSTALLED = {
    LP64: library(OPENBLAS, LP64, BLAS_NODE, ["dgemm_", "cblas_dgemm"], OMP),
    ILP64: library(OPENBLAS, ILP64, BLAS_NODE, ["dgemm_64_", "cblas_dgemm64_"], OMP),
    OMP: library(OPENMP, OMP, OMP_NODE, ["omp_get_max_threads", "GOMP_parallel"]),
}


def unbound(name: str) -> Import:
    """What the linker has found in no library."""
    return takes(name, None, node=None)


def bound(name: str, file: str) -> Import:
    return takes(name, file, node=BLAS_NODE)


def refused(*members: ElfMember, own: tuple[ElfMember, ...] = ()) -> str:
    with pytest.raises(BuildError) as caught:
        mixed_needs.refuse(members, own, INSTALLED)
    return str(caught.value)


def accepted(*members: ElfMember, own: tuple[ElfMember, ...] = ()) -> tuple[str, ...]:
    """Return the warnings."""
    mixed_needs.refuse(members, own, INSTALLED)
    needs = [
        Need(one, INSTALLED[name])
        for one in members
        for name in one.binary.needed
        if name in INSTALLED
    ]
    return mixed_needs.warnings(members, needs)


def test_names_of_32_bit_integers_from_the_other_library() -> None:
    assert refused(member("a.so", ILP64, takes=(unbound("dgemm_"), unbound("malloc")))) == (
        f"a.so: dgemm_ is not in {ILP64} of openblas 0.3.29, which has dgemm_64_: was this built "
        "for 32-bit integers (LP64)? Then link openblas-pywheel; else compile with the names that "
        f"{ILP64} has"
    )


def test_names_of_64_bit_integers_from_the_other_library() -> None:
    taken = (unbound("dgemm_64_"), unbound("cblas_dgemm64_"))
    said = refused(member("a.so", LP64, takes=taken))
    assert f"dgemm_64_ and cblas_dgemm64_ are not in {LP64} of openblas 0.3.29, which" in said
    assert "has dgemm_ and cblas_dgemm: was this built for 64-bit integers (ILP64)? Then" in said
    assert "Then link openblas64-pywheel; else" in said


def test_a_build_that_has_one_size_only() -> None:
    one = {LP64: INSTALLED[LP64]}
    wrong = member("a.so", LP64, takes=(unbound("dgemm_64_"),))
    with pytest.raises(BuildError, match="Then link a library that has dgemm_64_; else compile"):
        mixed_needs.refuse([wrong], (), one)


def test_names_that_come_from_elsewhere() -> None:
    taken = (unbound("dgemm_"),)
    own = member("guest.libs/libown.so", gives=("dgemm_",))
    assert accepted(member("a.so", ILP64, takes=taken), own=(own,)) == ()
    assert accepted(member("a.so", ILP64, "libblas.so.3", takes=taken)) == ()
    weak = Import("dgemm_", None, None, weak=True)
    assert accepted(member("a.so", ILP64, takes=(weak,))) == ()
    assert accepted(member("a.so", takes=taken)) == ()


def test_what_the_compiler_adds_is_no_elsewhere() -> None:
    taken = (unbound("dgemm_"),)
    assert "dgemm_ is not in" in refused(member("a.so", ILP64, "libgfortran.so.5", takes=taken))


def test_both_in_one_extension() -> None:
    taken = (bound("dgemm_", LP64), bound("dgemm_64_", ILP64))
    said = refused(member("a.so", LP64, ILP64, takes=taken))
    assert said.startswith(f"a.so: takes symbols of {LP64} and of {ILP64}, of which one extension")


def test_one_each_in_two_extensions() -> None:
    one = member("a.so", LP64, takes=(bound("dgemm_", LP64),))
    other = member("b.so", ILP64, takes=(bound("dgemm_64_", ILP64),))
    assert accepted(one, other) == ()


def test_one_that_is_linked_and_not_used_is_a_warning() -> None:
    [said] = accepted(member("a.so", LP64, ILP64, takes=(bound("dgemm_", LP64),)))
    assert f"a.so needs {LP64} and {ILP64}, of which an extension may have one" in said
    assert f"and takes nothing of {ILP64}: link without it, or with -Wl,--as-needed" in said


def test_without_versions_it_cannot_be_told_what_is_used() -> None:
    plain = {file: library(OPENBLAS, file, "", ["dgemm_"]) for file in (LP64, ILP64)}
    with pytest.raises(BuildError, match="takes symbols of"):
        mixed_needs.refuse([member("a.so", LP64, ILP64)], (), plain)


@pytest.mark.parametrize("name", [GOMP, "libgomp-e985bcbb.so.1.0.0", "libiomp5.so", "libomp.so.5"])
def test_two_runtimes_in_one_extension(name: str) -> None:
    said = refused(member("a.so", name, OMP))
    assert said.startswith(f"a.so: needs {name} and {OMP}, two OpenMP runtimes: -fopenmp on the")
    assert f"link {OMP} without it, as openmp-pywheel of pkg-config has it; or put" in said


def test_a_second_runtime_in_another_extension_is_a_warning() -> None:
    [said] = accepted(member("a.so", OMP), member("b.so", GOMP))
    assert said.startswith(f"b.so: {GOMP} is an OpenMP runtime beside the one of {OMP}: two pools")


def test_a_second_runtime_beside_a_library_that_runs_on_ours() -> None:
    [said] = accepted(member("a.so", LP64, GOMP, takes=(bound("dgemm_", LP64),)))
    assert said.startswith(f"a.so: {GOMP} is an OpenMP runtime beside the one of {LP64}: two pools")


def test_a_runtime_alone_is_no_matter() -> None:
    assert accepted(member("a.so", OMP)) == ()
    assert accepted(member("a.so", GOMP)) == ()
