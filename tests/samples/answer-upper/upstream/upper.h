#ifndef UPPER_H
#define UPPER_H

/* 42 */
int upper_number(void);

#endif
