"""The CMake package: an imported target for each library, and a version file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

from libwheel import locator, naming
from libwheel.naming import Tag
from libwheel.staging import Role, StagedLibrary

_CONFIG = """\
# {package}: made by libwheel.  Targets: {targets}
cmake_policy(VERSION 3.15)
{dependencies}
get_filename_component(_libwheel_prefix "${{CMAKE_CURRENT_LIST_DIR}}/../../.." ABSOLUTE)
{libraries}
foreach(_libwheel_component IN LISTS {package}_FIND_COMPONENTS)
  if(TARGET {package}::${{_libwheel_component}})
    set({package}_${{_libwheel_component}}_FOUND TRUE)
  elseif({package}_FIND_REQUIRED_${{_libwheel_component}})
    set({package}_FOUND FALSE)
    set({package}_NOT_FOUND_MESSAGE
      "this {package} ({version}) has no ${{_libwheel_component}}; it has {names}")
  endif()
endforeach()
unset(_libwheel_component)
unset(_libwheel_prefix)
"""

# Without a version, which would refuse another major one: whether it is too old alone counts.
# Before anything else, for it sets and unsets the same variables. It is most often beside ours,
# and CMake's path may lead to neither.
_DEPENDENCY = """\
include(CMakeFindDependencyMacro)
find_dependency({dependency} HINTS "${{CMAKE_CURRENT_LIST_DIR}}/../{dependency}")
if({dependency}_VERSION VERSION_LESS "{version}")
  set({package}_FOUND FALSE)
  set({package}_NOT_FOUND_MESSAGE
    "it needs {dependency} {version}, and ${{{dependency}_CONFIG}} is ${{{dependency}_VERSION}}")
  return()
endif()
"""

_FILE = """
if(NOT EXISTS "${{_libwheel_prefix}}/{file}")
  set({package}_FOUND FALSE)
  set({package}_NOT_FOUND_MESSAGE "${{_libwheel_prefix}}/{file} is not there: install it again")
  return()
endif()"""

_LIBRARY = """{files}
if(NOT TARGET {target})
  add_library({target} SHARED IMPORTED)
  set_target_properties({target} PROPERTIES
    IMPORTED_LOCATION "${{_libwheel_prefix}}/{file}"
    {linked}
    INTERFACE_INCLUDE_DIRECTORIES "${{_libwheel_prefix}}/{include}"
{further}    INTERFACE_LINK_LIBRARIES "{links}")
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
    package, folder, way = tag.pywheel, PurePosixPath(tag.cmake_folder), locator.way_to_top(tag)
    config = _CONFIG.format(
        package=package,
        version=tag.full_version,
        names=", ".join(library.name for library in libraries),
        targets=", ".join(tag.cmake_target(library.name) for library in libraries),
        dependencies=_dependencies(tag, libraries),
        libraries="".join(_library(tag, library, libraries) for library in libraries),
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
            prefix=way, folder=tag.layout.below_top(tag.cmake_folder), file=name
        )
        for name in names
    }
    return files | redirects


def _dependencies(tag: Tag, libraries: tuple[StagedLibrary, ...]) -> str:
    """Return the code that finds the library wheels which these need."""
    wheels = {one.wheel: one.version for library in libraries for one in library.foreign}
    return "".join(
        _DEPENDENCY.format(package=tag.pywheel, dependency=naming.pywheel(wheel), version=version)
        for wheel, version in wheels.items()
    )


def _library(tag: Tag, library: StagedLibrary, libraries: tuple[StagedLibrary, ...]) -> str:
    links = (
        *(tag.cmake_target(name) for name in library.requires),
        *(naming.cmake_target(one.wheel, one.name) for one in library.foreign),
        *library.link_flags,
    )
    properties = {**_compile_options(library), **_choices(tag, library, libraries)}
    below_top = tag.layout.below_top
    paths = [below_top(str(file.path)) for file in library.files]
    return _LIBRARY.format(
        package=tag.pywheel,
        target=tag.cmake_target(library.name),
        files="".join(_FILE.format(package=tag.pywheel, file=path) for path in paths),
        file=paths[0],
        linked=_linked(tag, library, paths[-1]),
        include=PurePosixPath(below_top(tag.include_folder), library.include),
        further="".join(f'    {name} "{value}"\n' for name, value in properties.items()),
        links=";".join(links),
    )


def _linked(tag: Tag, library: StagedLibrary, path: str) -> str:
    """Return the property for the linker: what it takes for the library, or writes of it.

    `path` is that of the file which is linked with.
    """
    if library.link_file:
        return f'IMPORTED_IMPLIB "${{_libwheel_prefix}}/{path}"'
    return f'IMPORTED_SONAME "{tag.load_name(library.stem)}"'


def _compile_options(library: StagedLibrary) -> Mapping[str, str]:
    """Return the property for the compiler's flags, which not every language's compiler has."""
    flags = [f"$<$<COMPILE_LANGUAGE:C,CXX,Fortran>:{flag}>" for flag in library.cflags]
    return {"INTERFACE_COMPILE_OPTIONS": ";".join(flags)} if flags else {}


def _choices(
    tag: Tag, library: StagedLibrary, libraries: tuple[StagedLibrary, ...]
) -> Mapping[str, str]:
    """Return properties on which a target and those that it conflicts with do not agree.

    CMake itself stops where a consumer links both, and names the property and the target.
    """
    against = (
        other.name
        for other in libraries
        if other.name in library.conflicts or library.name in other.conflicts
    )
    names = [f"{tag.pywheel}_{'_or_'.join(sorted((library.name, one)))}" for one in against]
    if not names:
        return {}
    values = {f"INTERFACE_{name}": library.name for name in names}
    return {"COMPATIBLE_INTERFACE_STRING": ";".join(names), **values}
