# openblas-pywheel: made by libwheel.  Targets: openblas-pywheel::openblas, openblas-pywheel::openblas64
cmake_policy(VERSION 3.15)
include(CMakeFindDependencyMacro)
find_dependency(openmp-pywheel HINTS "${CMAKE_CURRENT_LIST_DIR}/../openmp-pywheel")
if(openmp-pywheel_VERSION VERSION_LESS "19.1.7")
  set(openblas-pywheel_FOUND FALSE)
  set(openblas-pywheel_NOT_FOUND_MESSAGE
    "it needs openmp-pywheel 19.1.7, and ${openmp-pywheel_CONFIG} is ${openmp-pywheel_VERSION}")
  return()
endif()

get_filename_component(_libwheel_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)

if(NOT EXISTS "${_libwheel_prefix}/lib/libopenblas-pywheel-0.so")
  set(openblas-pywheel_FOUND FALSE)
  set(openblas-pywheel_NOT_FOUND_MESSAGE "${_libwheel_prefix}/lib/libopenblas-pywheel-0.so is not there: install it again")
  return()
endif()
if(NOT TARGET openblas-pywheel::openblas)
  add_library(openblas-pywheel::openblas SHARED IMPORTED)
  set_target_properties(openblas-pywheel::openblas PROPERTIES
    IMPORTED_LOCATION "${_libwheel_prefix}/lib/libopenblas-pywheel-0.so"
    IMPORTED_SONAME "libopenblas-pywheel-0.so"
    INTERFACE_INCLUDE_DIRECTORIES "${_libwheel_prefix}/include/openblas-pywheel/openblas"
    COMPATIBLE_INTERFACE_STRING "openblas-pywheel_openblas_or_openblas64"
    INTERFACE_openblas-pywheel_openblas_or_openblas64 "openblas"
    INTERFACE_LINK_LIBRARIES "openmp-pywheel::omp")
endif()

if(NOT EXISTS "${_libwheel_prefix}/lib/libopenblas_64-pywheel-0.so")
  set(openblas-pywheel_FOUND FALSE)
  set(openblas-pywheel_NOT_FOUND_MESSAGE "${_libwheel_prefix}/lib/libopenblas_64-pywheel-0.so is not there: install it again")
  return()
endif()
if(NOT TARGET openblas-pywheel::openblas64)
  add_library(openblas-pywheel::openblas64 SHARED IMPORTED)
  set_target_properties(openblas-pywheel::openblas64 PROPERTIES
    IMPORTED_LOCATION "${_libwheel_prefix}/lib/libopenblas_64-pywheel-0.so"
    IMPORTED_SONAME "libopenblas_64-pywheel-0.so"
    INTERFACE_INCLUDE_DIRECTORIES "${_libwheel_prefix}/include/openblas-pywheel/openblas64"
    COMPATIBLE_INTERFACE_STRING "openblas-pywheel_openblas_or_openblas64"
    INTERFACE_openblas-pywheel_openblas_or_openblas64 "openblas64"
    INTERFACE_LINK_LIBRARIES "openmp-pywheel::omp")
endif()

foreach(_libwheel_component IN LISTS openblas-pywheel_FIND_COMPONENTS)
  if(TARGET openblas-pywheel::${_libwheel_component})
    set(openblas-pywheel_${_libwheel_component}_FOUND TRUE)
  elseif(openblas-pywheel_FIND_REQUIRED_${_libwheel_component})
    set(openblas-pywheel_FOUND FALSE)
    set(openblas-pywheel_NOT_FOUND_MESSAGE
      "this openblas-pywheel (0.3.29) has no ${_libwheel_component}; it has openblas, openblas64")
  endif()
endforeach()
unset(_libwheel_component)
unset(_libwheel_prefix)
