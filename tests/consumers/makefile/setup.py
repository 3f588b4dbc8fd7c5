"""Lets make build the extension."""

import subprocess
import sys

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext


class Make(build_ext):
    """Call make for an extension."""

    def build_extension(self, ext: Extension) -> None:
        goal = self.get_ext_fullpath(ext.name)
        subprocess.run(["make", f"PYTHON={sys.executable}", f"GOAL={goal}"], check=True)


extension = Extension("keeper._keeper", ["keeper/_keeper.c"], depends=["Makefile"])
setup(ext_modules=[extension], cmdclass={"build_ext": Make})
