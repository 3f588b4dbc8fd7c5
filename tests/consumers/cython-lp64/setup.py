"""Builds the extension against the library wheel openblas, for 32-bit integers."""

import openblas_pywheel
from setuptools import Extension, setup

name = "solver32._solver"
options = openblas_pywheel.extension_options(name, "openblas")
setup(ext_modules=[Extension(name, ["solver32/_solver.pyx"], **options)])
