from __future__ import annotations

from pathlib import Path

import pytest

from libwheel.audit import HostLibraries
from libwheel.target import native
from unit.binaries.compiled import shared


@pytest.mark.compiles
def test_finds_the_libraries_of_debian_and_fedora(tmp_path: Path) -> None:
    folders = ("lib/x86_64-linux-gnu", "usr/lib64")
    for number, folder in enumerate(folders):
        shared(tmp_path / folder / f"lib{number}.so.1", f"int found_{number};")
    host = HostLibraries(native().arch, tmp_path)
    for number in range(2):
        library = host(f"lib{number}.so.1")
        assert library is not None
        assert f"found_{number}" in library.exports_by_name
    assert host("lib2.so.1") is None
    assert HostLibraries("sparc64", tmp_path)("lib0.so.1") is None


@pytest.mark.compiles
def test_each_library_is_read_once(tmp_path: Path) -> None:
    path = shared(tmp_path / "usr/lib64/libone.so.1", "int found;")
    host = HostLibraries(native().arch, tmp_path)
    library = host("libone.so.1")
    assert library is not None
    path.unlink()
    assert host("libone.so.1") is library
    assert HostLibraries(native().arch, tmp_path)("libone.so.1") is None


def test_finds_this_machine_s_libc() -> None:
    libc = HostLibraries(native().arch)("libc.so.6")
    assert libc is not None
    assert "malloc" in libc.exports_by_name
