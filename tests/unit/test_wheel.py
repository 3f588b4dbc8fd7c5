from __future__ import annotations

import base64
import csv
import hashlib
import io
import stat
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest
from packaging.utils import parse_wheel_filename
from packaging.version import Version

from environments import make_venv
from libwheel import wheel
from libwheel.staging import Role, StagedFile, StagedTree
from libwheel.version import __version__
from libwheel.wheel import ZIP_EPOCH, Member
from unit.staged import TAG, WINDOWS, write

PLATFORM = "linux_x86_64"
METADATA = b"Metadata-Version: 2.4\nName: hdf5\nVersion: 1.14.5\n"
DATA = "hdf5-1.14.5.data/data"
INFO = "hdf5-1.14.5.dist-info"
STAGED = {
    (Role.RUNTIME, "lib/libhdf5-pywheel-310.so"): "binary",
    (Role.HEADER, "include/hdf5-pywheel/hdf5.h"): "int h;\n",
    (Role.HEADER, "include/hdf5-pywheel/a, b.h"): "",
    (Role.PKGCONFIG, "lib/pkgconfig/hdf5-pywheel.pc"): "pc",
    (Role.CMAKE, "lib/cmake/hdf5-pywheel/hdf5-pywheel-config.cmake"): "cmake",
    (Role.LOCATOR, "hdf5_pywheel/__init__.py"): "X = 'ä'\n",
    (Role.LICENSE, "zlib/LICENSE"): "free",
    (Role.SBOM, "hdf5.cdx.json"): "{}",
}
LISTING = [
    f"{DATA}/include/hdf5-pywheel/a, b.h",
    f"{DATA}/include/hdf5-pywheel/hdf5.h",
    f"{DATA}/lib/cmake/hdf5-pywheel/hdf5-pywheel-config.cmake",
    f"{DATA}/lib/libhdf5-pywheel-310.so",
    f"{DATA}/lib/pkgconfig/hdf5-pywheel.pc",
    "hdf5_pywheel/__init__.py",
    f"{INFO}/METADATA",
    f"{INFO}/WHEEL",
    f"{INFO}/entry_points.txt",
    f"{INFO}/licenses/zlib/LICENSE",
    f"{INFO}/sboms/hdf5.cdx.json",
    f"{INFO}/RECORD",
]


@pytest.fixture
def members(tmp_path: Path) -> list[Member]:
    files = [
        StagedFile(role, PurePosixPath(path), write(tmp_path / "stage" / role.name / path, text))
        for (role, path), text in STAGED.items()
    ]
    tree = StagedTree(tuple(files), ())
    return wheel.members(tree, TAG, PLATFORM, METADATA, "[x]\ny = hdf5_pywheel\n")


def pack(folder: Path, members: list[Member], epoch: int = ZIP_EPOCH) -> Path:
    name = wheel.file_name(TAG, PLATFORM)
    return wheel.pack(folder, name, wheel.dist_info(TAG), members, epoch)


OF_WINDOWS = {
    (Role.RUNTIME, "Library/bin/hdf5-pywheel-310.dll"): "binary",
    (Role.LINK, "Library/lib/hdf5-pywheel-310.lib"): "import library",
    (Role.HEADER, "Library/include/hdf5-pywheel/hdf5.h"): "int h;\n",
    (Role.PKGCONFIG, "Library/lib/pkgconfig/hdf5-pywheel.pc"): "pc",
    (Role.LOCATOR, "hdf5_pywheel/__init__.py"): "X = 'ä'\n",
}


def test_a_wheel_for_windows_has_import_libraries_and_nothing_executable(tmp_path: Path) -> None:
    files = [
        StagedFile(role, PurePosixPath(path), write(tmp_path / "stage" / path, text))
        for (role, path), text in OF_WINDOWS.items()
    ]
    found = wheel.members(StagedTree(tuple(files), ()), WINDOWS, "win_amd64", METADATA, "")
    assert [member.name for member in found] == [
        f"{DATA}/Library/bin/hdf5-pywheel-310.dll",
        f"{DATA}/Library/include/hdf5-pywheel/hdf5.h",
        f"{DATA}/Library/lib/hdf5-pywheel-310.lib",
        f"{DATA}/Library/lib/pkgconfig/hdf5-pywheel.pc",
        "hdf5_pywheel/__init__.py",
        *(f"{INFO}/{name}" for name in ("METADATA", "WHEEL", "entry_points.txt")),
    ]
    assert not any(member.executable for member in found)


@pytest.fixture
def packed(tmp_path: Path, members: list[Member]) -> Path:
    return pack(tmp_path / "dist", members)


def test_the_name_has_the_build_tag(packed: Path) -> None:
    assert packed.name == "hdf5-1.14.5-0-py3-none-linux_x86_64.whl"
    assert [path.name for path in packed.parent.iterdir()] == [packed.name]


