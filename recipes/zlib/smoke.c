/* Smoke test for an installed zlib: compresses a buffer, restores it and compares;
 * the library loaded must be the one whose header we were compiled with. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

enum { SIZE = 100000 };

static void require(int condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "smoke: failed: %s\n", what);
        exit(EXIT_FAILURE);
    }
}

#define REQUIRE(condition) require((condition), #condition)

int main(void)
{
    REQUIRE(strcmp(zlibVersion(), ZLIB_VERSION) == 0);

    static unsigned char original[SIZE];
    static unsigned char restored[SIZE];
    for (int i = 0; i < SIZE; i++)
        original[i] = (unsigned char)(i / 7 % 251);

    uLongf packed_size = compressBound(SIZE);
    uLongf restored_size = SIZE;
    unsigned char *packed = malloc(packed_size);
    REQUIRE(packed != NULL);

    REQUIRE(compress2(packed, &packed_size, original, SIZE, Z_BEST_COMPRESSION) == Z_OK);
    REQUIRE(packed_size < SIZE);
    REQUIRE(uncompress(restored, &restored_size, packed, packed_size) == Z_OK);
    REQUIRE(restored_size == SIZE);
    REQUIRE(memcmp(original, restored, SIZE) == 0);
    REQUIRE(crc32(0L, original, SIZE) == crc32(0L, restored, SIZE));
    free(packed);

    printf("zlib %s: %d bytes in, %lu bytes packed\n", zlibVersion(), SIZE, (unsigned long)packed_size);
    return EXIT_SUCCESS;
}
