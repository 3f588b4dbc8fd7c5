from __future__ import annotations

import os
import struct
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from libwheel import cmake_config
from libwheel.naming import Tag
from libwheel.staging import Role, StagedLibrary
from unit import goldens
from unit.staged import (
    BLAS,
    BLAS_TAG,
    MACOS,
    OMP,
    OMP_TAG,
    ONE,
    SITE,
    TAG,
    TWO,
    WINDOWS,
    Texts,
    install,
    program,
    site,
    two,
)

POINTER = struct.calcsize("P")
HL = "hdf5-pywheel::hdf5_hl"


def texts(libraries: tuple[StagedLibrary, ...], pointer: int = POINTER, tag: Tag = TAG) -> Texts:
    return cmake_config.texts(tag, libraries, pointer)


@pytest.mark.parametrize(
    ("name", "libraries", "tag"),
    [
        ("one", ONE, TAG),
        ("two", TWO, TAG),
        ("flags", OMP, OMP_TAG),
        ("foreign", BLAS, BLAS_TAG),
        ("macos", two(MACOS), MACOS),
        ("windows", two(WINDOWS), WINDOWS),
    ],
)
def test_the_files(name: str, libraries: tuple[StagedLibrary, ...], tag: Tag) -> None:
    for (role, path), text in texts(libraries, 8, tag).items():
        goldens.check(f"cmake-{name}-{role.name.lower()}-{path.name}", text)


@pytest.mark.parametrize(
    ("tag", "folder"),
    [(TAG, "lib"), (MACOS, "lib"), (WINDOWS, "Library/lib")],
    ids=["linux", "macos", "windows"],
)
def test_they_stand_beside_the_libraries_and_in_the_locator(tag: Tag, folder: str) -> None:
    names = ("hdf5-pywheel-config.cmake", "hdf5-pywheel-config-version.cmake")
    assert set(texts(two(tag), tag=tag)) == {
        *((Role.CMAKE, PurePosixPath(folder, "cmake/hdf5-pywheel", name)) for name in names),
        *((Role.LOCATOR, PurePosixPath("hdf5_pywheel/cmake", name)) for name in names),
    }


# Asked by CMake itself, in a project without a language: no compiler is run.


