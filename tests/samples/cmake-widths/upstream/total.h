#ifndef TOTAL_H
#define TOTAL_H

#include <stdint.h>

/* A consumer says which one it is for, as it does of BLAS. */
#ifdef TOTAL_WIDE
typedef int64_t total_number;
#else
typedef int32_t total_number;
#endif

extern total_number total_last;
total_number total_add(total_number left, total_number right);
#define TOTAL_TWICE(x) total_add((x), (x))

#endif
