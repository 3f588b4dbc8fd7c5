include("${CMAKE_CURRENT_LIST_DIR}/../../../../../lib/cmake/openmp-pywheel/openmp-pywheel-config-version.cmake")
