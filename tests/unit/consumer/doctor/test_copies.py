from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from difflib import SequenceMatcher
from pathlib import Path
from types import CodeType, FrameType

import pytest

from libwheel.consumer.doctor.copies import Family, families, stem
from libwheel.consumer.doctor.objects import Object
from unit.consumer.surveys import names, package, thing


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("libhdf5-9e18f0c6.so.320.0.0", "hdf5"),
        ("libhdf5_hl-pywheel-310.so", "hdf5_hl"),
        ("libgfortran-040039e1-0352e75f.so.5.0.0", "gfortran"),
        ("libscipy_openblas64_-32a4b2a6.so", "scipy_openblas64_"),
        ("libopenblasp-r0-59ffcd50.3.15.so", "openblasp"),
        ("libpng16-1d1ba958.so.16.58.0", "png16"),
        ("libblosc2.so", "blosc2"),
        ("libfoo-1.2.so", "foo"),
        ("tool.so", "tool"),
        ("lib.so", "lib.so"),
    ],
)
def test_the_stem_of_a_file(file: str, expected: str) -> None:
    assert stem(file) == expected


def told(found: tuple[Family, ...]) -> dict[str, tuple[list[str], list[str]]]:
    return {
        family.name: ([one.name for one in family.proper], [one.name for one in family.within])
        for family in found
    }


def test_two_versions_of_a_library_are_copies_of_it(tmp_path: Path) -> None:
    one, two = package("one", tmp_path), package("two", tmp_path)
    old = thing(one, "one.libs/libz-11111111.so.1", names("z", 90))
    new = thing(two, "two.libs/libz-22222222.so.1.3", names("z", 100))
    assert told(families([old, new])) == {"z": ([old.name, new.name], [])}


def test_names_with_the_marks_of_openblas_s_builds_are_the_same(tmp_path: Path) -> None:
    plain = names("dgemm", 50)
    marked = {f"scipy_{name}64_" for name in plain}
    files = [
        thing(package("one", tmp_path), "libscipy_openblas64_-11111111.so", marked),
        thing(package("two", tmp_path), "libopenblasp-r0-22222222.3.15.so", plain),
    ]
    assert told(families(files)) == {"openblas": ([one.name for one in files], [])}


def test_a_library_wheel_names_the_family(tmp_path: Path) -> None:
    files = [
        thing(package("one", tmp_path), "libanswer-clang-11111111.so", names("answer", 20)),
        thing(package("answer", tmp_path), "libanswer-pywheel-1.so", names("answer", 20)),
    ]
    assert list(told(families(files))) == ["answer"]


def test_libraries_of_one_project_are_not_copies(tmp_path: Path) -> None:
    owner = package("one", tmp_path)
    files = [
        thing(owner, "libhdf5.so", names("H5", 1000)),
        thing(owner, "libhdf5_hl.so", {*names("H5LT", 90), *names("H5", 9)}),
    ]
    assert told(families(files)) == {
        "hdf5": (["libhdf5.so"], []),
        "hdf5_hl": (["libhdf5_hl.so"], []),
    }


def test_what_compilers_put_into_every_file_is_nothing_in_common(tmp_path: Path) -> None:
    inline = {f"{mark}N3foo{n}E" for mark in ("_ZTS", "_ZTI", "_ZZ", "_ZGVZ") for n in range(50)}
    owner = package("one", tmp_path)
    files = [
        thing(owner, "libfoo.so", {*inline, *names("a", 20), "_init", "_fini"}),
        thing(owner, "libfoobar.so", {*inline, *names("b", 20), "_init", "_fini"}),
    ]
    assert sorted(told(families(files))) == ["foo", "foobar"]


def test_a_copy_linked_into_an_extension_that_exports_it(tmp_path: Path) -> None:
    one, two = package("one", tmp_path), package("two", tmp_path)
    library = thing(one, "one.libs/libz.so.1", names("z", 40))
    holder = thing(two, "two/ext.so", {"PyInit_ext", *names("z", 35), *names("own", 500)})
    assert told(families([library, holder])) == {"z": (["libz.so.1"], ["ext.so"])}


