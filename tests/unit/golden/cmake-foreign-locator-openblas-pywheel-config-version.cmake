include("${CMAKE_CURRENT_LIST_DIR}/../../../../../lib/cmake/openblas-pywheel/openblas-pywheel-config-version.cmake")
