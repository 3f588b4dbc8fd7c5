#include "answer.h"

int32_t answer_number(void)
{
    return 42;
}

int answer_bits(void)
{
    return ANSWER_BITS;
}

const char *answer_tuning(void)
{
    return ANSWER_TUNING;
}
