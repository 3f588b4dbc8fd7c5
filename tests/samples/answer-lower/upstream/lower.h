#ifndef LOWER_H
#define LOWER_H

int lower_number(void);
/* The same, under a version of the library's own. */
int lower_versioned(void);

#endif
