#include "middle.h"

#include <lower.h>

int middle_number(void)
{
    return lower_number() + lower_versioned();
}

