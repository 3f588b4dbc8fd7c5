# hdf5-pywheel: made by libwheel.  Targets: hdf5-pywheel::hdf5, hdf5-pywheel::hdf5_hl
cmake_policy(VERSION 3.15)

get_filename_component(_libwheel_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)

if(NOT EXISTS "${_libwheel_prefix}/lib/libhdf5-pywheel-310.dylib")
  set(hdf5-pywheel_FOUND FALSE)
  set(hdf5-pywheel_NOT_FOUND_MESSAGE "${_libwheel_prefix}/lib/libhdf5-pywheel-310.dylib is not there: install it again")
  return()
endif()
if(NOT TARGET hdf5-pywheel::hdf5)
  add_library(hdf5-pywheel::hdf5 SHARED IMPORTED)
  set_target_properties(hdf5-pywheel::hdf5 PROPERTIES
    IMPORTED_LOCATION "${_libwheel_prefix}/lib/libhdf5-pywheel-310.dylib"
    IMPORTED_SONAME "@rpath/libhdf5-pywheel-310.dylib"
    INTERFACE_INCLUDE_DIRECTORIES "${_libwheel_prefix}/include/hdf5-pywheel"
    INTERFACE_LINK_LIBRARIES "")
endif()

if(NOT EXISTS "${_libwheel_prefix}/lib/libhdf5_hl-pywheel-310.dylib")
  set(hdf5-pywheel_FOUND FALSE)
  set(hdf5-pywheel_NOT_FOUND_MESSAGE "${_libwheel_prefix}/lib/libhdf5_hl-pywheel-310.dylib is not there: install it again")
  return()
endif()
if(NOT TARGET hdf5-pywheel::hdf5_hl)
  add_library(hdf5-pywheel::hdf5_hl SHARED IMPORTED)
  set_target_properties(hdf5-pywheel::hdf5_hl PROPERTIES
    IMPORTED_LOCATION "${_libwheel_prefix}/lib/libhdf5_hl-pywheel-310.dylib"
    IMPORTED_SONAME "@rpath/libhdf5_hl-pywheel-310.dylib"
    INTERFACE_INCLUDE_DIRECTORIES "${_libwheel_prefix}/include/hdf5-pywheel"
    INTERFACE_LINK_LIBRARIES "hdf5-pywheel::hdf5")
endif()

foreach(_libwheel_component IN LISTS hdf5-pywheel_FIND_COMPONENTS)
  if(TARGET hdf5-pywheel::${_libwheel_component})
    set(hdf5-pywheel_${_libwheel_component}_FOUND TRUE)
  elseif(hdf5-pywheel_FIND_REQUIRED_${_libwheel_component})
    set(hdf5-pywheel_FOUND FALSE)
    set(hdf5-pywheel_NOT_FOUND_MESSAGE
      "this hdf5-pywheel (1.14.5) has no ${_libwheel_component}; it has hdf5, hdf5_hl")
  endif()
endforeach()
unset(_libwheel_component)
unset(_libwheel_prefix)
