from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath

import pytest

from libwheel import locator
from libwheel.consumer.library_wheels import LibraryWheel
from libwheel.consumer.repair import plain_needs
from libwheel.consumer.repair.elf_members import ElfMember
from libwheel.errors import BuildError
from libwheel.naming import Tag
from libwheel.staging import StagedLibrary
from unit.consumer.consumers import libraries, library_wheel, member, takes
from unit.staged import library


def described(tag: Tag, *staged: StagedLibrary) -> LibraryWheel:
    """Return a library wheel with the constants that its locator has."""
    modules = locator.modules(tag, f"~= {tag.version}", staged, {})
    constants = locator.read(modules[PurePosixPath(tag.import_name, "__init__.py")])
    wheel = library_wheel(tag.version, name=tag.wheel, files=constants.libraries)
    return replace(wheel, constants=constants)


HDF5, ZLIB = Tag("hdf5", "1.14.5", "310", 0), Tag("zlib", "1.3.1", "1", 0)
INSTALLED = {
    **libraries("H5open", "H5close", wheel=described(HDF5, library("hdf5"), library("hdf5_hl"))),
    **libraries("inflate", wheel=described(ZLIB, library("zlib", stem="z", tag=ZLIB))),
}


def problem(*members: ElfMember) -> str:
    with pytest.raises(BuildError) as caught:
        plain_needs.refuse(members, members, INSTALLED)
    return str(caught.value)


def plain(name: str) -> ElfMember:
    return member("a.so", name, takes=(takes("H5open", None, node=None), takes("x", None)))


@pytest.mark.parametrize("name", ["libhdf5.so.310", "libhdf5_serial.so.103", "libhdf5-1a2b.so.310"])
def test_a_plain_library_of_the_same_name(name: str) -> None:
    said = problem(plain(name))
    assert f"a.so: built against a plain {name}, not against hdf5 1.14.5, which is" in said
    assert "it takes 1 symbol from there" in said
    assert "(H5open)" in said
    assert "by pkg-config (hdf5-pywheel and hdf5_hl-pywheel)" in said
    assert "python -m hdf5_pywheel prefix" in said


def test_a_symbol_with_a_version_of_the_plain_library() -> None:
    taken = takes("inflate", "libz.so.1", node="ZLIB_1.2.0")
    said = problem(member("a.so", "libz.so.1", takes=(taken,)))
    assert "built against a plain libz.so.1, not against zlib 1.3.1" in said
    assert "by pkg-config (zlib-pywheel)" in said


@pytest.mark.parametrize(
    "innocent",
    [
        member("a.so", "libhdf.so.4", takes=(takes("H5open", None, node=None),)),  # another name
        member("a.so", "libzstd.so.1", takes=(takes("inflate", None, node=None),)),
        member("a.so", "libhdf5.so.310", takes=(takes("H5other", None, node=None),)),
        member("a.so", "libhdf5.so.310", takes=(takes("H5open"),)),  # from the library wheel
        member("a.so", "libhdf5-pywheel-310.so", takes=(takes("H5open", None, node=None),)),
    ],
)
def test_what_is_none(innocent: ElfMember) -> None:
    plain_needs.refuse([innocent], [innocent], INSTALLED)


def test_a_copy_that_the_wheel_brings_is_its_own_affair() -> None:
    user = plain("libhdf5-1a2b.so.310")
    copy = member("guest.libs/libhdf5-1a2b.so.310", gives=("H5open",))
    plain_needs.refuse([user, copy], [user, copy], INSTALLED)
    with pytest.raises(BuildError, match="built against a plain libhdf5-1a2b"):
        plain_needs.refuse([user, copy], [user], INSTALLED)