def configure(
    prefix: Path,
    words: str,
    after: Sequence[str] = (),
    languages: str = "NONE",
    package: str = "hdf5-pywheel",
) -> list[str]:
    """Return what a project prints that says ``find_package(hdf5-pywheel <words>)``."""
    project = prefix.parent / "project"
    project.mkdir(exist_ok=True)
    lines = (
        "cmake_minimum_required(VERSION 3.15)",
        f"project(consumer LANGUAGES {languages})",
        "set_property(GLOBAL PROPERTY TARGET_SUPPORTS_SHARED_LIBS TRUE)",
        f"find_package({package} {words})",
        f'message("found: ${{{package}_FOUND}}")',
        *after,
    )
    (project / "CMakeLists.txt").write_text("\n".join(lines), encoding="utf-8")
    done = subprocess.run(
        (program("cmake"), "-S", project, "-B", project / "build", "-G", "Ninja"),
        env={
            "PATH": f"{Path(program('ninja')).parent}:{os.environ['PATH']}",
            "CMAKE_PREFIX_PATH": str(prefix),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.stdout.splitlines()


@pytest.fixture(params=["plain", "with a space"])
def prefix(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return install(texts(TWO), TWO, tmp_path / request.param)


def show(target: str, *properties: str) -> list[str]:
    """Return CMake code that prints properties of a target."""
    code = []
    for name in properties:
        code += [f"get_target_property(value {target} {name})", f'message("{name}=${{value}}")']
    return code


def test_the_targets_name_the_files_that_are_there(prefix: Path) -> None:
    names = ("IMPORTED_LOCATION", "IMPORTED_SONAME", "INTERFACE_INCLUDE_DIRECTORIES")
    code = show(HL, *names, "INTERFACE_LINK_LIBRARIES", "TYPE")
    shown = configure(prefix, "REQUIRED", code)
    assert f"IMPORTED_LOCATION={prefix}/lib/libhdf5_hl-pywheel-310.so" in shown
    assert "IMPORTED_SONAME=libhdf5_hl-pywheel-310.so" in shown
    assert f"INTERFACE_INCLUDE_DIRECTORIES={prefix}/include/hdf5-pywheel" in shown
    assert "INTERFACE_LINK_LIBRARIES=hdf5-pywheel::hdf5" in shown
    assert "TYPE=SHARED_LIBRARY" in shown


def test_of_macos_the_name_is_one_that_the_rpath_leads_to(tmp_path: Path) -> None:
    libraries = two(MACOS)
    prefix = install(texts(libraries, tag=MACOS), libraries, tmp_path / "prefix", MACOS)
    shown = configure(prefix, "REQUIRED", show(HL, "IMPORTED_LOCATION", "IMPORTED_SONAME"))
    assert f"IMPORTED_LOCATION={prefix}/lib/libhdf5_hl-pywheel-310.dylib" in shown
    assert "IMPORTED_SONAME=@rpath/libhdf5_hl-pywheel-310.dylib" in shown


def test_on_windows_the_linker_is_given_the_import_library(tmp_path: Path) -> None:
    libraries = two(WINDOWS)
    prefix = install(texts(libraries, tag=WINDOWS), libraries, tmp_path / "prefix", WINDOWS)
    names = ("IMPORTED_LOCATION", "IMPORTED_IMPLIB", "INTERFACE_INCLUDE_DIRECTORIES")
    for words in (
        f'REQUIRED PATHS "{prefix}/Library" NO_DEFAULT_PATH',
        f'REQUIRED PATHS "{prefix / site(WINDOWS)}/hdf5_pywheel" NO_DEFAULT_PATH',
    ):
        shown = configure(prefix, words, show(HL, *names))
        assert f"IMPORTED_LOCATION={prefix}/Library/bin/hdf5_hl-pywheel-310.dll" in shown
        assert f"IMPORTED_IMPLIB={prefix}/Library/lib/hdf5_hl-pywheel-310.lib" in shown
        include = f"{prefix}/Library/include/hdf5-pywheel"
        assert f"INTERFACE_INCLUDE_DIRECTORIES={include}" in shown


@pytest.mark.parametrize("file", ["bin/hdf5_hl-pywheel-310.dll", "lib/hdf5_hl-pywheel-310.lib"])
def test_on_windows_either_file_may_be_the_one_that_is_gone(tmp_path: Path, file: str) -> None:
    libraries = two(WINDOWS)
    prefix = install(texts(libraries, tag=WINDOWS), libraries, tmp_path / "prefix", WINDOWS)
    (prefix / "Library" / file).unlink()
    words = f'REQUIRED PATHS "{prefix}/Library" NO_DEFAULT_PATH'
    shown = " ".join(" ".join(configure(prefix, words)).split())
    assert f"{prefix}/Library/{file} is not there: install it again" in shown


def test_it_leaves_nothing_of_its_own_behind(prefix: Path) -> None:
    code = (
        'message("minimum: ${CMAKE_MINIMUM_REQUIRED_VERSION}")',
        "get_cmake_property(names VARIABLES)",
        'list(FILTER names INCLUDE REGEX "_libwheel")',
        'message("left: [${names}]")',
    )
    shown = configure(prefix, "REQUIRED", code)
    assert "minimum: 3.15" in shown
    assert "left: []" in shown


def test_it_may_be_looked_for_twice(prefix: Path) -> None:
    again = ["find_package(hdf5-pywheel REQUIRED)", 'message("again: ${hdf5-pywheel_FOUND}")']
    assert "again: 1" in configure(prefix, "REQUIRED", again)


def test_the_locator_s_copy_leads_to_it(prefix: Path) -> None:
    locator = prefix / SITE / "hdf5_pywheel"
    words = f'1.14 REQUIRED PATHS "{locator}" NO_DEFAULT_PATH'
    code = ('message("by ${hdf5-pywheel_CONFIG}")', *show(HL, "IMPORTED_LOCATION"))
    shown = configure(prefix, words, code)
    assert f"by {locator}/cmake/hdf5-pywheel-config.cmake" in shown
    assert f"IMPORTED_LOCATION={prefix}/lib/libhdf5_hl-pywheel-310.so" in shown


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("", True),
        ("1.14.5", True),
        ("1", True),
        ("1.8", True),
        ("1.14.6", False),
        ("2", False),
        ("0.9", False),
        ("1.14.5 EXACT", True),
        ("1.14 EXACT", False),
        ("1.14.4 EXACT", False),
        ("1.8...2", True),
        ("1.8...1.14.5", True),
        ("1.8...<1.14.5", False),
        ("1.14.6...3", False),
        ("0.1...5", True),
    ],
)
def test_versions(tmp_path: Path, words: str, found: bool) -> None:
    prefix = install(texts(TWO), TWO, tmp_path / "prefix")
    assert f"found: {int(found)}" in configure(prefix, words)


def test_another_pointer_size_does_not_fit(tmp_path: Path) -> None:
    prefix = install(texts(ONE, 12 - POINTER), ONE, tmp_path / "prefix")
    code = (
        f"set(CMAKE_SIZEOF_VOID_P {POINTER})",
        "find_package(hdf5-pywheel QUIET)",
        'message("then: ${hdf5-pywheel_FOUND}")',
    )
    shown = configure(prefix, "", code)
    assert "found: 1" in shown  # without a language nothing is known of pointers
    assert "then: 0" in shown


def test_components_that_are_there(prefix: Path) -> None:
    code = ['message("parts: ${hdf5-pywheel_hdf5_FOUND} ${hdf5-pywheel_hdf5_hl_FOUND}")']
    shown = configure(prefix, "REQUIRED COMPONENTS hdf5 hdf5_hl", code)
    assert "found: 1" in shown
    assert "parts: TRUE TRUE" in shown


def test_a_component_that_is_not_there_is_named(prefix: Path) -> None:
    shown = " ".join(" ".join(configure(prefix, "COMPONENTS hdf5 hdf5_cpp REQUIRED")).split())
    assert "this hdf5-pywheel (1.14.5) has no hdf5_cpp; it has hdf5, hdf5_hl" in shown
    assert "found: 1" not in shown


def test_an_optional_component_may_be_missing(prefix: Path) -> None:
    code = ['message("part: [${hdf5-pywheel_hdf5_cpp_FOUND}]")']
    shown = configure(prefix, "REQUIRED OPTIONAL_COMPONENTS hdf5_cpp", code)
    assert "found: 1" in shown
    assert "part: []" in shown


def test_a_library_that_is_not_there_is_named(prefix: Path) -> None:
    file = prefix / "lib" / "libhdf5_hl-pywheel-310.so"
    file.unlink()
    shown = " ".join(" ".join(configure(prefix, "REQUIRED")).split())
    assert f"{file} is not there: install it again" in shown
    assert "found: 0" in " ".join(configure(prefix, "QUIET"))


@pytest.mark.compiles
@pytest.mark.parametrize(("pointer", "found"), [(POINTER, 1), (12 - POINTER, 0)])
def test_a_compiler_tells_the_pointer_size(tmp_path: Path, pointer: int, found: int) -> None:
    prefix = install(texts(ONE, pointer), ONE, tmp_path / "prefix")
    assert f"found: {found}" in configure(prefix, "QUIET", languages="C")


def test_the_major_version_is_the_wheel_s() -> None:
    tag = replace(TAG, version="2.0.0")
    (version,) = (
        text
        for (role, path), text in cmake_config.texts(tag, ONE, 8).items()
        if role is Role.CMAKE and path.name.endswith("-version.cmake")
    )
    assert 'PACKAGE_FIND_VERSION_MAJOR STREQUAL "2"' in version


# One that needs another library wheel.


@pytest.fixture
def both(tmp_path: Path) -> Path:
    prefix = tmp_path / "with a space"
    install(texts(OMP, tag=OMP_TAG), OMP, prefix, OMP_TAG)
    return install(texts(BLAS, tag=BLAS_TAG), BLAS, prefix, BLAS_TAG)


def ask(prefix: Path, words: str, *code: str, languages: str = "NONE") -> str:
    shown = configure(prefix, words, code, languages, package="openblas-pywheel")
    return " ".join(" ".join(shown).split())


def test_the_wheel_that_it_needs_is_found_with_it(both: Path) -> None:
    names = ("INTERFACE_LINK_LIBRARIES", "INTERFACE_INCLUDE_DIRECTORIES")
    code = show("openblas-pywheel::openblas64", *names)
    shown = ask(both, "REQUIRED", *code, *show("openmp-pywheel::omp", "IMPORTED_LOCATION"))
    assert "INTERFACE_LINK_LIBRARIES=openmp-pywheel::omp" in shown
    folder = both / "include/openblas-pywheel/openblas64"
    assert f"INTERFACE_INCLUDE_DIRECTORIES={folder}" in shown
    assert f"IMPORTED_LOCATION={both}/lib/libomp-pywheel-5.so" in shown


def test_it_is_found_beside_it_where_cmake_s_path_leads_to_neither(both: Path) -> None:
    folder = both / "lib/cmake/openblas-pywheel"
    shown = ask(both / "elsewhere", f'REQUIRED PATHS "{folder}" NO_DEFAULT_PATH')
    assert "found: 1" in shown


def test_where_it_is_not_there_the_message_names_it(both: Path) -> None:
    (both / "lib/cmake/openmp-pywheel/openmp-pywheel-config.cmake").unlink()
    shown = ask(both, "REQUIRED")
    assert 'Could not find a package configuration file provided by "openmp-pywheel"' in shown
    assert "found: 1" not in shown


@pytest.mark.parametrize(("version", "found"), [("18.1.8", 0), ("19.1.7", 1), ("20.1.8", 1)])
def test_it_may_be_newer_but_not_older(both: Path, version: str, found: int) -> None:
    tag = replace(OMP_TAG, version=version)
    install(texts(OMP, tag=tag), OMP, both, tag)
    shown = ask(both, "")
    assert f"found: {found}" in shown
    told = f"it needs openmp-pywheel 19.1.7, and {both}/lib/cmake/openmp-pywheel/"
    assert (told in shown) is not bool(found)
    assert ("openmp-pywheel-config.cmake is 18.1.8" in shown) is not bool(found)


def test_flags_are_for_the_languages_that_have_them(both: Path) -> None:
    names = ("INTERFACE_COMPILE_OPTIONS", "INTERFACE_LINK_LIBRARIES", "IMPORTED_LOCATION")
    code = show("openmp-pywheel::openmp", *names)
    shown = configure(both, "REQUIRED", code, package="openmp-pywheel")
    flag = "$<$<COMPILE_LANGUAGE:C,CXX,Fortran>:-fopenmp>"
    assert f"INTERFACE_COMPILE_OPTIONS={flag}" in shown
    assert "INTERFACE_LINK_LIBRARIES=-Wl,--no-as-needed;-Wl,--as-needed" in shown
    assert f"IMPORTED_LOCATION={both}/lib/libomp-pywheel-5.so" in shown


def test_a_library_that_this_variant_lacks(both: Path) -> None:
    tag, alone = replace(BLAS_TAG, variant="lp64"), (replace(BLAS[0], conflicts=()),)
    install(texts(alone, tag=tag), alone, both, tag)
    shown = ask(both, "REQUIRED COMPONENTS openblas64")
    assert "this openblas-pywheel (0.3.29+lp64) has no openblas64; it has openblas" in shown
    assert "found: 1" in ask(both, "0.3.29 EXACT")


@pytest.mark.compiles
def test_cmake_stops_where_two_that_conflict_are_linked(both: Path) -> None:
    (both.parent / "project").mkdir()
    (both.parent / "project" / "one.c").write_text("int one;\n")
    libraries = ("openblas-pywheel::openblas", "openblas-pywheel::openblas64")
    target = "add_library(both SHARED one.c)"
    for linked in libraries:
        alone = f"target_link_libraries(both {linked})"
        assert "CMake Error" not in ask(both, "REQUIRED", target, alone, languages="C")
    together = f"target_link_libraries(both {' '.join(libraries)})"
    shown = ask(both, "REQUIRED", target, together, languages="C")
    assert "CMake Error" in shown
    assert "openblas-pywheel_openblas_or_openblas64" in shown
    assert '"openblas-pywheel::openblas64" does not agree' in shown
