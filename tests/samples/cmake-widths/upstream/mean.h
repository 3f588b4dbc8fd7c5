#ifndef MEAN_H
#define MEAN_H

#include "total.h"

total_number mean_of(total_number left, total_number right);
#define MEAN_LAST() (total_last / 2)

#endif
