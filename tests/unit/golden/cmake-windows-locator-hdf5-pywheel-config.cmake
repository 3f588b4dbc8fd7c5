include("${CMAKE_CURRENT_LIST_DIR}/../../../../Library/lib/cmake/hdf5-pywheel/hdf5-pywheel-config.cmake")
