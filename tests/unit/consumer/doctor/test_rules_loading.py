from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from libwheel.consumer.doctor.objects import Object, Unsound
from libwheel.consumer.doctor.report import Diagnosis
from libwheel.consumer.doctor.rules_loading import (
    library_elsewhere,
    library_not_found,
    missing_library,
    unsafe_rpath,
)
from libwheel.consumer.doctor.survey import Survey
from libwheel.naming import Tag
from unit.binaries.compiled import shared
from unit.consumer.installed import SITE, install, install_library_wheel
from unit.consumer.surveys import extension, package, survey, thing
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
    assert found.message.startswith(f"one 1.0: a.so (and 2 more of its files) need {NAME}")


def test_several_libraries_of_one_wheel_are_one_fault(tmp_path: Path) -> None:
    tag = Tag("hdf5", "1.14.5", "310", 0)
    install_library_wheel(tmp_path, tag, {"hdf5": b"one", "hdf5_hl": b"two"})
    one = extension(package("one", tmp_path), "one/ext.so")
    high = "libhdf5_hl-pywheel-310.so"
    [found] = library_not_found(survey(tmp_path, [one], {one.path: {high: None, NAME: None}}))
    assert found.message.startswith(f"one 1.0: ext.so needs {high} and {NAME}, and its RPATH")
    assert found.message.endswith("/lib, where those are")


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


HIGH = "libhdf5_hl-pywheel-310.so"


@pytest.fixture
def two(tmp_path: Path) -> Path:
    """An environment with a library wheel of two libraries."""
    install_library_wheel(tmp_path, TAG, {"hdf5": b"a library", "hdf5_hl": b"another"})
    return tmp_path


def unsound(found: Survey, *paths: Path) -> Survey:
    [owner] = [one for one in found.packages if one.name == "hdf5"]
    return replace(found, unsound=tuple(Unsound(path, owner, "is no ELF") for path in paths))


def needing(
    prefix: Path, *names: str, owner: str = "one"
) -> tuple[Object, Mapping[Path, dict[str, None]]]:
    """Return an extension, and that the loader does not find these libraries for it."""
    [known] = [o for o in survey(prefix).packages if o.name == owner] or [package(owner, prefix)]
    one = extension(known, "one/ext.so")
    return one, {one.path: dict.fromkeys(names)}


def test_a_broken_library_is_told_as_such(two: Path) -> None:
    one, needs = needing(two, NAME)
    (two / "lib" / NAME).write_bytes(b"broken")
    found = unsound(survey(two, [one], needs), two / "lib" / NAME)
    _, rule, message, remedy = only(library_not_found(found))
    assert rule == "library-not-found"
    assert message == f"one 1.0: ext.so needs {NAME}, which is no sound library"
    assert remedy == "put hdf5 right first: see file-changed"


def test_libraries_that_were_broken_when_they_came(two: Path) -> None:
    one, needs = needing(two, HIGH, NAME)
    found = unsound(survey(two, [one], needs), two / "lib" / NAME, two / "lib" / HIGH)
    _, _, message, remedy = only(library_not_found(found))
    assert message.endswith(f"needs {HIGH} and {NAME}, which are no sound libraries")
    assert remedy == "put hdf5 right first: see unreadable"


def test_what_a_library_wheel_has_lost_of_its_own_is_told_once(two: Path) -> None:
    one, needs = needing(two, NAME, owner="hdf5")
    (two / "lib" / NAME).unlink()
    assert list(library_not_found(survey(two, [one], needs))) == []
    (two / "lib" / NAME).write_bytes(b"broken")
    broken = unsound(survey(two, [one], needs), two / "lib" / NAME)
    assert list(library_not_found(broken)) == []


def test_a_library_wheel_needs_no_repair(two: Path) -> None:
    one, needs = needing(two, HIGH, NAME, owner="hdf5")
    reinstall = "pip install --force-reinstall --no-deps hdf5==1.14.5"
    [lost] = library_not_found(survey(two, [one], needs))
    assert lost.remedy == reinstall
    taken = {one.path: {NAME: Path("/opt/lib") / NAME}}
    [elsewhere] = library_elsewhere(survey(two, [one], taken, library_path=("/opt/lib",)))
    assert elsewhere.remedy == "take /opt/lib out of LD_LIBRARY_PATH"
    [elsewhere] = library_elsewhere(survey(two, [one], taken))
    assert elsewhere.remedy == reinstall


@pytest.mark.compiles
def test_several_that_no_library_wheel_has_are_told_as_several(tmp_path: Path) -> None:
    install(tmp_path, "one", {}, requires=["hdf5"])
    node = "HDF5_PYWHEEL_310 { global: *; };\n"
    sources = {HIGH: "int high(void) { return 1; }", NAME: "int low(void) { return 1; }"}
    built = [shared(tmp_path / name, text, script=node) for name, text in sources.items()]
    caller = "int high(void); int low(void); int PyInit_ext(void) { return high() + low(); }"
    path = shared(tmp_path / "ext.so", caller, *built, script="")
    one = replace(extension(package("one", tmp_path), "ext.so"), path=path)
    needs = {path: dict.fromkeys(sources)}
    _, _, message, _ = only(library_not_found(survey(tmp_path, [one], needs)))
    assert message.endswith(f"{HIGH} and {NAME}, and no library wheel that has them is installed")


@pytest.fixture
def layers(tmp_path: Path) -> tuple[Path, Path]:
    """Two prefixes of one environment, each with the library wheel."""
    for name in ("above", "below"):
        install_library_wheel(tmp_path / name, TAG, {"hdf5": b"a library"})
    return tmp_path / "above", tmp_path / "below"


