"""Lets ./configure and make build the extension."""

import subprocess
import sys

import hdf5_pywheel
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext


class Configure(build_ext):
    """Call ./configure and make for an extension."""

    def build_extension(self, ext: Extension) -> None:
        options = [f"--with-hdf5={hdf5_pywheel.prefix()}", f"--with-python={sys.executable}"]
        subprocess.run(["./configure", *options], check=True)
        subprocess.run(["make", f"GOAL={self.get_ext_fullpath(ext.name)}"], check=True)


inputs = ["configure", "Makefile.in"]
extension = Extension("keeper._keeper", ["keeper/_keeper.c"], depends=inputs)
setup(ext_modules=[extension], cmdclass={"build_ext": Configure})
