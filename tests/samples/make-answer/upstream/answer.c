#include "answer.h"

int answer_number(void)
{
    return 41;
}

const char *answer_version(void)
{
    return ANSWER_VERSION;
}

int answer_internal(void)
{
    return 0;
}
