from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from libwheel import cmake_config, pkgconfig
from libwheel.audit import audit, rules_discovery
from libwheel.naming import Tag
from libwheel.staging import Role
from unit.audit.subjects import messages, subject
from unit.staged import MACOS, WINDOWS, two
from unit.staged import TAG as HDF5

PC = (Role.PKGCONFIG, "lib/pkgconfig/base-pywheel.pc")
LOCATOR_PC = (Role.LOCATOR, "base_pywheel/pkgconfig/base-pywheel.pc")
CMAKE = (Role.CMAKE, "lib/cmake/base-pywheel/base-pywheel-config.cmake")
LOCATOR_CMAKE = (Role.LOCATOR, "base_pywheel/cmake/base-pywheel-config.cmake")

GOOD_PC = """\
prefix=${pcfiledir}/PREFIX
libdir=${prefix}/lib
includedir=${prefix}/include/base-pywheel

Name: base-pywheel
Version: 1.0
Libs: -L${libdir} -lbase-pywheel-1
Cflags: -I${includedir}
"""
GOOD_CMAKE = """\
# see /usr/share/doc
get_filename_component(_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
if(NOT EXISTS "${_prefix}/lib/libbase-pywheel-1.so")
  set(base_MESSAGE "${_prefix}/lib/libbase-pywheel-1.so is not there")
endif()
set_target_properties(base::base PROPERTIES
  IMPORTED_LOCATION "${_prefix}/lib/libbase-pywheel-1.so"
  INTERFACE_INCLUDE_DIRECTORIES "${_prefix}/include/base-pywheel;${_prefix}/include")
"""
BESIDE, INSIDE = GOOD_PC.replace("PREFIX", "../.."), GOOD_PC.replace("PREFIX", "../../../../..")


def test_what_we_write_passes(tmp_path: Path) -> None:
    inner = f'include("${{CMAKE_CURRENT_LIST_DIR}}/../../../../../{CMAKE[1]}")'
    files = {PC: BESIDE, LOCATOR_PC: INSIDE, CMAKE: GOOD_CMAKE, LOCATOR_CMAKE: inner}
    assert audit(subject(tmp_path, files=files)) == ()


@pytest.mark.parametrize("tag", [HDF5, MACOS, WINDOWS], ids=["linux", "macos", "windows"])
def test_what_we_write_for_each_system_passes(tmp_path: Path, tag: Tag) -> None:
    libraries = two(tag)
    texts = {
        **pkgconfig.texts(pkgconfig.packages(tag, "", libraries), tag),
        **cmake_config.texts(tag, libraries, 8),
    }
    files = {(role, str(path)): text for (role, path), text in texts.items()}
    files |= {(f.role, str(f.path)): "" for library in libraries for f in library.files}
    files[Role.HEADER, f"{tag.include_folder}/hdf5.h"] = ""
    made = replace(subject(tmp_path, {}, files), tag=tag)
    assert not [*rules_discovery.pkgconfig_folder(made), *rules_discovery.cmake_folder(made)]
    without = {key: text for key, text in files.items() if key[0] is not Role.HEADER}
    made = replace(subject(tmp_path / "without", {}, without), tag=tag)
    assert len(list(rules_discovery.pkgconfig_folder(made))) == 2 * 2 * 3  # each names it twice
    assert len(list(rules_discovery.cmake_folder(made))) == 1


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("include/base-pywheel", "include/base", "<prefix>/include/base"),
        ("-L${libdir}", "-L${libdir}/static", "<prefix>/lib/static"),
        ("-L${libdir}", "-L/usr/lib -L${libdir}", "/usr/lib"),
        ("-L${libdir}", "-L${libdir} -L${pcfiledir}/../../..", "/"),
        ("prefix=${pcfiledir}/../..", "prefix=/usr/local", "/usr/local"),
        ("-I${includedir}", '"-I${includedir}/a b"', "<prefix>/include/base-pywheel/a b"),
    ],
)
def test_a_pkgconfig_folder_is_not_there(tmp_path: Path, old: str, new: str, named: str) -> None:
    found = messages(subject(tmp_path, files={PC: BESIDE.replace(old, new)}), "pkgconfig-folder")
    assert f"{PC[1]}: names {named}, which is not in the wheel" in found


def test_a_pkgconfig_variable_is_not_there(tmp_path: Path) -> None:
    text = BESIDE.replace("-I${includedir}", "-I${incdir}")
    (message,) = messages(subject(tmp_path, files={PC: text}), "pkgconfig-folder")
    assert message.endswith("names ${incdir}, whose variable is not defined")


def test_the_locator_s_copy_counts_from_its_own_folder(tmp_path: Path) -> None:
    found = messages(subject(tmp_path, files={LOCATOR_PC: BESIDE}), "pkgconfig-folder")
    assert found
    assert all(message.startswith(LOCATOR_PC[1]) for message in found)


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("include/base-pywheel;", "include/base;", "<prefix>/include/base"),
        ("/../../..", "/../..", "<prefix>/lib/include"),
        ('"${_prefix}/include/base', '"/usr/include;${_prefix}/include/base', "/usr/include"),
    ],
)
def test_a_cmake_folder_is_not_there(tmp_path: Path, old: str, new: str, named: str) -> None:
    text = GOOD_CMAKE.replace(old, new)
    found = messages(subject(tmp_path, files={CMAKE: text}), "cmake-folder")
    assert f"{CMAKE[1]}: names {named}, which is not in the wheel" in found
