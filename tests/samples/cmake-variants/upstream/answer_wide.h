#ifndef ANSWER_WIDE_H
#define ANSWER_WIDE_H

#include <stdint.h>

int64_t answer_wide_number(void);
int answer_wide_bits(void);

#endif
