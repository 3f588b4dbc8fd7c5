/* Smoke test for an installed HDF5: writes a chunked, shuffled and gzip-compressed dataset,
 * reads it back, and checks the high-level library and the thread-safe build as well.
 * Usage: smoke [FILE]     (FILE is created, and removed at the end) */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hdf5.h>
#include <hdf5_hl.h>

enum { ROWS = 100, COLUMNS = 1000, ROWS_PER_CHUNK = 10 };

static int written[ROWS][COLUMNS];
static int found[ROWS][COLUMNS];
static const char *path = "smoke.h5";

/* Every HDF5 call goes through here: a negative result is a failure. */
static hid_t check(hid_t result, const char *what)
{
    if (result < 0) {
        fprintf(stderr, "smoke: failed: %s\n", what);
        remove(path);
        exit(EXIT_FAILURE);
    }
    return result;
}

#define CALL(expression) check((expression), #expression)
#define REQUIRE(condition) check((condition) ? 0 : -1, #condition)

int main(int argc, char **argv)
{
    const hsize_t shape[2] = {ROWS, COLUMNS};
    const hsize_t chunk[2] = {ROWS_PER_CHUNK, COLUMNS};
    unsigned major, minor, release;
    bool threadsafe = false;
    char title[16] = "";

    if (argc > 1)
        path = argv[1];
    for (int row = 0; row < ROWS; row++)
        for (int column = 0; column < COLUMNS; column++)
            written[row][column] = row * column;

    CALL(H5get_libversion(&major, &minor, &release));
    REQUIRE(major == H5_VERS_MAJOR && minor == H5_VERS_MINOR && release == H5_VERS_RELEASE);
    CALL(H5is_library_threadsafe(&threadsafe));
    REQUIRE(threadsafe);
    REQUIRE(H5Zfilter_avail(H5Z_FILTER_DEFLATE) > 0);

    hid_t file = CALL(H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT));
    hid_t space = CALL(H5Screate_simple(2, shape, NULL));
    hid_t layout = CALL(H5Pcreate(H5P_DATASET_CREATE));
    CALL(H5Pset_chunk(layout, 2, chunk));
    CALL(H5Pset_shuffle(layout));
    CALL(H5Pset_deflate(layout, 6));
    hid_t data = CALL(H5Dcreate2(file, "products", H5T_NATIVE_INT, space, H5P_DEFAULT, layout, H5P_DEFAULT));
    CALL(H5Dwrite(data, H5T_NATIVE_INT, H5S_ALL, H5S_ALL, H5P_DEFAULT, written));
    CALL(H5LTset_attribute_string(file, "products", "title", "times table"));
    CALL(H5Dclose(data));
    CALL(H5Pclose(layout));
    CALL(H5Sclose(space));
    CALL(H5Fclose(file));

    file = CALL(H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT));
    data = CALL(H5Dopen2(file, "products", H5P_DEFAULT));
    CALL(H5Dread(data, H5T_NATIVE_INT, H5S_ALL, H5S_ALL, H5P_DEFAULT, found));
    hsize_t stored = H5Dget_storage_size(data);
    CALL(H5LTget_attribute_string(file, "products", "title", title));
    CALL(H5Dclose(data));
    CALL(H5Fclose(file));

    REQUIRE(memcmp(written, found, sizeof written) == 0);
    REQUIRE(strcmp(title, "times table") == 0);
    REQUIRE(stored > 0 && stored < sizeof written);
    REQUIRE(remove(path) == 0);
    printf("HDF5 %u.%u.%u: %d x %d ints, %llu bytes stored\n", major, minor, release, ROWS, COLUMNS,
           (unsigned long long)stored);
    return EXIT_SUCCESS;
}
