/* Smoke test for an installed OpenBLAS: a product by CBLAS, a system by LAPACKE and one by LAPACK.
 * Compile it against openblas-pywheel, or with -DILP64 against openblas64-pywheel. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <cblas.h>
#include <lapacke.h>

#ifdef ILP64
#define NAME(name) name##64_
#else
#define NAME(name) name
#endif

enum { N = 300 };

static double a[N * N], b[N * N], product[N * N], x[N];
static lapack_int pivots[N];

static void require(int holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "smoke: failed: %s\n", what);
        exit(EXIT_FAILURE);
    }
}

#define REQUIRE(condition) require((condition), #condition)

/* a well-conditioned matrix, and x such that the solution is all ones */
static void fill(void)
{
    for (int row = 0; row < N; row++) {
        x[row] = 0;
        for (int column = 0; column < N; column++) {
            a[row * N + column] = row == column ? N : (row * 7 + column * 3) % 11 / 11.0;
            b[row * N + column] = row == column;
            x[row] += a[row * N + column];
        }
    }
}

static void check_solution(void)
{
    for (int row = 0; row < N; row++)
        REQUIRE(fabs(x[row] - 1) < 1e-12);
}

int main(void)
{
    char transposed = 'T'; /* rows of C are columns of Fortran */
    lapack_int n = N, one = 1, info = 0;

    REQUIRE(sizeof(blasint) == sizeof(lapack_int));
#ifdef ILP64
    REQUIRE(sizeof(blasint) == 8);
#else
    REQUIRE(sizeof(blasint) == 4);
#endif
    fill();
    NAME(cblas_dgemm)(CblasRowMajor, CblasNoTrans, CblasNoTrans, N, N, N, 1.0, a, N, b, N, 0.0, product, N);
    for (int i = 0; i < N * N; i++)
        REQUIRE(product[i] == a[i]);
    REQUIRE(NAME(LAPACKE_dgesv)(LAPACK_ROW_MAJOR, N, 1, a, N, pivots, x, 1) == 0);
    check_solution();
    fill();
    LAPACK_dgetrf(&n, &n, a, &n, pivots, &info);
    REQUIRE(info == 0);
    LAPACK_dgetrs(&transposed, &n, &one, a, &n, pivots, x, &n, &info);
    REQUIRE(info == 0);
    check_solution();
    printf("%s, %d-bit integers, %d threads\n", NAME(openblas_get_config)(), (int)(8 * sizeof(blasint)),
           NAME(openblas_get_num_threads)());
    return EXIT_SUCCESS;
}
