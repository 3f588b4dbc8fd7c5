#include "answer_wide.h"

int64_t answer_wide_number(void)
{
    return 42;
}

int answer_wide_bits(void)
{
    return ANSWER_BITS;
}
