#ifndef MIDDLE_H
#define MIDDLE_H

int middle_number(void);

#endif
