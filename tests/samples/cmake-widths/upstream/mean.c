#ifdef WIDE
#define TOTAL_WIDE
#endif
#include "mean.h"

total_number mean_of(total_number left, total_number right)
{
    return total_add(left, right) / 2;
}
