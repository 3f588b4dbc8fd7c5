#include "upper.h"
#include "table.h"

#include <middle.h>

int upper_number(void)
{
    return middle_number() == TABLE ? TABLE + 2 : -1;
}
