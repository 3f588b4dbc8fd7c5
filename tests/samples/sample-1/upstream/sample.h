#ifndef SAMPLE_H
#define SAMPLE_H

#define SAMPLE_ABI 1

struct sample_point {
    int x, y;
};

/* The ABI of the library that runs: SAMPLE_ABI is that of the header. */
int sample_abi(void);
/* x + y */
int sample_sum(const struct sample_point *point);

#endif
