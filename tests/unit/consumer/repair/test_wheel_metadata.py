from __future__ import annotations

import pytest
from packaging.requirements import Requirement

from libwheel.consumer.repair import wheel_metadata
from libwheel.consumer.repair.wheel_metadata import with_platforms, with_requirements

HDF5 = Requirement("hdf5~=1.14.5")
HEAD = b"Metadata-Version: 2.1\nName: guest\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (HEAD, HEAD + b"Requires-Dist: hdf5~=1.14.5\n"),
        (HEAD + b"\nBody: no\n", HEAD + b"Requires-Dist: hdf5~=1.14.5\n\nBody: no\n"),
        (HEAD[:-1], HEAD + b"Requires-Dist: hdf5~=1.14.5\n"),
        (
            HEAD + b"Requires-Dist: numpy\n  >=2\nLicense: MIT\n\nRequires-Dist: text\n",
            HEAD + b"Requires-Dist: numpy\n  >=2\nRequires-Dist: hdf5~=1.14.5\nLicense: MIT\n\n"
            b"Requires-Dist: text\n",
        ),
        (
            b"Name: guest\r\n\r\nBody\r\n",
            b"Name: guest\r\nRequires-Dist: hdf5~=1.14.5\r\n\r\nBody\r\n",
        ),
        ("Summary: ä\n\nö".encode(), "Summary: ä\nRequires-Dist: hdf5~=1.14.5\n\nö".encode()),
        (
            HEAD + b"a line of a licence\nRequires-Dist: numpy\n\n",
            HEAD + b"Requires-Dist: hdf5~=1.14.5\na line of a licence\nRequires-Dist: numpy\n\n",
        ),
        (
            HEAD + "ä: no header\n\n".encode(),
            HEAD + b"Requires-Dist: hdf5~=1.14.5\n" + "ä: no header\n\n".encode(),
        ),
    ],
)
def test_a_requirement_is_a_line_of_its_own(before: bytes, after: bytes) -> None:
    assert with_requirements(before, [HDF5]) == after
    assert wheel_metadata.lacking(after, [HDF5]) == ()


def test_nothing_to_add_changes_nothing() -> None:
    assert with_requirements(HEAD[:-1], []) == HEAD[:-1]


@pytest.mark.parametrize(
    "there",
    [
        "hdf5~=1.14.5",
        "HDF5 (~=1.14.5)",
        "hdf5 ~= 1.14.5",
        "hdf5\n        ~=1.14.5",
        "hdf5==1.14.5",
        "hdf5==1.14.7",
    ],
)
def test_what_is_there_is_not_lacking(there: str) -> None:
    metadata = HEAD + f"Requires-Dist: {there}\n".encode()
    assert wheel_metadata.lacking(metadata, [HDF5]) == ()


@pytest.mark.parametrize(
    "there",
    [
        "hdf5",
        "hdf5==1.14.*",
        "hdf5==2.0.0",
        "hdf5>=1.14.5",
        "zlib==1.14.5",
        "hdf5~=1.14.5; extra == 'io'",
        "hdf5 @ file:///x.whl",
        "h d f 5",
    ],
)
def test_what_is_there_for_some_is_lacking(there: str) -> None:
    metadata = HEAD + f"Requires-Dist: {there}\n".encode()
    assert wheel_metadata.lacking(metadata, [HDF5]) == (HDF5,)


def test_one_version_is_not_another() -> None:
    metadata = HEAD + b"Requires-Dist: hdf5~=1.14.5\nRequires-Dist: hdf5==1.14.6\n"
    exact = Requirement("hdf5==1.14.5")
    assert wheel_metadata.lacking(metadata, [exact]) == (exact,)


def test_platforms_of_every_expansion() -> None:
    before = (
        b"Wheel-Version: 1.0\r\nTag: cp311-abi3-linux_x86_64\r\nRoot-Is-Purelib: false\r\n"
        b"Tag: cp312-abi3-linux_x86_64\r\nBuild: 3\r\n"
    )
    after = with_platforms(before, frozenset({"b_2", "a_1"}))
    assert after == (
        b"Wheel-Version: 1.0\r\nTag: cp311-abi3-a_1\r\nTag: cp311-abi3-b_2\r\n"
        b"Tag: cp312-abi3-a_1\r\nTag: cp312-abi3-b_2\r\nRoot-Is-Purelib: false\r\nBuild: 3\r\n"
    )


def test_platforms_of_a_file_with_plain_line_ends() -> None:
    before = b"Tag: cp311-cp311-linux_x86_64"
    assert with_platforms(before, frozenset({"a_1"})) == b"Tag: cp311-cp311-a_1\n"


def test_the_same_platforms_change_nothing() -> None:
    before = b"Tag: cp311-cp311-b_2.a_1\n"
    assert with_platforms(before, frozenset({"a_1", "b_2"})) == before
