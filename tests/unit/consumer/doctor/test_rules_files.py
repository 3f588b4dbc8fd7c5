from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from libwheel.consumer.doctor.objects import Unsound
from libwheel.consumer.doctor.report import About, Diagnosis, Rule, Severity
from libwheel.consumer.doctor.rules_files import (
    file_changed,
    files_missing,
    not_looked_at,
    unreadable,
)
from unit.consumer.installed import SITE, install, install_library_wheel
from unit.consumer.surveys import package, survey
from unit.staged import TAG

REINSTALL = "pip install --force-reinstall --no-deps hdf5==1.14.5"


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    install_library_wheel(tmp_path, TAG, {"hdf5": b"a library"})
    return tmp_path


def test_a_sound_library_wheel_has_neither(prefix: Path) -> None:
    assert [*files_missing(survey(prefix)), *file_changed(survey(prefix))] == []


def test_a_deleted_file(prefix: Path) -> None:
    header = prefix / "include/hdf5-pywheel/header.h"
    header.unlink()
    assert list(files_missing(survey(prefix))) == [
        Diagnosis(
            Severity.FAULT,
            Rule.FILES_MISSING,
            About.DISTRIBUTION,
            "hdf5",
            f"hdf5 1.14.5 installed files that are no longer there: {header}",
            REINSTALL,
        )
    ]


def test_all_of_data_is_missing(prefix: Path) -> None:
    (prefix / "include/hdf5-pywheel/header.h").unlink()
    (prefix / "lib/libhdf5-pywheel-310.so").unlink()
    [found] = files_missing(survey(prefix))
    assert found.message == (
        "hdf5 1.14.5 was installed without libhdf5-pywheel-310.so and header.h: `pip install "
        "--target` leaves out what goes into lib"
    )
    assert found.remedy == "install it into an environment, or with --prefix"


def test_what_pip_target_has_put_elsewhere_is_there(prefix: Path) -> None:
    include = prefix / SITE / "include/hdf5-pywheel"
    include.mkdir(parents=True)
    (prefix / "include/hdf5-pywheel/header.h").rename(include / "header.h")
    (prefix / "lib/libhdf5-pywheel-310.so").unlink()
    [found] = files_missing(survey(prefix))
    assert "was installed without libhdf5-pywheel-310.so: " in found.message


def test_byte_code_may_go(prefix: Path) -> None:
    record = prefix / SITE / "hdf5-1.14.5.dist-info/RECORD"
    record.write_text(record.read_text() + "hdf5_pywheel/__pycache__/__init__.cpython-311.pyc,,\n")
    assert list(files_missing(survey(prefix))) == []


def test_a_file_that_somebody_changed(prefix: Path) -> None:
    path = prefix / "lib/libhdf5-pywheel-310.so"
    path.write_bytes(b"another one")
    assert list(file_changed(survey(prefix))) == [
        Diagnosis(
            Severity.FAULT,
            Rule.FILE_CHANGED,
            About.FILE,
            str(path),
            "libhdf5-pywheel-310.so is not the file that hdf5 1.14.5 installed: something has "
            "changed it",
            REINSTALL,
        )
    ]


def test_a_file_that_another_package_has_overwritten(prefix: Path) -> None:
    install(prefix, "other", {"lib/libhdf5-pywheel-310.so": b"another one"}, version="2")
    [found] = file_changed(survey(prefix))
    assert found.message.endswith("hdf5 1.14.5 installed: other 2 has one of that path")
    assert found.remedy == f"pip uninstall other; then {REINSTALL}"


def test_all_who_have_overwritten_it_are_to_go(prefix: Path) -> None:
    for name in "abcde":
        install(prefix, name, {"lib/libhdf5-pywheel-310.so": b"another one"})
    [found] = file_changed(survey(prefix))
    assert found.remedy == f"pip uninstall a b c d e; then {REINSTALL}"


