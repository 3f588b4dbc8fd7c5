from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from libwheel.consumer.doctor.report import Diagnosis
from libwheel.consumer.doctor.rules_loading import (
    library_elsewhere,
    library_not_found,
    missing_library,
    unsafe_rpath,
)
from libwheel.naming import Tag
from unit.binaries.compiled import shared
from unit.consumer.installed import SITE, install, install_library_wheel
from unit.consumer.surveys import extension, package, survey
from unit.staged import TAG

NAME = "libhdf5-pywheel-310.so"
REPAIR = "run `libwheel repair` on the wheel of one and install what it makes"


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    """An environment with a library wheel, in a temporary folder, as every test's."""
    install_library_wheel(tmp_path, TAG, {"hdf5": b"a library"})
    return tmp_path


def only(found: Iterator[Diagnosis]) -> tuple[str, str, str, str]:
    [one] = found
    return one.severity.value, one.rule, one.message, one.remedy


def test_a_library_that_is_found_where_it_belongs(prefix: Path) -> None:
    one = extension(package("one", prefix), "one/ext.so", "$ORIGIN/../../../../lib")
    found = survey(prefix, [one], {one.path: {NAME: prefix / "lib" / NAME}})
    assert [*library_not_found(found), *library_elsewhere(found), *unsafe_rpath(found)] == []


def test_no_library_wheel_has_it(tmp_path: Path) -> None:
    one = extension(package("one", tmp_path), "one/ext.so")
    assert only(library_not_found(survey(tmp_path, [one], {one.path: {NAME: None}}))) == (
        "fault",
        "library-not-found",
        f"one 1.0: ext.so needs {NAME}, and no library wheel that has it is installed",
        f"install the library wheel that has {NAME}",
    )


@pytest.mark.compiles
def test_the_version_node_says_which(tmp_path: Path) -> None:
    name = "libhdf5_hl-pywheel-310.so"
    node = "HDF5_PYWHEEL_310 { global: *; };\n"
    library = shared(tmp_path / "build" / name, "int value(void) { return 1; }", script=node)
    caller = "int value(void); int PyInit_ext(void) { return value(); }"
    path = shared(tmp_path / "ext.so", caller, library, script="")
    one = replace(extension(package("one", tmp_path), "ext.so"), path=path)
    [found] = library_not_found(survey(tmp_path, [one], {path: {name: None}}))
    assert found.remedy == "pip install hdf5"


def test_a_requirement_for_another_platform_does_not_count(tmp_path: Path) -> None:
    install(tmp_path, "one", {}, requires=["hdf5 ~=1.14.5; sys_platform == 'win32'"])
    one = extension(survey(tmp_path).packages[0], "one/ext.so")
    [found] = library_not_found(survey(tmp_path, [one], {one.path: {NAME: None}}))
    assert found.remedy == f"install the library wheel that has {NAME}"


def test_the_consumer_s_requirement_says_which(tmp_path: Path) -> None:
    install(tmp_path, "one", {}, requires=["HDF5 ~=1.14.5", "not a requirement!"])
    owner = survey(tmp_path).packages[0]
    one = extension(owner, "one/ext.so")
    [found] = library_not_found(survey(tmp_path, [one], {one.path: {NAME: None}}))
    assert found.remedy == "pip install 'HDF5~=1.14.5'"


def test_several_files_of_one_package_are_one_fault(tmp_path: Path) -> None:
    owner = package("one", tmp_path)
    files = [extension(owner, f"one/{name}.so") for name in ("a", "b", "c")]
    [found] = library_not_found(survey(tmp_path, files, {one.path: {NAME: None} for one in files}))
    assert found.message.startswith(f"one 1.0: a.so (and 2 more of its files) needs {NAME}")


def test_several_libraries_of_one_wheel_are_one_fault(tmp_path: Path) -> None:
    tag = Tag("hdf5", "1.14.5", "310", 0)
    install_library_wheel(tmp_path, tag, {"hdf5": b"one", "hdf5_hl": b"two"})
    one = extension(package("one", tmp_path), "one/ext.so")
    high = "libhdf5_hl-pywheel-310.so"
    [found] = library_not_found(survey(tmp_path, [one], {one.path: {high: None, NAME: None}}))
    assert found.message.startswith(f"one 1.0: ext.so needs {high} and {NAME}, and its RPATH")


