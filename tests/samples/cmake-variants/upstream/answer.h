#ifndef ANSWER_H
#define ANSWER_H

#include <stdint.h>

int32_t answer_number(void);
/* How many bits the build says that an answer has, and how it was tuned. */
int answer_bits(void);
const char *answer_tuning(void);

#endif
