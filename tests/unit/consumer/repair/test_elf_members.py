from __future__ import annotations

from pathlib import Path

import pytest

from libwheel.consumer.repair import elf_members
from libwheel.errors import BuildError
from libwheel.wheel import Member
from unit.binaries.compiled import run, shared
from unit.consumer.consumers import member


def test_only_what_the_loader_has_to_do_with(tmp_path: Path) -> None:
    library = shared(tmp_path / "libx.so", "int x(void) { return 1; }", "-g")
    run("gcc", "-c", library.with_suffix(".c"), "-o", tmp_path / "x.o")
    run("objcopy", "--only-keep-debug", library, tmp_path / "x.debug")
    names = ("libx.so", "x.o", "x.debug", "libx.c")
    found = elf_members.read([Member(n, (tmp_path / n).read_bytes()) for n in names])
    assert [(m.name, m.binary.soname) for m in found] == [("libx.so", "libx.so")]


def test_a_damaged_file_is_named() -> None:
    with pytest.raises(BuildError, match=r"guest/it\.so: is not a sound ELF file"):
        elf_members.read([Member("guest/it.so", b"\x7fELF and no more")])


@pytest.mark.parametrize("name", ["guest/tests/broken", "guest/so/it.solid", "guest/it.so/data"])
def test_damaged_data_is_nothing(name: str) -> None:
    assert elf_members.read([Member(name, b"\x7fELF and no more")]) == ()


def test_in_a_pure_wheel_all_that_is_damaged_is_data() -> None:
    broken = [Member("guest/tests/it.so.1", b"\x7fELF and no more")]
    assert elf_members.read(broken, is_pure=True) == ()
    with pytest.raises(BuildError):
        elf_members.read(broken)


def test_what_is_known_is_not_read_again() -> None:
    known = member("guest/it.so")  # whose content is no ELF file's
    assert elf_members.read([Member(known.name, known.content)], [known]) == (known,)
    assert elf_members.read([Member(known.name, b"other")], [known]) == ()


def test_libraries_that_are_found_where_installers_put_them() -> None:
    members = [
        member("x-1.data/platlib/pkg/a.so", "liba.so", "libb.so", runpath=("$ORIGIN/../pkg.libs",)),
        member("pkg/b.so", "libb.so", "libc.so.6", runpath=("$ORIGIN", "/usr/lib")),
        member("pkg.libs/liba.so"),
        member("pkg.libs/libb.so"),
    ]
    assert elf_members.found_within(members) == {"liba.so"}