def test_the_rpath_does_not_lead_there(prefix: Path) -> None:
    one = extension(package("one", prefix), "one/ext.so")
    assert only(library_not_found(survey(prefix, [one], {one.path: {NAME: None}}))) == (
        "fault",
        "library-not-found",
        f"one 1.0: ext.so needs {NAME}, and its RPATH does not lead to {prefix / 'lib'}, where "
        "that is",
        REPAIR,
    )


def test_the_library_is_in_an_environment_below(tmp_path: Path) -> None:
    below = install_library_wheel(tmp_path / "below", TAG, {"hdf5": b"a library"})
    one = extension(package("one", tmp_path / "above"), "one/ext.so")
    found = survey(tmp_path / "above", [one], {one.path: {NAME: None}}, folders=[below])
    _, rule, message, remedy = only(library_not_found(found))
    assert rule == "library-not-found"
    assert f"in {tmp_path}/below/lib, another environment" in message
    assert "call hdf5_pywheel.load() in the package's __init__.py" in remedy


def test_the_library_wheel_has_lost_it(prefix: Path) -> None:
    (prefix / "lib" / NAME).unlink()
    one = extension(package("one", prefix), "one/ext.so")
    _, _, message, remedy = only(library_not_found(survey(prefix, [one], {one.path: {NAME: None}})))
    assert message == f"one 1.0: ext.so needs {NAME}, which hdf5 1.14.5 has lost"
    assert remedy == "put hdf5 right first: see files-missing"


def test_the_installed_one_has_another_abi(tmp_path: Path) -> None:
    install_library_wheel(tmp_path, Tag("hdf5", "2.0.0", "320", 0), {"hdf5": b"a library"})
    one = extension(package("one", tmp_path), "one/ext.so")
    _, rule, message, remedy = only(
        library_not_found(survey(tmp_path, [one], {one.path: {NAME: None}}))
    )
    assert rule == "wrong-abi"
    assert message == (
        f"one 1.0: ext.so needs {NAME}; hdf5 2.0.0 has libhdf5-pywheel-320.so, whose ABI is another"
    )
    assert "build one again with hdf5 2.0.0" in remedy


def test_found_elsewhere_by_the_environment_variable(prefix: Path) -> None:
    one = extension(package("one", prefix), "one/ext.so")
    other = Path("/opt/lib") / NAME
    found = survey(prefix, [one], {one.path: {NAME: other}}, library_path=("/opt/lib/",))
    assert only(library_elsewhere(found)) == (
        "fault",
        "library-elsewhere",
        f"one 1.0: ext.so gets {other}, not {prefix / 'lib' / NAME} of hdf5 1.14.5",
        f"take /opt/lib/ out of LD_LIBRARY_PATH; or {REPAIR}",
    )


def test_found_elsewhere_and_nothing_installed(tmp_path: Path) -> None:
    one = extension(package("one", tmp_path), "one/ext.so", "/opt/lib")
    found = survey(tmp_path, [one], {one.path: {NAME: Path("/opt/lib") / NAME}})
    _, _, message, remedy = only(library_elsewhere(found))
    assert message.endswith("which no library wheel of this environment has put there")
    assert remedy == f"install the library wheel that has {NAME}; then {REPAIR}"


def test_the_entry_of_the_environment_variable_is_named_as_it_stands_there(prefix: Path) -> None:
    other = prefix / "other"
    other.mkdir()
    (prefix / "linked").symlink_to(other)
    one = extension(package("one", prefix), "one/ext.so")
    entries = ("/opt", f"{prefix}/linked/")
    needs = {one.path: {NAME: other / NAME}}
    [found] = library_elsewhere(survey(prefix, [one], needs, library_path=entries))
    assert found.remedy.startswith(f"take {prefix}/linked/ out of LD_LIBRARY_PATH; or run")


