#include "lower.h"

int lower_number(void)
{
    return 20;
}

int lower_versioned(void)
{
    return lower_number();
}
