/* Smoke test for an installed OpenMP runtime: a loop, a reduction, tasks and a lock, on threads. */
#include <stdio.h>
#include <stdlib.h>

#include <omp.h>

enum { THREADS = 4, N = 100000, DEPTH = 12, FIBONACCI_OF_DEPTH = 144 };

static void require(int holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "smoke: failed: %s\n", what);
        exit(EXIT_FAILURE);
    }
}

#define REQUIRE(condition) require((condition), #condition)

static int fibonacci(int n)
{
    int one, other;
    if (n < 2)
        return n;
#pragma omp task shared(one)
    one = fibonacci(n - 1);
#pragma omp task shared(other)
    other = fibonacci(n - 2);
#pragma omp taskwait
    return one + other;
}

int main(void)
{
    long long sum = 0, seen = 0, result = 0;
    int threads = 0;
    omp_lock_t lock;

    omp_set_dynamic(0);
    omp_set_num_threads(THREADS);
    omp_init_lock(&lock);
#pragma omp parallel
    {
#pragma omp single
        threads = omp_get_num_threads();
        omp_set_lock(&lock);
        seen++;
        omp_unset_lock(&lock);
#pragma omp for schedule(dynamic, 100) reduction(+ : sum)
        for (int i = 0; i < N; i++)
            sum += i;
#pragma omp single
        result = fibonacci(DEPTH);
    }
    omp_destroy_lock(&lock);
    REQUIRE(threads == THREADS);
    REQUIRE(seen == THREADS);
    REQUIRE(sum == (long long)N * (N - 1) / 2);
    REQUIRE(result == FIBONACCI_OF_DEPTH);
    printf("OpenMP %d: %d threads of %d processors\n", _OPENMP, threads, omp_get_num_procs());
    return EXIT_SUCCESS;
}