def test_several_libraries_of_one_wheel_that_come_from_elsewhere_are_one_fault(
    tmp_path: Path,
) -> None:
    install_library_wheel(tmp_path, TAG, {"hdf5": b"one", "hdf5_hl": b"two"})
    one = extension(package("one", tmp_path), "one/ext.so")
    high, other, lib = "libhdf5_hl-pywheel-310.so", Path("/opt/lib"), tmp_path / "lib"
    needs = {one.path: {high: other / high, NAME: other / NAME}}
    [found] = library_elsewhere(survey(tmp_path, [one], needs))
    assert found.message == (
        f"one 1.0: ext.so gets {other / high} and {other / NAME}, "
        f"not {lib / high} and {lib / NAME} of hdf5 1.14.5"
    )


def test_a_link_to_the_right_file_is_right(prefix: Path) -> None:
    (prefix / "linked").symlink_to(prefix / "lib")
    one = extension(package("one", prefix), "one/ext.so")
    found = survey(prefix, [one], {one.path: {NAME: prefix / "linked" / NAME}})
    assert list(library_elsewhere(found)) == []


def test_another_library_that_is_missing_is_a_note(tmp_path: Path) -> None:
    owner = package("one", tmp_path)
    files = [extension(owner, f"one/{name}.so") for name in ("a", "b")]
    needs: dict[Path, dict[str, Path | None]] = {
        one.path: {"libtbb.so.12": None, "libc.so.6": Path("/lib/libc.so.6")} for one in files
    }
    assert only(missing_library(survey(tmp_path, files, needs))) == (
        "note",
        "missing-library",
        "one: the loader does not find libtbb.so.12 for a.so and b.so",
        "nothing, unless one fails to import: then install what has libtbb.so.12",
    )


@pytest.mark.parametrize(
    ("entry", "severity", "reason"),
    [
        ("/nowhere/at/all", "note", "which is not there, a folder of the machine it was built on"),
        ("/tmp/nowhere/at/all", "fault", "which is not there: whoever makes it"),
        (f"/{300 * 'x'}", "note", "which is not there, a folder of the machine"),
        ("/tmp", "fault", "where others can put a library"),
        ("/usr/lib", "", ""),  # the interpreter's own prefix
        ("/etc", "note", "a folder of this machine and not of the environment"),
        ("lib", "fault", "which depends on the current folder"),
        ("", "fault", "an empty entry, the current folder, which depends on"),
        ("$ORIGIN/../lib", "", ""),
        ("${ORIGIN}", "", ""),
        ("$LIB/x", "fault", "which depends on the current folder"),
        ("$ORIGINAL", "fault", "which depends on the current folder"),
    ],
)
def test_rpaths(prefix: Path, entry: str, severity: str, reason: str) -> None:
    one = extension(package("one", prefix), "one/ext.so", entry)
    found = survey(prefix, [one], {one.path: {NAME: prefix / "lib" / NAME}})
    judged = [diagnosis for diagnosis in unsafe_rpath(found) if diagnosis.rule == "unsafe-rpath"]
    assert [diagnosis.severity.value for diagnosis in judged] == ([severity] if severity else [])
    assert all(reason in diagnosis.message for diagnosis in judged)


def test_an_absolute_rpath_into_the_environment_itself_is_fine(prefix: Path) -> None:
    one = extension(package("one", prefix), "one/ext.so", str(prefix / "lib"))
    found = survey(prefix, [one], {one.path: {NAME: prefix / "lib" / NAME}})
    assert list(unsafe_rpath(found)) == []


def test_rpaths_of_what_needs_no_library_wheel_are_not_judged(prefix: Path) -> None:
    one = extension(package("one", prefix), "one/ext.so", "/tmp")
    assert list(unsafe_rpath(survey(prefix, [one], {one.path: {"libc.so.6": None}}))) == []


def test_a_library_wheel_s_own_files_are_judged_too(prefix: Path) -> None:
    install_library_wheel(prefix, TAG, {"hdf5": b"a library", "hdf5_hl": b"another"})
    wheel = next(one for one in survey(prefix).packages if one.name == "hdf5")
    high = extension(wheel, "../../libhdf5_hl-pywheel-310.so")
    assert high.path.parent == prefix / "lib"
    assert (prefix / SITE).is_dir()
    [found] = library_not_found(survey(prefix, [high], {high.path: {NAME: None}}))
    assert found.subject == "hdf5"
