from __future__ import annotations

from pathlib import Path

import pytest

from libwheel.consumer.doctor.report import Copy, Severity
from libwheel.consumer.doctor.several import Several, are_several, are_variants, judged

LIB = Path("/env/lib")


def copy(
    path: str,
    owner: str = "one",
    *,
    soname: str = "libfoo.so.1",
    nodes: str = "",
    shared: bool = True,
) -> Copy:
    return Copy("foo", LIB / path, soname, owner, "1.0", shared, 1, nodes=tuple(nodes.split()))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (copy("libfoo.so"), copy("libfoo.so.1"), False),
        (copy("libfoo.so"), copy("a/libfoo.so"), True),
        (copy("libfoo.so"), copy("libfoo.so.2", soname="libfoo.so.2"), True),
        (copy("libfoo.so", soname=""), copy("libfoo-1.so", soname=""), True),
        (copy("libfoo.so", soname="odd/libfoo.so"), copy("libfoo-1.so", soname=""), True),
    ],
)
def test_one_process_takes_one_file_of_one_folder_and_soname(
    one: Copy, other: Copy, expected: bool
) -> None:
    assert are_several([one, other]) is expected


def test_different_libraries_of_one_library_wheel_are_meant() -> None:
    files = ("libfoo-pywheel-1.so", "libfoo_64-pywheel-1.so")
    both = [copy(file, soname=file) for file in files]
    assert are_variants(both)
    assert not are_several(both)
    assert not are_variants([*both, copy(files[0], "two", soname=files[0])])
    assert not are_variants([both[0], copy(f"a/{files[0]}", soname=files[0])])
    assert are_several([copy(file, soname=file, shared=False) for file in files])


ONE = copy("libfoo-1.so", "foo-1", soname="libfoo-1.so", nodes="FOO_1 FOO_1.1")


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ([copy("x.so", "foo-1")], Several.ONE_OWNERS),
        ([copy("x.so", "foo-1", shared=False)], Several.ONE_OWNERS),
        ([copy("x.so", "two", nodes="FOO_2")], Several.APART),
        ([copy("x.so", "two", nodes="FOO_2"), copy("y.so", "two", nodes="FOO_2")], Several.APART),
        ([copy("x.so", "two", nodes="FOO_2 FOO_1")], Several.MIXED),
        ([copy("x.so", "two")], Several.MIXED),
        ([copy("x.so", "two", soname=ONE.soname, nodes="FOO_2")], Several.MIXED),
        ([copy("x.so", "two", nodes="FOO_2", shared=False)], Several.MIXED),
    ],
)
def test_what_copies_are_to_each_other(others: list[Copy], expected: Several) -> None:
    assert judged([ONE, *others]) is expected
    assert judged([*others, ONE]) is expected


def test_only_what_mixes_is_a_fault() -> None:
    assert [kind for kind in Several if kind.severity is Severity.FAULT] == [Several.MIXED]
