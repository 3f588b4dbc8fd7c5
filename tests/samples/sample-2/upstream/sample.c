#include "sample.h"

int sample_abi(void)
{
    return SAMPLE_ABI;
}

int sample_sum(const struct sample_point *point)
{
    return (int)(point->weight * (point->x + point->y));
}
