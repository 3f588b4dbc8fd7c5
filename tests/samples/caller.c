/* A Python extension that tells what it gets from the sample library that it calls. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <sample.h>

#define JOINED_(a, b) a##b
#define JOINED(a, b) JOINED_(a, b)
#define TEXT_(a) #a
#define TEXT(a) TEXT_(a)

/* The ABI that this was compiled for, the one that runs, and the sum of 40 and 2 (of weight 10). */
static PyObject *told(PyObject *self, PyObject *unused)
{
    /* A library that takes this for the other layout reads zeros, not what lies behind it. */
    union {
        struct sample_point point;
        char room[64];
    } given;

    memset(&given, 0, sizeof given);
    given.point.x = 40;
    given.point.y = 2;
#if SAMPLE_ABI == 2
    given.point.weight = 10;
#endif
    return Py_BuildValue("iii", SAMPLE_ABI, sample_abi(), sample_sum(&given.point));
}

static PyMethodDef methods[] = {{"told", told, METH_NOARGS, NULL}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, TEXT(MODULE), NULL, -1, methods};

PyMODINIT_FUNC JOINED(PyInit_, MODULE)(void)
{
    return PyModule_Create(&module);
}
