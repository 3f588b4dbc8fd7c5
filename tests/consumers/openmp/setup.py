"""Builds the extension with OpenMP, on the library wheel openmp."""

import openmp_pywheel
from setuptools import Extension, setup

name = "loops._loops"
options = openmp_pywheel.extension_options(name, "openmp")
setup(ext_modules=[Extension(name, ["loops/_loops.c"], **options)])
