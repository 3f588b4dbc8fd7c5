from __future__ import annotations

from dataclasses import replace

import pytest

from libwheel.binaries.binary import Import
from libwheel.consumer.repair import library_needs
from libwheel.consumer.repair.elf_members import ElfMember
from libwheel.errors import BuildError
from unit.consumer.consumers import HDF5, HL, libraries, library_wheel, member, takes

INSTALLED = libraries("H5open", "H5close")


def test_what_members_need() -> None:
    members = [
        member("a.so", HDF5, HL, takes=(takes("H5open"),)),
        member("b.so"),
        member("c.so", HDF5, takes=(takes("H5close"), takes("malloc", None, node=None))),
    ]
    needs = library_needs.find(members, INSTALLED)
    assert {(need.member.name, need.library.file) for need in needs} == {
        ("a.so", HDF5),
        ("a.so", HL),
        ("c.so", HDF5),
    }


def problems(*members: ElfMember) -> str:
    with pytest.raises(BuildError) as caught:
        library_needs.find(members, INSTALLED)
    return str(caught.value)


def test_a_library_wheel_that_is_not_installed_is_known_by_its_node() -> None:
    file = "libz_odd-pywheel-2.1.so"
    said = problems(member("a.so", file, takes=(takes("z", file, node="ZLIB_NG_PYWHEEL_2_1"),)))
    assert f"a.so: built against {file}, of a library wheel that is not installed" in said
    assert "(python -m pip install zlib-ng)" in said
    assert "(python -m pip install z-odd)" in problems(member("a.so", file))


def test_another_abi() -> None:
    said = problems(*(member(f"{name}.so", "libhdf5_hl-pywheel-320.so") for name in "abcdef"))
    assert said.startswith("a.so, b.so, c.so and 3 more: built against")
    assert "ABI 320; hdf5 1.14.5, which is installed in the environment that libwheel" in said
    assert "has ABI 310: install the version" in said


def test_another_build_of_the_library_wheel() -> None:
    file = "libhdf5_64-pywheel-310.so"
    said = problems(member("a.so", file, takes=(takes("H5open", file),)))
    assert said.startswith(f"a.so: built against {file}, which hdf5 1.14.5, that is installed in")
    assert f"does not have; it has {HDF5} and {HL}: install the build of hdf5 that" in said


def test_the_libraries_of_one_wheel_are_told_together() -> None:
    node = "ZLIB_NG_PYWHEEL_2"
    files = ("libz-pywheel-2.so", "libz_more-pywheel-2.so", "libz_last-pywheel-2.so")
    first = member("a.so", *files[:2], takes=tuple(takes("z", file, node=node) for file in files))
    said = problems(first, member("b.so", files[2], takes=(takes("z", files[2], node=node),)))
    assert said.startswith(
        f"a.so and b.so: built against {files[0]}, {files[1]} and {files[2]}, of"
    )
    assert said.count("zlib-ng") == 1
    old = ("libhdf5-pywheel-200.so", "libhdf5_hl-pywheel-200.so")
    assert problems(member("a.so", *old)).startswith(
        f"a.so: built against {old[0]} and {old[1]}, ABI 200; hdf5 1.14.5, which is"
    )


def test_a_newer_library() -> None:
    weak = Import("H5weak", "HDF5_PYWHEEL_310", HDF5, weak=True)
    said = problems(member("a.so", HDF5, takes=(takes("H5open"), takes("H5future"), weak)))
    assert "a.so: built against a newer hdf5 than 1.14.5" in said
    assert f"{HDF5} has no H5future. Install" in said


def test_another_node_of_the_same_library_is_not_there() -> None:
    assert "has no H5open" in problems(member("a.so", HDF5, takes=(takes("H5open", node="NEW"),)))


def test_another_architecture() -> None:
    native = member("a.so", HDF5, takes=(takes("H5future"),))
    said = problems(replace(native, binary=replace(native.binary, arch="aarch64")))
    assert said.startswith("the wheel is for aarch64, hdf5 1.14.5, which is installed")
    assert "H5future" not in said


def test_all_problems_are_told_together() -> None:
    said = problems(member("a.so", "libx-pywheel-1.so"), member("b.so", "liby-pywheel-1.so"))
    assert "libx-pywheel-1.so" in said
    assert "liby-pywheel-1.so" in said


def test_a_private_copy() -> None:
    copy = "libhdf5-pywheel-310-1a2b3c4d.so"
    said = problems(member("guest/a.so", copy), member(f"guest.libs/{copy}"))
    assert f"guest.libs/{copy} is a private copy of a library wheel's library" in said


def test_a_library_wheel_needs_none() -> None:
    members = [member(f"hdf5-1.data/data/lib/{HL}", HDF5), member(f"hdf5-1.data/data/lib/{HDF5}")]
    assert library_needs.find(members, {}) == ()


def test_a_library_whose_file_is_gone() -> None:
    [library, _] = library_needs.libraries([replace(library_wheel())]).values()
    with pytest.raises(BuildError, match=rf"hdf5 1\.14\.5 is installed without its lib/{HDF5}"):
        library_needs.find([member("a.so", HDF5, takes=(takes("H5open"),))], {HDF5: library})
