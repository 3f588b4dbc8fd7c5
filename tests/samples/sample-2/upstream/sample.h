#ifndef SAMPLE_H
#define SAMPLE_H

#define SAMPLE_ABI 2

struct sample_point {
    double weight; /* new in 2: the others are elsewhere */
    int x, y;
};

/* The ABI of the library that runs: SAMPLE_ABI is that of the header. */
int sample_abi(void);
/* weight * (x + y) */
int sample_sum(const struct sample_point *point);

#endif
