# cython: language_level=3
from cpython.mem cimport PyMem_Free, PyMem_Malloc

cdef extern from "cblas.h":
    ctypedef long long blasint
    enum: CblasRowMajor, CblasNoTrans
    void cblas_dgemv64_(int layout, int trans, blasint m, blasint n, double alpha,
                        const double *a, blasint lda, const double *x, blasint incx, double beta,
                        double *y, blasint incy)

cdef extern from "lapacke.h":
    ctypedef long long lapack_int
    enum: LAPACK_ROW_MAJOR
    lapack_int LAPACKE_dgesv64_(int layout, lapack_int n, lapack_int nrhs, double *a,
                                lapack_int lda, lapack_int *pivots, double *b, lapack_int ldb)


def bits():
    return 8 * sizeof(lapack_int), 8 * sizeof(blasint)


def solved(rows, right):
    """Return x with A x = b, and A x."""
    cdef lapack_int n = len(right), row, column, info
    cdef double *a = <double *> PyMem_Malloc(2 * (n * n + n) * sizeof(double))
    cdef double *copy = a + n * n
    cdef double *x = copy + n * n
    cdef double *product = x + n
    cdef lapack_int *pivots = <lapack_int *> PyMem_Malloc(n * sizeof(lapack_int))
    try:
        for row in range(n):
            x[row] = right[row]
            for column in range(n):
                a[row * n + column] = copy[row * n + column] = rows[row][column]
        info = LAPACKE_dgesv64_(LAPACK_ROW_MAJOR, n, 1, a, n, pivots, x, 1)
        if info:
            raise ValueError(info)
        cblas_dgemv64_(CblasRowMajor, CblasNoTrans, n, n, 1.0, copy, n, x, 1, 0.0, product, 1)
        return [x[row] for row in range(n)], [product[row] for row in range(n)]
    finally:
        PyMem_Free(a)
        PyMem_Free(pivots)
