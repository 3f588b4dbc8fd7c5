from dataclasses import replace

import pytest

from libwheel.naming import Tag, TaggedFile, canonical, tagged_file, wheel_of_node
from libwheel.target import Os

HDF5 = Tag("hdf5", "1.14.5", "310", 0)
ODD = Tag("zlib-ng", "2.3.3", "2.1", 4)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("hdf5", "hdf5"), ("HDF5", "hdf5"), ("Zlib_NG", "zlib-ng"), ("a--b__c..d", "a-b-c-d")],
)
def test_canonical(name: str, expected: str) -> None:
    assert canonical(name) == expected


@pytest.mark.parametrize(
    ("name", "expected", "odd"),
    [
        ("pywheel", "hdf5-pywheel", "zlib-ng-pywheel"),
        ("import_name", "hdf5_pywheel", "zlib_ng_pywheel"),
        ("exact", "hdf5-pywheel-1.14.5-0", "zlib-ng-pywheel-2.3.3-4"),
        ("version_node", "HDF5_PYWHEEL_310", "ZLIB_NG_PYWHEEL_2_1"),
        ("include_folder", "include/hdf5-pywheel", "include/zlib-ng-pywheel"),
        ("cmake_folder", "lib/cmake/hdf5-pywheel", "lib/cmake/zlib-ng-pywheel"),
        ("release_stem", "hdf5-1.14.5", "zlib_ng-2.3.3"),
        ("wheel_stem", "hdf5-1.14.5-0", "zlib_ng-2.3.3-4"),
    ],
)
def test_names_of_a_wheel(name: str, expected: str, odd: str) -> None:
    assert (getattr(HDF5, name), getattr(ODD, name)) == (expected, odd)


MACOS, WINDOWS = replace(HDF5, os=Os.MACOS), replace(HDF5, os=Os.WINDOWS)


@pytest.mark.parametrize(
    ("tag", "names"),
    [
        (HDF5, ("libz-pywheel-310.so", "libz-pywheel-310.so", None, "libz.so")),
        (
            MACOS,
            ("libz-pywheel-310.dylib", "@rpath/libz-pywheel-310.dylib", None, "libz.dylib"),
        ),
        (WINDOWS, ("z-pywheel-310.dll", "z-pywheel-310.dll", "z-pywheel-310.lib", "z.lib")),
    ],
    ids=["linux", "macos", "windows"],
)
def test_names_of_a_library_s_files(tag: Tag, names: tuple[str | None, ...]) -> None:
    assert tag.link_name("z") == "z-pywheel-310"
    assert names == (
        tag.library_file("z"),
        tag.load_name("z"),
        tag.import_library_file("z"),
        tag.plain_library_file("z"),
    )


@pytest.mark.parametrize(
    ("tag", "folders", "way"),
    [
        (HDF5, ("lib", "lib", "include/hdf5-pywheel", "lib/pkgconfig"), "../../.."),
        (MACOS, ("lib", "lib", "include/hdf5-pywheel", "lib/pkgconfig"), "../../.."),
        (
            WINDOWS,
            ("Library/bin", "Library/lib", "Library/include/hdf5-pywheel", "Library/lib/pkgconfig"),
            "../../Library",
        ),
    ],
    ids=["linux", "macos", "windows"],
)
def test_folders(tag: Tag, folders: tuple[str, ...], way: str) -> None:
    layout = tag.layout
    assert folders == (
        *(layout.runtime, layout.library),
        *(tag.include_folder, tag.pkgconfig_folder),
    )
    assert layout.top_from_site == way
    assert layout.below_top(tag.cmake_folder) == "lib/cmake/hdf5-pywheel"


def test_names_of_a_library() -> None:
    assert HDF5.package("hdf5_hl") == "hdf5_hl-pywheel"
    assert HDF5.cmake_target("hdf5_hl") == "hdf5-pywheel::hdf5_hl"
    assert HDF5.link_name("hdf5_hl") == "hdf5_hl-pywheel-310"
    assert HDF5.library_file("hdf5_hl") == "libhdf5_hl-pywheel-310.so"


@pytest.mark.parametrize("tag", [HDF5, ODD, replace(ODD, os=Os.MACOS), replace(ODD, os=Os.WINDOWS)])
@pytest.mark.parametrize("stem", ["hdf5_hl", "z-ng", "c++"])
def test_a_library_s_file_name_is_taken_apart_again(tag: Tag, stem: str) -> None:
    assert tagged_file(tag.library_file(stem)) == TaggedFile(stem, tag.abi)
    assert tagged_file(tag.plain_library_file(stem)) is None


@pytest.mark.parametrize("tag", [HDF5, ODD])
def test_a_version_node_tells_whose_it_is(tag: Tag) -> None:
    assert wheel_of_node(tag.version_node, tag.abi) == tag.wheel
    assert wheel_of_node(tag.version_node, "7") is None


def test_other_nodes_are_nobodys() -> None:
    assert wheel_of_node("GLIBC_2.17", "310") is None
    assert wheel_of_node("Hdf5_PYWHEEL_310", "310") is None


def test_the_compatibility_tag() -> None:
    assert HDF5.wheel_tag("manylinux_2_17_x86_64") == "py3-none-manylinux_2_17_x86_64"


def test_the_abi_and_not_the_version_is_in_what_is_linked() -> None:
    newer = Tag("hdf5", "1.14.6", "310", 1)
    assert newer.library_file("hdf5") == HDF5.library_file("hdf5")
    assert newer.version_node == HDF5.version_node
    assert newer.exact != HDF5.exact


def test_a_variant_is_in_the_names_of_one_build_and_not_in_those_of_a_library() -> None:
    plain = Tag("openblas", "0.3.29", "0", 2)
    tag = Tag("openblas", "0.3.29", "0", 2, "lp64.pthreads")
    assert (plain.full_version, tag.full_version) == ("0.3.29", "0.3.29+lp64.pthreads")
    assert tag.exact == "openblas-pywheel-0.3.29+lp64.pthreads-2"
    assert tag.release_stem == "openblas-0.3.29+lp64.pthreads"
    assert tag.wheel_stem == "openblas-0.3.29+lp64.pthreads-2"
    assert tag.library_file("openblas") == plain.library_file("openblas")
    assert tag.version_node == plain.version_node
