/* Products and OpenMP loops where threads are forked away, withheld, or of several numbers.
 * Usage: blas_threads fork|busy|once|mixed */
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cblas.h>
#include <omp.h>

enum { N = 400, CHILDREN = 3, CALLERS = 4, ROUNDS = 60, FORKS = 200, PATIENCE = 60 };

static double a[N * N], right[N * N];

static void multiply(double *product)
{
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, N, N, N, 1.0, a, N, a, N, 0.0, product, N);
}

static int is_right(const double *product)
{
    for (int i = 0; i < N * N; i++)
        if (fabs(product[i] - right[i]) > 1e-9)
            return 0;
    return 1;
}

static int loop_is_right(void)
{
    long long sum = 0;
#pragma omp parallel for reduction(+ : sum)
    for (int i = 0; i < N; i++)
        sum += i;
    return sum == (long long)N * (N - 1) / 2;
}

static int multiplies_right(void)
{
    static double product[N * N];
    memset(product, 0, sizeof product);
    multiply(product);
    return is_right(product);
}

static int forked(void)
{
    int failed = 0;
    for (int child = 0; child < CHILDREN; child++) {
        pid_t pid = fork();
        if (pid == 0) {
            alarm(PATIENCE);
            _exit(multiplies_right() && loop_is_right() ? EXIT_SUCCESS : EXIT_FAILURE);
        }
        int status = -1;
        waitpid(pid, &status, 0);
        failed += status != 0;
    }
    return failed + !multiplies_right();
}

/* Each caller has another number of threads. */
static void *caller(void *number)
{
    long wrong = 0;
    double *product = malloc(sizeof right);
    omp_set_num_threads(1 + (int)(long)number);
    for (int round = 0; round < ROUNDS; round++) {
        memset(product, 0, sizeof right);
        multiply(product);
        wrong += !is_right(product);
    }
    free(product);
    return (void *)wrong;
}

/* Forks take nothing away from the callers that go on. */
static int mixed(int forks)
{
    pthread_t callers[CALLERS];
    int failed = 0;
    for (long number = 0; number < CALLERS; number++)
        pthread_create(&callers[number], NULL, caller, (void *)number);
    for (int child = 0; child < forks; child++) {
        pid_t pid = fork();
        if (pid == 0)
            _exit(EXIT_SUCCESS);
        waitpid(pid, NULL, 0);
        usleep(1000);
    }
    for (int number = 0; number < CALLERS; number++) {
        void *wrong;
        pthread_join(callers[number], &wrong);
        failed += wrong != NULL;
    }
    return failed;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    int failed = 1;
    alarm(4 * PATIENCE);
    for (int i = 0; i < N * N; i++)
        a[i] = (i * 7 % 11 - 5) / 8.0;
    for (int row = 0; row < N; row++) /* sums of few bits: exact in whatever order */
        for (int k = 0; k < N; k++)
            for (int column = 0; column < N; column++)
                right[row * N + column] += a[row * N + k] * a[k * N + column];
    if (!multiplies_right())
        failed = 1;
    else if (strcmp(what, "fork") == 0)
        failed = forked();
    else if (strcmp(what, "once") == 0)
        failed = !loop_is_right();
    else if (strcmp(what, "mixed") == 0)
        failed = mixed(0);
    else if (strcmp(what, "busy") == 0)
        failed = mixed(FORKS);
    puts(failed ? "failed" : "right");
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
