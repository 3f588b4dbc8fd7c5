"""The rules where a library needs one of another library wheel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from libwheel.audit import Subject, audit, platform_tag, unproved
from libwheel.binaries.binary import Binary, Import, Requirement
from libwheel.locator import Constants
from libwheel.required import RequiredWheel
from libwheel.staging import Role
from libwheel.target import native
from unit.audit.subjects import BASE_PATH, BINARY, messages, subject
from unit.binaries.compiled import shared

OMP = "libomp-pywheel-5.so"
NODES = "OPENMP_PYWHEEL_5 { omp_begin; };\nGOMP_4.0 { omp_gnu; };\n"
CODE = "int omp_begin(void) { return 1; }\nint omp_gnu(void) { return 2; }\n"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shared(tmp_path_factory.mktemp("omp") / OMP, CODE, script=NODES)


def using(*imports: tuple[str, str | None, str | None], needed: Sequence[str] = (OMP,)) -> Binary:
    """Return our binary, with these imports beside the usual ones: name, version, library."""
    more = tuple(Import(name, version, file, weak=False) for name, version, file in imports)
    nodes = tuple(Requirement(file, version) for _, version, file in imports if version and file)
    return replace(
        BINARY,
        arch=native().arch,
        needed=(*needed, "libc.so.6"),
        imports=(*BINARY.imports, *more),
        requirements=nodes,
    )


def against(library: Path, *, is_direct: bool = True) -> RequiredWheel:
    constants = Constants("openmp", "openmp-pywheel", "", ">= 19", (OMP,), {}, {}, {})
    names = (f"lib/{OMP}", "lib/cmake/openmp-pywheel/openmp-pywheel-config.cmake")
    files = {PurePosixPath(name): library for name in names}
    return RequiredWheel("19.1.7", constants, files, is_direct)


def built_against(
    folder: Path, binary: Binary, library: Path, *, is_direct: bool = True
) -> Subject:
    made = subject(folder, {BASE_PATH: binary})
    return replace(made, target=native(), against=(against(library, is_direct=is_direct),))


BOUND = (("omp_begin", "OPENMP_PYWHEEL_5", OMP), ("omp_gnu", "GOMP_4.0", OMP))


def test_what_it_exports_may_be_used_under_any_of_its_nodes(tmp_path: Path, library: Path) -> None:
    assert audit(built_against(tmp_path, using(*BOUND), library)) == ()


def test_its_nodes_are_not_the_system_s(tmp_path: Path, library: Path) -> None:
    found = built_against(tmp_path, using(*BOUND), library)
    binaries = found.binaries.values()
    assert platform_tag(binaries, found.target, found.required).startswith("manylinux_")
    assert unproved(binaries, found.target, found.required) == ()
    assert platform_tag(binaries, found.target).startswith("linux_")
    assert len(unproved(binaries, found.target)) == 3  # the file, and both nodes


@pytest.mark.parametrize("version", ["OPENMP_PYWHEEL_5", "GOMP_4.0"])
def test_what_it_does_not_export(tmp_path: Path, library: Path, version: str) -> None:
    found = built_against(tmp_path, using(("omp_end", version, OMP)), library)
    [message] = messages(found, "undefined-symbol")
    assert message.startswith(f"{BASE_PATH}: uses omp_end, which no library defines")


def test_its_symbols_are_taken_under_their_version(tmp_path: Path, library: Path) -> None:
    found = built_against(tmp_path, using(("omp_begin", None, None)), library)
    [message] = messages(found, "import-without-version-node")
    assert f"takes omp_begin from {OMP} without a version" in message


def test_beside_it_an_rpath_is_needed(tmp_path: Path, library: Path) -> None:
    found = built_against(tmp_path, replace(using(*BOUND), rpath=()), library)
    [message] = messages(found, "rpath")
    assert "needs libraries beside it and has no RPATH" in message


def test_a_requirement_that_nothing_needs(tmp_path: Path, library: Path) -> None:
    found = built_against(tmp_path, using(needed=()), library)
    assert messages(found, "needless-requires") == [
        f": `requires` names 'openmp', and no library needs {OMP}: link with it, or do not "
        "require it"
    ]


def test_what_is_here_by_way_of_another_has_to_be_required(tmp_path: Path, library: Path) -> None:
    found = built_against(tmp_path, using(), library, is_direct=False)
    [message] = messages(found, "undeclared-needed")
    assert message == f"{BASE_PATH}: needs {OMP} of openmp 19.1.7: name 'openmp' in `requires`"


def test_what_is_here_by_way_of_another_need_not_be_needed(tmp_path: Path, library: Path) -> None:
    assert audit(built_against(tmp_path, using(needed=()), library, is_direct=False)) == ()


def test_a_cmake_file_may_name_the_other_wheel_s_folder(tmp_path: Path, library: Path) -> None:
    config = "lib/cmake/base-pywheel/base-pywheel-config.cmake"
    text = 'find_dependency(openmp-pywheel HINTS "${CMAKE_CURRENT_LIST_DIR}/../openmp-pywheel")\n'
    binaries = {BASE_PATH: using(*BOUND)}
    made = subject(tmp_path, binaries, files={(Role.CMAKE, config): text})
    with_it = replace(made, target=native(), against=(against(library),))
    assert audit(with_it) == ()
    alone = [finding for finding in audit(replace(with_it, against=())) if finding.path == config]
    [finding] = alone
    assert finding.message == "names <prefix>/lib/cmake/openmp-pywheel, which is not in the wheel"
