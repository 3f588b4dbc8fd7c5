"""Builds the extension against the library wheel hdf5."""

import hdf5_pywheel
from setuptools import Extension, setup

name = "keeper._keeper"
options = hdf5_pywheel.extension_options(name)
setup(ext_modules=[Extension(name, ["keeper/_keeper.c"], **options)])
