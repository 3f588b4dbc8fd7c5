/* Keeps a number in an HDF5 file that is in memory only, and reads it back. */
#include <Python.h>

#include <hdf5.h>
#include <hdf5_hl.h>

static PyObject *version(PyObject *module, PyObject *nothing)
{
    unsigned major = 0, minor = 0, release = 0;
    (void)module, (void)nothing;
    H5get_libversion(&major, &minor, &release);
    return PyUnicode_FromFormat("%u.%u.%u", major, minor, release);
}

static PyObject *kept(PyObject *module, PyObject *number)
{
    const hsize_t shape[1] = {1};
    const int value = (int)PyLong_AsLong(number);
    int found = 0;
    (void)module;
    if (PyErr_Occurred())
        return NULL;
    hid_t in_memory = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_fapl_core(in_memory, 4096, 0);
    hid_t file = H5Fcreate("keeper.h5", H5F_ACC_TRUNC, H5P_DEFAULT, in_memory);
    herr_t written = H5LTmake_dataset_int(file, "number", 1, shape, &value);
    hid_t data = H5Dopen2(file, "number", H5P_DEFAULT);
    herr_t read = H5Dread(data, H5T_NATIVE_INT, H5S_ALL, H5S_ALL, H5P_DEFAULT, &found);
    H5Dclose(data);
    H5Fclose(file);
    H5Pclose(in_memory);
    if (written < 0 || read < 0)
        return PyErr_Format(PyExc_OSError, "HDF5 could not keep %d", value);
    return PyLong_FromLong(found);
}

static PyMethodDef methods[] = {
    {"version", version, METH_NOARGS, "The version of the HDF5 that is loaded."},
    {"kept", kept, METH_O, "Write a number to a file in memory; return what is read back."},
    {0},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "_keeper", .m_methods = methods};

PyMODINIT_FUNC PyInit__keeper(void)
{
    return PyModule_Create(&definition);
}