@pytest.mark.parametrize("digest", ["md5=wrong", "sha1=wrong", "shake_128=wrong", "wrong", ""])
def test_weak_digests_are_not_compared(prefix: Path, digest: str) -> None:
    record = prefix / SITE / "hdf5-1.14.5.dist-info/RECORD"
    record.write_text(f"../../../include/hdf5-pywheel/header.h,{digest},\n")
    assert list(file_changed(survey(prefix))) == []
    record.write_text("../../../include/hdf5-pywheel/header.h,sha512=wrong,\n")
    assert [found.rule for found in file_changed(survey(prefix))] == ["file-changed"]


def test_a_file_that_cannot_be_read_is_told(prefix: Path) -> None:
    header = prefix / "include/hdf5-pywheel/header.h"
    header.unlink()
    header.mkdir()
    [found] = file_changed(survey(prefix))
    assert (found.severity, found.rule, found.subject) == (Severity.NOTE, "unreadable", str(header))
    assert found.message == "hdf5 1.14.5: header.h cannot be read: Is a directory"


@pytest.mark.parametrize("name", ["METADATA", "WHEEL", "../hdf5_pywheel/__init__.py"])
def test_a_library_wheel_that_has_lost_one_of_its_own_files(prefix: Path, name: str) -> None:
    lost = prefix / SITE / "hdf5-1.14.5.dist-info" / name
    lost.unlink()
    [found] = files_missing(survey(prefix))
    assert (found.subject, found.remedy) == ("hdf5", REINSTALL)
    assert lost.name in found.message


def test_a_library_wheel_that_has_lost_its_record(prefix: Path) -> None:
    (prefix / SITE / "hdf5-1.14.5.dist-info" / "RECORD").unlink()
    [found] = unreadable(survey(prefix))
    assert (found.severity, found.about) == (Severity.FAULT, About.DISTRIBUTION)
    assert found.message == "hdf5 1.14.5: it has no RECORD; its files are not judged"
    assert found.remedy == "pip install --ignore-installed --no-deps hdf5==1.14.5"


def test_a_library_wheel_whose_locator_says_nonsense(prefix: Path) -> None:
    locator = prefix / SITE / "hdf5_pywheel/__init__.py"
    locator.write_text(locator.read_text().replace("~= 1.14.5", "no range"))
    [found] = file_changed(survey(prefix))
    assert found.subject == str(locator)


def test_other_packages_files_are_their_own_business(tmp_path: Path) -> None:
    site = install(tmp_path, "other", {f"{SITE}/other.py": b"1"})
    (site / "other.py").unlink()
    assert list(files_missing(survey(tmp_path))) == []


def test_what_cannot_be_read_is_told(prefix: Path) -> None:
    other = package("other", prefix)
    broken = replace(package("broken", prefix), problem="RECORD cannot be read: why")
    found = survey(prefix)
    found = replace(
        found,
        packages=(*found.packages, broken),
        unsound=(Unsound(prefix / "x.so", other, "is not a sound ELF file: why"),),
    )
    notes = list(unreadable(found))
    assert [note.about for note in notes] == [About.DISTRIBUTION, About.FILE]
    assert [note.severity for note in notes] == [Severity.NOTE] * 2
    assert [note.message for note in notes] == [
        "broken 1.0: RECORD cannot be read: why; its files are not judged",
        "other 1.0: x.so is not a sound ELF file: why",
    ]


def test_a_folder_that_may_not_be_read_is_a_fault(prefix: Path) -> None:
    found = replace(survey(prefix), unread=((prefix / SITE, "Permission denied"),))
    [fault] = unreadable(found)
    assert (fault.severity, fault.subject) == (Severity.FAULT, str(prefix / SITE))
    assert "cannot be read: Permission denied; what is in it is not judged" in fault.message


def test_editable_installs_are_not_looked_at(prefix: Path) -> None:
    owner = replace(package("one", prefix), is_editable=True)
    found = survey(prefix)
    assert list(not_looked_at(found)) == []
    [note] = not_looked_at(replace(found, packages=(*found.packages, owner)))
    assert (note.severity, note.rule, note.subject) == (Severity.NOTE, "not-looked-at", "one")
