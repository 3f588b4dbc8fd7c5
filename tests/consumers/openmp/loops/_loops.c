/* Counts the threads of a parallel region, of which each adds one. */
#include <Python.h>

#include <omp.h>

static PyObject *threads(PyObject *self, PyObject *asked)
{
    long seen = 0, wanted = PyLong_AsLong(asked);
    if (wanted < 1)
        return PyErr_Occurred() ? NULL : PyErr_Format(PyExc_ValueError, "no threads");
    Py_BEGIN_ALLOW_THREADS
#pragma omp parallel num_threads(wanted) reduction(+ : seen)
    seen++;
    Py_END_ALLOW_THREADS
    return PyLong_FromLong(seen);
}

static PyMethodDef methods[] = {
    {"threads", threads, METH_O, "Run as many threads; return how many there were."},
    {NULL, NULL, 0, NULL},
};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_loops", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__loops(void)
{
    return PyModule_Create(&module);
}
