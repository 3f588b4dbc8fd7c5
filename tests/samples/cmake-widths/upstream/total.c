#ifdef WIDE
#define TOTAL_WIDE
#define KEPT total_wide
#else
#define KEPT total_narrow
#endif
#include "total.h"

total_number total_last = 0;

/* Not exported: one of the two is in each library. */
static __attribute__((noinline)) total_number KEPT(total_number sum)
{
    total_last = sum;
    return total_last;
}

total_number total_add(total_number left, total_number right)
{
    return KEPT((total_number)((uint64_t)left + (uint64_t)right));
}
