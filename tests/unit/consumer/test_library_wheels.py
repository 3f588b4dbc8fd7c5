from __future__ import annotations

from pathlib import Path

import pytest

from libwheel.consumer import library_wheels, packages
from libwheel.naming import Tag
from unit.consumer.installed import SITE, install, install_library_wheel
from unit.staged import TAG

NAME = TAG.library_file("hdf5")
INFO = SITE / "hdf5-1.14.5.dist-info"
LOCATOR = SITE / "hdf5_pywheel" / "__init__.py"


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    install_library_wheel(tmp_path, TAG, {"hdf5": b"one", "hdf5_hl": b"two"})
    install(tmp_path, "other", {f"{SITE}/other_pywheel/__init__.py": b"X = {\n"})
    return tmp_path


def test_what_the_locator_says(prefix: Path) -> None:
    [wheel] = library_wheels.installed([prefix / SITE])
    assert (str(wheel), wheel.site) == ("hdf5 1.14.5", prefix / SITE)
    assert str(wheel.compatible) == "~=1.14.5"
    assert wheel.platforms == ("manylinux_2_17_x86_64",)
    high = TAG.library_file("hdf5_hl")
    assert dict(wheel.libraries) == {NAME: prefix / "lib" / NAME, high: prefix / "lib" / high}


def test_a_library_that_the_disk_lacks_is_named(prefix: Path) -> None:
    (prefix / "lib" / NAME).unlink()
    [wheel] = library_wheels.installed([prefix / SITE])
    assert wheel.libraries[NAME] == prefix / "lib" / NAME


def test_the_first_folder_hides_what_the_others_have(prefix: Path, tmp_path: Path) -> None:
    below = install_library_wheel(
        tmp_path / "below", Tag("hdf5", "1.14.6", "310", 0), {"hdf5": b"one"}
    )
    wheels = library_wheels.installed([prefix / SITE, below])
    assert [wheel.version for wheel in wheels] == ["1.14.5"]


def test_a_left_over_dist_info_does_not_make_it_two(prefix: Path) -> None:
    (prefix / SITE / "hdf5-1.14.6.dist-info").mkdir()
    found = packages.installed([prefix / SITE])
    [wheel] = library_wheels.among(found)
    assert wheel.version == next(one.version for one in found if one.name == "hdf5") == "1.14.5"


@pytest.mark.parametrize("lost", [LOCATOR, INFO / "METADATA", INFO / "WHEEL", INFO / "RECORD"])
def test_one_that_has_lost_a_file_is_still_one(prefix: Path, lost: Path) -> None:
    (prefix / lost).unlink()
    [wheel] = library_wheels.among(packages.installed([prefix / SITE]))
    assert str(wheel) == "hdf5 1.14.5"
    assert wheel.libraries[NAME] == prefix / "lib" / NAME


@pytest.mark.parametrize("value", ['"no range"', "{", "None"])
def test_one_whose_locator_says_nonsense_is_still_one(prefix: Path, value: str) -> None:
    text = (prefix / LOCATOR).read_text()
    (prefix / LOCATOR).write_text(text.replace("'~= 1.14.5'", value))
    assert value in (prefix / LOCATOR).read_text()
    assert library_wheels.installed([prefix / SITE]) == ()
    [wheel] = library_wheels.among(packages.installed([prefix / SITE]))
    assert wheel.libraries[NAME] == prefix / "lib" / NAME


@pytest.mark.parametrize("value", ["{'openmp': '>= what'}", "['openmp']", "None"])
def test_one_that_requires_nonsense_is_still_one(prefix: Path, value: str) -> None:
    text = (prefix / LOCATOR).read_text()
    other = text.replace("REQUIRES: dict[str, str] = {}", f"REQUIRES: dict[str, str] = {value}")
    assert other != text
    (prefix / LOCATOR).write_text(other)
    assert library_wheels.installed([prefix / SITE]) == ()
    [wheel] = library_wheels.among(packages.installed([prefix / SITE]))
    assert wheel.libraries[NAME] == prefix / "lib" / NAME


def test_a_tag_that_is_none_is_passed_over(prefix: Path) -> None:
    (prefix / INFO / "WHEEL").write_text("Tag: what\n")
    [wheel] = library_wheels.installed([prefix / SITE])
    assert wheel.platforms == ()
