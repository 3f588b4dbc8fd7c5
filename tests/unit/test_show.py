from __future__ import annotations

import io
from pathlib import Path

import pytest

from conftest import ROOT
from libwheel import sbom, show, task, wheel
from libwheel.console import Console
from libwheel.errors import BuildError
from libwheel.naming import Tag
from libwheel.recipe import Archive
from libwheel.sbom import Component
from libwheel.wheel import ZIP_EPOCH, Member
from unit import goldens
from unit.binaries.compiled import shared
from unit.staged import write

TAG = Tag("base", "1.0", "1", 2)
NAME = "base-1.0-2-py3-none-manylinux_2_5_x86_64.manylinux1_x86_64.whl"
INFO = wheel.dist_info(TAG)
DATA = "base-1.0.data/data/lib"


@pytest.mark.parametrize("name", ["hdf5", "zlib"])
def test_a_recipe(name: str) -> None:
    loaded = task.load(ROOT / "recipes" / name, None, {"HOME": "/me"}, Console(io.StringIO()))
    goldens.check(f"show-{name}.txt", show.recipe_text(loaded) + "\n")


OPTIONAL = """
schema = 1
abi = "0"
license = "MIT"
requires = ["openmp >= 19"]
[[release]]
version = "1.0"
licenses = ["LICENSE"]
[[release.source]]
debian = "pool/b/blas/blas_{version}.orig.tar.xz"
sha256 = "1111111111111111111111111111111111111111111111111111111111111111"
programs = ["gfortran"]
[[release.source]]
urls = ["https://example.org/blas-{version}.tar.gz"]
sha256 = "2222222222222222222222222222222222222222222222222222222222222222"
[[option]]
name = "threads"
description = "whose threads it uses"
values = ["openmp", "pthreads"]
[build]
system = "cmake"
[[library]]
name = "blas"
description = "BLAS"
headers = []
[[library]]
name = "blas_omp"
description = "BLAS for OpenMP"
headers = []
when = { option = { threads = "openmp" } }
"""
PROJECT = """
[project]
name = "blas"
description = "Linear algebra"
dynamic = ["version", "license", "license-files", "dependencies"]
"""


@pytest.mark.parametrize("threads", ["openmp", "pthreads"])
def test_a_recipe_with_options(tmp_path: Path, threads: str) -> None:
    write(tmp_path / "recipe.toml", OPTIONAL)
    write(tmp_path / "pyproject.toml", PROJECT)
    loaded = task.load(tmp_path, {"threads": threads}, {"HOME": "/me"}, Console(io.StringIO()))
    goldens.check(f"show-options-{threads}.txt", show.recipe_text(loaded) + "\n")


def pack(folder: Path, *members: Member) -> Path:
    return wheel.pack(folder, NAME, INFO, members, ZIP_EPOCH)


def bill() -> Member:
    archive = Archive(sha256="a" * 64, urls=("https://example.org/base-1.0.tar.gz",))
    upstream = Component("base", "1.0", "MIT", (archive,))
    static = (Component("inner", "0.9", "MIT", ()),)
    name = f"{INFO}/sboms/{sbom.path(TAG)}"
    others = [sbom.Other("omp", "2.0")]
    return Member(name, sbom.text(TAG, upstream, static, others).encode())


@pytest.mark.compiles
def test_a_wheel(tmp_path: Path) -> None:
    low = "libbase-pywheel-1.so"
    first = shared(tmp_path / low, "int base_one(void) { return 1; } int base_two(void);")
    code = "int base_one(void); int high(void) { return base_one(); } int more(void) { return 2; }"
    second = shared(tmp_path / "libbase_hl-pywheel-1.so", code, first, "-nostdlib")
    path = pack(
        tmp_path,
        *(Member(f"{DATA}/{found.name}", found.read_bytes()) for found in (first, second)),
        bill(),
    )
    head, blank, titles, one, two, _, *made_of = show.wheel_text(path).splitlines()
    assert head.startswith("base 1.0 build 2, for manylinux1_x86_64, manylinux_2_5_x86_64, 0.0 MB")
    assert not blank
    assert titles.split() == ["library", "SONAME", "ABI", "exports", "size", "floor", "needs"]
    assert one.split()[:4] == [low, low, "1", "1"]
    assert two.split()[:4] == ["libbase_hl-pywheel-1.so", "libbase_hl-pywheel-1.so", "1", "2"]
    assert two.split()[-2:] == ["-", low]  # no symbol of the C library, no floor
    own = "  omp 2.0, in a wheel of its own"
    assert made_of == ["made of", f"  base 1.0, sha256 {'a' * 64}", "  inner 0.9", own]


def refusal(path: Path) -> str:
    with pytest.raises(BuildError) as error:
        show.wheel_text(path)
    return str(error.value)


def test_a_file_with_another_name(tmp_path: Path) -> None:
    path = tmp_path / "base-1.0.tar.gz"
    path.touch()
    assert refusal(path).startswith(f"{path} is not a wheel: ")


def test_a_file_that_is_no_archive(tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.write_text("text")
    assert refusal(path) == f"{path} is not a wheel: File is not a zip file"


@pytest.mark.parametrize("damage", [bytes(40), b"\xff" * 40], ids=["zeros", "ones"])
def test_an_archive_that_is_damaged(tmp_path: Path, damage: bytes) -> None:
    path = pack(tmp_path, Member(f"{DATA}/libbase-pywheel-1.so", bytes(range(256)) * 9))
    content = bytearray(path.read_bytes())
    content[75:115] = damage
    path.write_bytes(content)
    assert refusal(path).startswith(f"{path} is not a wheel: ")


def test_a_wheel_of_another_kind(tmp_path: Path) -> None:
    path = pack(tmp_path, Member("base/_extension.so", b""))
    assert refusal(path) == (
        f"{path} is not a library wheel: it has none of data/lib/*.so, data/lib/*.dylib, "
        "data/Library/bin/*.dll"
    )


def test_a_library_that_is_none(tmp_path: Path) -> None:
    path = pack(tmp_path, Member(f"{DATA}/libbase.so", b"INPUT(libbase.so.1)"))
    assert "libbase.so: is no shared library and no program" in refusal(path)


@pytest.mark.compiles
def test_somebody_else_s_library_wheel(tmp_path: Path) -> None:
    found = shared(tmp_path / "libbase.so", "int one(void) { return 1; }", script="")
    path = pack(
        tmp_path,
        Member(f"{DATA}/libbase.so", found.read_bytes()),
        Member(f"{INFO}/sboms/a.cdx.json", b'{"components": [{"name": "base"}, {"hashes": [{}]}]}'),
        Member(f"{INFO}/sboms/b.cdx.json", b"{}"),
    )
    _, _, _, row, *_, made_of, nameless = show.wheel_text(path).splitlines()
    assert row.split()[:4] == ["libbase.so", "libbase.so", "-", "1"]
    assert made_of == "  base of no version"
    assert nameless == "  something without a name of no version"
