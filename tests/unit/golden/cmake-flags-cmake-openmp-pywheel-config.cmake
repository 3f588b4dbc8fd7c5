# openmp-pywheel: made by libwheel.  Targets: openmp-pywheel::omp, openmp-pywheel::openmp
cmake_policy(VERSION 3.15)

get_filename_component(_libwheel_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)

if(NOT EXISTS "${_libwheel_prefix}/lib/libomp-pywheel-5.so")
  set(openmp-pywheel_FOUND FALSE)
  set(openmp-pywheel_NOT_FOUND_MESSAGE "${_libwheel_prefix}/lib/libomp-pywheel-5.so is not there: install it again")
  return()
endif()
if(NOT TARGET openmp-pywheel::omp)
  add_library(openmp-pywheel::omp SHARED IMPORTED)
  set_target_properties(openmp-pywheel::omp PROPERTIES
    IMPORTED_LOCATION "${_libwheel_prefix}/lib/libomp-pywheel-5.so"
    IMPORTED_SONAME "libomp-pywheel-5.so"
    INTERFACE_INCLUDE_DIRECTORIES "${_libwheel_prefix}/include/openmp-pywheel"
    INTERFACE_LINK_LIBRARIES "")
endif()

if(NOT EXISTS "${_libwheel_prefix}/lib/libomp-pywheel-5.so")
  set(openmp-pywheel_FOUND FALSE)
  set(openmp-pywheel_NOT_FOUND_MESSAGE "${_libwheel_prefix}/lib/libomp-pywheel-5.so is not there: install it again")
  return()
endif()
if(NOT TARGET openmp-pywheel::openmp)
  add_library(openmp-pywheel::openmp SHARED IMPORTED)
  set_target_properties(openmp-pywheel::openmp PROPERTIES
    IMPORTED_LOCATION "${_libwheel_prefix}/lib/libomp-pywheel-5.so"
    IMPORTED_SONAME "libomp-pywheel-5.so"
    INTERFACE_INCLUDE_DIRECTORIES "${_libwheel_prefix}/include/openmp-pywheel"
    INTERFACE_COMPILE_OPTIONS "$<$<COMPILE_LANGUAGE:C,CXX,Fortran>:-fopenmp>"
    INTERFACE_LINK_LIBRARIES "-Wl,--no-as-needed;-Wl,--as-needed")
endif()

foreach(_libwheel_component IN LISTS openmp-pywheel_FIND_COMPONENTS)
  if(TARGET openmp-pywheel::${_libwheel_component})
    set(openmp-pywheel_${_libwheel_component}_FOUND TRUE)
  elseif(openmp-pywheel_FIND_REQUIRED_${_libwheel_component})
    set(openmp-pywheel_FOUND FALSE)
    set(openmp-pywheel_NOT_FOUND_MESSAGE
      "this openmp-pywheel (19.1.7) has no ${_libwheel_component}; it has omp, openmp")
  endif()
endforeach()
unset(_libwheel_component)
unset(_libwheel_prefix)