def test_a_copy_linked_into_another_library(tmp_path: Path) -> None:
    small = thing(package("one", tmp_path), "libaec.so", names("aec", 16))
    large = thing(package("two", tmp_path), "libsz.so", {*names("aec", 16), *names("SZ", 3)})
    assert told(families([small, large])) == {
        "aec": (["libaec.so"], ["libsz.so"]),
        "sz": (["libsz.so"], []),
    }


def test_two_that_hold_a_third_are_not_copies(tmp_path: Path) -> None:
    bundled = names("LZ4", 72)
    files = [
        thing(package("one", tmp_path), "libblosc.so", {*bundled, *names("blosc", 25)}),
        thing(package("two", tmp_path), "libblosc2.so", {*bundled, *names("b2", 900)}),
    ]
    assert told(families(files)) == {
        "blosc": (["libblosc.so"], []),
        "blosc2": (["libblosc2.so"], []),
    }


def test_extensions_alone_are_no_library(tmp_path: Path) -> None:
    owner = package("one", tmp_path)
    files = [thing(owner, f"{n}.so", {"PyInit_x", *names("svm", 80)}) for n in range(2)]
    assert families(files) == ()


def test_small_libraries_are_copies_if_they_are_called_alike(tmp_path: Path) -> None:
    one, two = package("one", tmp_path), package("two", tmp_path)
    tiny = [thing(owner, f"{owner.name}.libs/libtiny.so", {"tiny_a"}) for owner in (one, two)]
    other = thing(two, "two.libs/libother.so", {"tiny_a"})
    assert told(families([*tiny, other])) == {
        "tiny": (["libtiny.so", "libtiny.so"], []),
        "other": (["libother.so"], []),
    }


def test_different_libraries_of_one_name_are_told_apart(tmp_path: Path) -> None:
    owners = [package(name, tmp_path) for name in ("one", "two")]
    files = [
        thing(owner, f"{owner.name}/libcore.so", names(owner.name, 30)) for owner in owners
    ] + [thing(owners[1], "two/sub/libcore.so", names("sub", 30))]
    assert list(told(families(files))) == ["core", "core of two", "core of two (2)"]


def test_two_of_one_name_that_hold_the_same_third_are_not_copies(tmp_path: Path) -> None:
    bundled = names("inflate", 40)
    files = [
        thing(owner, f"{owner.name}/libutils.so", {*bundled, *names(owner.name, 160)})
        for owner in (package("one", tmp_path), package("two", tmp_path))
    ]
    assert told(families(files)) == {
        "utils": (["libutils.so"], []),
        "utils of two": (["libutils.so"], []),
    }


def test_copies_that_hold_different_others_are_copies(tmp_path: Path) -> None:
    one, two = package("one", tmp_path), package("two", tmp_path)
    bare = thing(one, "one.libs/libavif-11111111.so.16", {*names("avif", 100), *names("yuv", 160)})
    full = thing(two, "two.libs/libavif-22222222.so.16", {*names("avif", 100), *names("aom", 900)})
    assert told(families([bare, full])) == {"avif": ([bare.name, full.name], [])}


def calls(objects: Iterable[Object]) -> Counter[CodeType]:
    """Count the calls of Python functions that telling the copies takes."""
    counted: Counter[CodeType] = Counter()

    def count(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            counted[frame.f_code] += 1

    given = tuple(objects)
    sys.setprofile(count)
    try:
        families(given)
    finally:
        sys.setprofile(None)
    return counted


def test_names_are_compared_only_where_the_files_have_enough_in_common(tmp_path: Path) -> None:
    owner = package("one", tmp_path)
    plugins = [thing(owner, f"libplugin_{letter}.so", {"start"}) for letter in "abcdefgh"]
    assert not calls(plugins)[SequenceMatcher.find_longest_match.__code__]
    alike = [thing(owner, f"libcore_{letter}.so", names("core", 20)) for letter in "ab"]
    assert calls([*plugins, *alike])[SequenceMatcher.find_longest_match.__code__]


def test_extension_modules_are_not_compared_with_each_other(tmp_path: Path) -> None:
    owner = package("one", tmp_path)
    modules = [thing(owner, f"{n}.so", {"PyInit_x", *names("svm", 80)}) for n in range(80)]
    assert calls(modules).total() < 3 * calls(modules[:40]).total()
