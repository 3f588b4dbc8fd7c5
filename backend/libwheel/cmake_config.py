"""The CMake package: an imported target for each library, and a version file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

from libwheel import locator
from libwheel.naming import Tag
from libwheel.staging import Role, StagedLibrary

_CONFIG = """\
# {package}: made by libwheel.  Targets: {targets}
cmake_policy(VERSION 3.15)
get_filename_component(_libwheel_prefix "${{CMAKE_CURRENT_LIST_DIR}}/../../.." ABSOLUTE)
{libraries}
foreach(_libwheel_component IN LISTS {package}_FIND_COMPONENTS)
  if(TARGET {package}::${{_libwheel_component}})
    set({package}_${{_libwheel_component}}_FOUND TRUE)
  elseif({package}_FIND_REQUIRED_${{_libwheel_component}})
    set({package}_FOUND FALSE)
    set({package}_NOT_FOUND_MESSAGE "there is no {package}::${{_libwheel_component}}")
  endif()
endforeach()
unset(_libwheel_component)
unset(_libwheel_prefix)
"""

_LIBRARY = """
if(NOT EXISTS "${{_libwheel_prefix}}/{file}")
  set({package}_FOUND FALSE)
  set({package}_NOT_FOUND_MESSAGE "${{_libwheel_prefix}}/{file} is not there: install it again")
  return()
endif()
if(NOT TARGET {target})
  add_library({target} SHARED IMPORTED)
  set_target_properties({target} PROPERTIES
    IMPORTED_LOCATION "${{_libwheel_prefix}}/{file}"
    IMPORTED_SONAME "{soname}"
    INTERFACE_INCLUDE_DIRECTORIES "${{_libwheel_prefix}}/{include}"
    INTERFACE_LINK_LIBRARIES "{requires}")
endif()
"""

# As CMake's own SameMajorVersion: not older than what is asked for, nor another major version.
_VERSION = """\
set(PACKAGE_VERSION "{version}")
set(PACKAGE_VERSION_COMPATIBLE FALSE)
set(PACKAGE_VERSION_EXACT FALSE)
if(PACKAGE_FIND_VERSION_RANGE)
  if(PACKAGE_FIND_VERSION_MIN VERSION_LESS_EQUAL PACKAGE_VERSION
      AND ((PACKAGE_FIND_VERSION_RANGE_MAX STREQUAL "INCLUDE"
            AND PACKAGE_VERSION VERSION_LESS_EQUAL PACKAGE_FIND_VERSION_MAX)
        OR PACKAGE_VERSION VERSION_LESS PACKAGE_FIND_VERSION_MAX))
    set(PACKAGE_VERSION_COMPATIBLE TRUE)
  endif()
else()
  if(PACKAGE_FIND_VERSION VERSION_LESS_EQUAL PACKAGE_VERSION
      AND PACKAGE_FIND_VERSION_MAJOR STREQUAL "{major}")
    set(PACKAGE_VERSION_COMPATIBLE TRUE)
  endif()
  if(PACKAGE_FIND_VERSION VERSION_EQUAL PACKAGE_VERSION)
    set(PACKAGE_VERSION_EXACT TRUE)
  endif()
endif()
if(NOT "${{CMAKE_SIZEOF_VOID_P}}" STREQUAL "" AND NOT CMAKE_SIZEOF_VOID_P EQUAL {pointer})
  set(PACKAGE_VERSION_UNSUITABLE TRUE)
endif()
"""

# In the locator, for where the prefix is not on CMake's path: scikit-build-core makes the
# package's folder `<name>_ROOT`.
_REDIRECT = """\
include("${{CMAKE_CURRENT_LIST_DIR}}/{prefix}/{folder}/{file}")
"""

_CONFIG_FILE, _VERSION_FILE = "{}-config.cmake", "{}-config-version.cmake"


def texts(
    tag: Tag, libraries: tuple[StagedLibrary, ...], pointer_size: int
) -> Mapping[tuple[Role, PurePosixPath], str]:
    """Return the package's files; `pointer_size` in bytes."""
    package, folder = tag.pywheel, PurePosixPath(tag.cmake_folder)
    config = _CONFIG.format(
        package=package,
        targets=", ".join(tag.cmake_target(library.name) for library in libraries),
        libraries="".join(_library(tag, library) for library in libraries),
    )
    version = _VERSION.format(
        version=tag.version, major=tag.version.partition(".")[0], pointer=pointer_size
    )
    names = _CONFIG_FILE.format(package), _VERSION_FILE.format(package)
    files = {
        (Role.CMAKE, folder / name): text
        for name, text in zip(names, (config, version), strict=True)
    }
    redirects = {
        (Role.LOCATOR, PurePosixPath(tag.import_name, "cmake", name)): _REDIRECT.format(
            prefix=locator.PREFIX, folder=folder, file=name
        )
        for name in names
    }
    return files | redirects


def _library(tag: Tag, library: StagedLibrary) -> str:
    return _LIBRARY.format(
        package=tag.pywheel,
        target=tag.cmake_target(library.name),
        file=library.file.path,
        soname=library.file.path.name,
        include=tag.include_folder,
        requires=";".join(tag.cmake_target(name) for name in library.requires),
    )
