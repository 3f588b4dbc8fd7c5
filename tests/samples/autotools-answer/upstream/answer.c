#include "answer.h"

int answer_number(void)
{
    return 42;
}

const char *answer_version(void)
{
    return ANSWER_VERSION;
}