def in_layers(layers: tuple[Path, Path], owner: str = "one") -> Survey:
    above, below = layers
    one = extension(package(owner, below), "one/ext.so")
    needs = {one.path: {NAME: below / "lib" / NAME}}
    return survey(above, [one], needs, folders=[below / SITE])


def test_each_layer_has_one(layers: tuple[Path, Path]) -> None:
    above, below = layers
    _, rule, message, remedy = only(library_elsewhere(in_layers(layers)))
    assert rule == "library-elsewhere"
    assert message == (
        f"one 1.0: ext.so gets {below}/lib/{NAME}, not {above}/lib/{NAME} of hdf5 1.14.5: "
        "each layer has one"
    )
    assert remedy == (
        "call hdf5_pywheel.load() in the package's __init__.py, before it imports the extension; "
        "or have hdf5 in one layer only"
    )


def test_a_library_wheel_in_a_layer_calls_no_load(layers: tuple[Path, Path]) -> None:
    [found] = library_elsewhere(in_layers(layers, "hdf5"))
    assert found.remedy == "have hdf5 in one layer only"


def test_the_upper_layer_s_library_is_not_there(layers: tuple[Path, Path]) -> None:
    (layers[0] / "lib" / NAME).unlink()
    [found] = library_elsewhere(in_layers(layers))
    assert found.message.endswith("of hdf5 1.14.5")
    assert found.remedy == "put hdf5 right first: see files-missing"


def test_a_link_in_a_folder_of_the_rpath_is_followed(prefix: Path) -> None:
    cache, gone = prefix / "cache", Path("/tmp/gone/lib")
    cache.mkdir()
    link = cache / NAME
    one = extension(package("one", prefix), "one/ext.so", str(cache))
    needs = {one.path: {NAME: prefix / "lib" / NAME}}
    link.symlink_to(prefix / "lib" / NAME)
    assert list(unsafe_rpath(survey(prefix, [one], needs))) == []
    link.unlink()
    link.symlink_to(gone / NAME)
    severity, rule, message, _ = only(unsafe_rpath(survey(prefix, [one], needs)))
    assert (severity, rule) == ("fault", "unsafe-rpath")
    assert f"where {NAME} is a link into {gone}, which is not there: whoever makes" in message


def test_one_broken_and_one_out_of_reach_are_two_faults(two: Path) -> None:
    one, needs = needing(two, HIGH, NAME)
    (two / "lib" / NAME).unlink()
    found = [diagnosis.message for diagnosis in library_not_found(survey(two, [one], needs))]
    assert found == [
        f"one 1.0: ext.so needs {HIGH}, and its RPATH does not lead to {two}/lib, where that is",
        f"one 1.0: ext.so needs {NAME}, which hdf5 1.14.5 has lost",
    ]


# Library wheels that run with others

OPENMP, OPENBLAS = Tag("openmp", "19.1.7", "5", 0), Tag("openblas", "0.3.29", "0", 0)
RUNTIME = OPENMP.library_file("omp")


def openblas(prefix: Path, runtime: Path | None) -> Survey:
    """Survey the library wheel of that prefix, whose library needs another one's."""
    install_library_wheel(
        prefix, OPENBLAS, {"openblas": b"a library"}, requires={"openmp": ">=19.1.7"}
    )
    [owner] = (one for one in survey(prefix).packages if one.name == "openblas")
    one = thing(owner, f"../../{OPENBLAS.library_file('openblas')}")
    return survey(prefix, [one], {one.path: {RUNTIME: runtime}}, folders=[prefix / "below" / SITE])


def test_a_library_wheel_without_the_one_that_it_runs_with(tmp_path: Path) -> None:
    assert only(library_not_found(openblas(tmp_path, None))) == (
        "fault",
        "library-not-found",
        f"openblas 0.3.29: libopenblas-pywheel-0.so needs {RUNTIME}, and no library wheel that has "
        "it is installed",
        "pip install 'openmp>=19.1.7'",
    )


def test_a_library_wheel_uses_the_one_that_it_runs_with(tmp_path: Path) -> None:
    install_library_wheel(tmp_path, OPENMP, {"omp": b"a library"})
    found = openblas(tmp_path, tmp_path / "lib" / RUNTIME)
    assert found.consumers == {"openblas": (), "openmp": ("openblas",)}
    assert list(library_not_found(found)) == []


def test_the_one_that_it_runs_with_is_in_another_layer(tmp_path: Path) -> None:
    install_library_wheel(tmp_path / "below", OPENMP, {"omp": b"a library"})
    [found] = library_not_found(openblas(tmp_path, None))
    assert f"is in {tmp_path}/below/lib, another environment: no RPATH leads there" in found.message
    assert found.remedy == (
        "call openblas_pywheel.load() in the __init__.py of each package that uses openblas; or "
        "put openmp into the same environment as openblas"
    )


@pytest.mark.compiles
def test_another_build_of_the_library_wheel_has_it(tmp_path: Path) -> None:
    name, node = "libhdf5_64-pywheel-310.so", "HDF5_PYWHEEL_310 { global: *; };\n"
    library = shared(tmp_path / "build" / name, "int value(void) { return 1; }", script=node)
    caller = "int value(void); int PyInit_ext(void) { return value(); }"
    path = shared(tmp_path / "ext.so", caller, library, script="")
    install_library_wheel(tmp_path, TAG, {"hdf5": b"a library"})
    one = replace(extension(package("one", tmp_path), "ext.so"), path=path)
    [found] = library_not_found(survey(tmp_path, [one], {path: {name: None}}))
    assert found.message == (
        f"one 1.0: ext.so needs {name}, which hdf5 1.14.5 does not have: it has {NAME}"
    )
    assert found.remedy == "install the build of hdf5 that has it"