def test_a_hyphen_in_the_distribution_s_name_is_no_separator() -> None:
    tag = replace(TAG, wheel="zlib-ng", build=2)
    assert wheel.file_name(tag, PLATFORM) == "zlib_ng-1.14.5-2-py3-none-linux_x86_64.whl"
    assert wheel.dist_info(tag) == "zlib_ng-1.14.5.dist-info"


def test_the_listing_is_sorted_and_ends_with_the_dist_info(packed: Path) -> None:
    assert zipfile.ZipFile(packed).namelist() == LISTING


def test_the_order_of_what_is_staged_does_not_matter(tmp_path: Path, members: list[Member]) -> None:
    files = [
        StagedFile(role, PurePosixPath(path), tmp_path / "stage" / role.name / path)
        for role, path in reversed(STAGED)
    ]
    tree = StagedTree(tuple(files), ())
    assert wheel.members(tree, TAG, PLATFORM, METADATA, "[x]\ny = hdf5_pywheel\n") == members


def test_the_wheel_file(packed: Path) -> None:
    assert zipfile.ZipFile(packed).read(f"{INFO}/WHEEL").decode() == (
        "Wheel-Version: 1.0\n"
        f"Generator: libwheel {__version__}\n"
        "Root-Is-Purelib: false\n"
        "Tag: py3-none-linux_x86_64\n"
        "Build: 0\n"
    )


def test_the_record_has_every_file_s_hash_and_size(packed: Path) -> None:
    archive = zipfile.ZipFile(packed)
    rows = list(csv.reader(io.StringIO(archive.read(f"{INFO}/RECORD").decode())))
    assert [name for name, _, _ in rows] == LISTING
    for name, digest, size in rows[:-1]:
        content = archive.read(name)
        found = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
        assert (digest, size) == (f"sha256={found}", str(len(content)))
    assert rows[-1] == [f"{INFO}/RECORD", "", ""]


def test_the_modes(packed: Path) -> None:
    modes = {i.filename: i.external_attr >> 16 for i in zipfile.ZipFile(packed).infolist()}
    library = f"{DATA}/lib/libhdf5-pywheel-310.so"
    assert modes.pop(library) == stat.S_IFREG | 0o755
    assert set(modes.values()) == {stat.S_IFREG | 0o644}


@pytest.mark.parametrize(
    ("epoch", "moment"),
    [
        (ZIP_EPOCH, (1980, 1, 1, 0, 0, 0)),
        (0, (1980, 1, 1, 0, 0, 0)),
        (1_700_000_000, (2023, 11, 14, 22, 13, 20)),
        (2**32 - 1, (2106, 2, 7, 6, 28, 14)),  # zip counts in steps of two seconds
    ],
)
def test_the_time_of_every_member(
    tmp_path: Path, members: list[Member], epoch: int, moment: tuple[int, ...]
) -> None:
    archive = zipfile.ZipFile(pack(tmp_path, members, epoch))
    assert {info.date_time for info in archive.infolist()} == {moment}


def test_the_same_bytes_twice(tmp_path: Path, members: list[Member], packed: Path) -> None:
    (tmp_path / "stage" / "RUNTIME" / "lib").chmod(0o700)
    assert pack(tmp_path / "again", members).read_bytes() == packed.read_bytes()


def test_packing_again_replaces_what_is_there(tmp_path: Path, members: list[Member]) -> None:
    path = pack(tmp_path / "dist", members[:-1])
    assert pack(tmp_path / "dist", members) == path
    assert zipfile.ZipFile(path).namelist() == LISTING


def test_the_archive_is_sound(packed: Path) -> None:
    check = (sys.executable, "-m", "zipfile", "--test", packed)
    done = subprocess.run(check, capture_output=True, text=True, check=True)
    assert done.stdout == "Done testing\n"


def test_pip_installs_it_into_the_environment_and_takes_it_away(
    tmp_path: Path, packed: Path
) -> None:
    venv = make_venv(tmp_path / "venv")
    before = venv.files()
    venv.install(packed)
    library = venv.root / "lib" / "libhdf5-pywheel-310.so"
    assert library.read_text() == "binary"
    assert library.stat().st_mode & 0o777 == 0o755
    assert (venv.root / "include" / "hdf5-pywheel" / "a, b.h").exists()
    venv.pip("uninstall", "--quiet", "--yes", "hdf5")
    assert venv.files() == before


def test_the_name_of_a_variant_is_one_that_installers_read() -> None:
    name = wheel.file_name(replace(TAG, variant="lp64.pthreads"), "linux_x86_64")
    parsed, version, _, _ = parse_wheel_filename(name)
    assert (parsed, version) == (TAG.wheel, Version(f"{TAG.version}+lp64.pthreads"))
