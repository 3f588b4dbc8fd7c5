from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from libwheel.consumer.doctor.report import About, Diagnosis, Rule, Severity
from libwheel.consumer.doctor.rules_versions import no_requirement, requirement_not_met, too_old
from libwheel.naming import Tag
from unit.binaries.compiled import shared
from unit.consumer.installed import install, install_library_wheel
from unit.consumer.surveys import extension, package, survey
from unit.staged import TAG

NAME = "libhdf5-pywheel-310.so"


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    install_library_wheel(tmp_path, TAG, {"hdf5": b"a library"})
    return tmp_path


@pytest.mark.parametrize(
    ("requirement", "rule"),
    [
        ("hdf5 ~=1.14.5", ""),
        ("HDF5", ""),
        ("hdf5 ~=1.14.6", "too-old"),
        ("hdf5 ==2.*", "too-old"),
        ("hdf5 <1.14", "wrong-version"),
        ("hdf5 ==1.14.4", "wrong-version"),
        ("hdf5 >=2; python_version < '3'", ""),
        ("hdf5 >=2; extra == 'test'", ""),
        ("zlib >=2", ""),
        ("what is this", ""),
        ("hdf5 what is this", ""),
        ("hdf5 >=2; sys_platform ~= '1'", ""),
        ("hdf5 >=2; 'a' in extras", ""),
    ],
)
def test_requirements(prefix: Path, requirement: str, rule: str) -> None:
    install(prefix, "one", {}, requires=[requirement])
    found = [diagnosis.rule for diagnosis in requirement_not_met(survey(prefix))]
    assert found == ([rule] if rule else [])


def test_a_requirement_that_is_not_met_says_what_to_install(prefix: Path) -> None:
    install(prefix, "one", {}, requires=["hdf5 ~=1.14.6"])
    assert list(requirement_not_met(survey(prefix))) == [
        Diagnosis(
            Severity.FAULT,
            Rule.TOO_OLD,
            About.DISTRIBUTION,
            "one",
            "one 1.0 was built for hdf5~=1.14.6; hdf5 1.14.5 is installed",
            "pip install 'hdf5~=1.14.6'",
        )
    ]


def test_a_consumer_whose_metadata_do_not_speak_of_it(prefix: Path) -> None:
    install(prefix, "two", {}, requires=["hdf5"])
    one, two = (
        extension(owner, f"{owner.name}/ext.so")
        for owner in (package("one", prefix), survey(prefix).packages[-1])
    )
    needs = {file.path: {NAME: prefix / "lib" / NAME} for file in (one, two)}
    [note] = no_requirement(survey(prefix, [one, two], needs))
    assert (note.severity, note.rule, note.subject) == (Severity.NOTE, "no-requirement", "one")
    assert note.message.startswith("one 1.0 needs hdf5, and its metadata do not say so")
    assert "which adds hdf5~=1.14.5" in note.remedy


LIBRARY = "int first(void) { return 1; }\n"
NEWER = f"{LIBRARY}int second(void) {{ return 2; }}\n"
CALLER = "int first(void);\nint second(void);\nint PyInit_ext(void) { return first() + second(); }"
NODE = "TINY_PYWHEEL_1 { global: *; };\n"


@pytest.fixture
def caller(tmp_path: Path) -> Path:
    """An extension that was built against a library wheel with two functions."""
    library = shared(tmp_path / "new/libtiny-pywheel-1.so", NEWER, script=NODE)
    return shared(tmp_path / "ext.so", CALLER, library, script="")


def lacking(prefix: Path, caller: Path, library: str, node: str = NODE) -> list[Diagnosis]:
    name = "libtiny-pywheel-1.so"
    old = shared(prefix / "old" / name, library, script=node)
    tag = Tag("tiny", "1.0", "1", 0)
    install_library_wheel(prefix, tag, {"tiny": old.read_bytes()}, compatible="~= 1.0")
    one = replace(extension(package("one", prefix), "ext.so"), path=caller)
    found = survey(prefix, [one], {caller: {name: prefix / "lib" / name}})
    return list(too_old(found))


@pytest.mark.compiles
def test_a_library_that_has_all_that_was_linked(tmp_path: Path, caller: Path) -> None:
    assert lacking(tmp_path, caller, NEWER) == []


@pytest.mark.compiles
def test_a_library_that_lacks_a_function(tmp_path: Path, caller: Path) -> None:
    assert lacking(tmp_path, caller, LIBRARY) == [
        Diagnosis(
            Severity.FAULT,
            Rule.TOO_OLD,
            About.DISTRIBUTION,
            "one",
            "one 1.0 was built for a newer libtiny-pywheel-1.so than tiny 1.0 has: it lacks second",
            "pip install --upgrade tiny",
        )
    ]


@pytest.mark.compiles
def test_a_library_from_elsewhere_says_nothing_of_the_wheel(tmp_path: Path, caller: Path) -> None:
    name = "libtiny-pywheel-1.so"
    old = shared(tmp_path / "old" / name, LIBRARY, script=NODE)
    one = replace(extension(package("one", tmp_path), "ext.so"), path=caller)
    assert list(too_old(survey(tmp_path, [one], {caller: {name: old}}))) == []
    install_library_wheel(tmp_path, Tag("tiny", "1.0", "1", 0), {"tiny": b"newer"})
    assert list(too_old(survey(tmp_path, [one], {caller: {name: old}}))) == []


@pytest.mark.compiles
def test_a_library_that_lacks_a_version_node(tmp_path: Path, caller: Path) -> None:
    [found] = lacking(tmp_path, caller, NEWER, node="TINY_0 { global: *; };\n")
    assert found.message.endswith("it lacks TINY_PYWHEEL_1")


@pytest.mark.compiles
def test_a_file_that_was_put_over_it_says_nothing_of_the_wheel(
    tmp_path: Path, caller: Path
) -> None:
    assert lacking(tmp_path, caller, LIBRARY)
    name = "libtiny-pywheel-1.so"
    with (tmp_path / "lib" / name).open("ab") as stream:
        stream.write(b"more")
    one = replace(extension(package("one", tmp_path), "ext.so"), path=caller)
    found = survey(tmp_path, [one], {caller: {name: tmp_path / "lib" / name}})
    assert list(too_old(found)) == []
