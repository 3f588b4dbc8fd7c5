#ifndef ASKER_H
#define ASKER_H

/* The first number that answers the question. */
int asker_finds(void);

#endif
