from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from libwheel.consumer.doctor.objects import Unsound
from libwheel.consumer.doctor.report import Diagnosis, Severity
from libwheel.consumer.doctor.rules_files import file_changed, files_missing, unreadable
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
            "files-missing",
            "hdf5",
            f"hdf5 1.14.5 installed files that are no longer there: {header}",
            REINSTALL,
        )
    ]


def test_all_of_data_is_missing(prefix: Path) -> None:
    (prefix / "include/hdf5-pywheel/header.h").unlink()
    (prefix / "lib/libhdf5-pywheel-310.so").unlink()
    [found] = files_missing(survey(prefix))
    assert "`pip install --target` leaves them out" in found.message
    assert found.remedy == "install it into an environment, or with --prefix"


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
            "file-changed",
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
    assert found.remedy == f"uninstall other, then {REINSTALL}"


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
    assert [note.severity for note in notes] == [Severity.NOTE] * 2
    assert [note.message for note in notes] == [
        "broken 1.0: RECORD cannot be read: why; its files are not judged",
        "other 1.0: x.so is not a sound ELF file: why",
    ]
