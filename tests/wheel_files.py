"""Consumers' wheels, put together by hand; library wheels put where libwheel finds them."""

from __future__ import annotations

import os
import sys
import sysconfig
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from environments import run
from libwheel.wheel import ZIP_EPOCH, Member, pack

EXT_SUFFIX = str(sysconfig.get_config_var("EXT_SUFFIX"))
PYTHON_TAG = f"cp{sys.version_info[0]}{sys.version_info[1]}"
TAG = f"{PYTHON_TAG}-{PYTHON_TAG}-{sysconfig.get_platform().replace('-', '_')}"
INFO = "guest-1.0.dist-info"


def make_wheel(
    folder: Path,
    files: Iterable[Member],
    *,
    tag: str = TAG,
    build: str = "",
    requires: Sequence[str] = (),
) -> Path:
    """Pack the consumer `guest` as a build backend would."""
    metadata = "Metadata-Version: 2.1\nName: guest\nVersion: 1.0\n"
    metadata += "".join(f"Requires-Dist: {text}\n" for text in requires) + "\nAbout it.\n"
    described = f"Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: false\nTag: {tag}\n"
    info = {"METADATA": metadata, "WHEEL": described}
    members = [*files, *(Member(f"{INFO}/{name}", text.encode()) for name, text in info.items())]
    name = "-".join(filter(None, ("guest", "1.0", build, tag)))
    folder.mkdir(parents=True, exist_ok=True)
    return pack(folder, f"{name}.whl", INFO, members, ZIP_EPOCH + 86400 * 365)


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@dataclass(frozen=True)
class Host:
    """A prefix with a library wheel in it, for the Python that runs the tests."""

    prefix: Path

    @property
    def site(self) -> Path:
        [found] = self.prefix.glob("lib/python3.*/site-packages")
        return found

    @property
    def variables(self) -> Mapping[str, str]:
        """The environment in which libwheel sees it."""
        return {"PYTHONPATH": f"{os.environ['PYTHONPATH']}{os.pathsep}{self.site}"}


def install(wheel: Path, prefix: Path) -> Host:
    quiet = ("--quiet", "--no-deps", "--no-index", "--ignore-installed")
    run(sys.executable, "-m", "pip", "install", *quiet, "--prefix", prefix, wheel)
    return Host(prefix)


EXTENSION = """
#include <Python.h>
#define NAME_(a, b) a##b
#define NAME(a, b) NAME_(a, b)
#define TEXT_(a) #a
#define TEXT(a) TEXT_(a)
int answer_number(void);
#ifdef PRIVATE
int private_number(void);
#else
static int private_number(void) { return 0; }
#endif
static PyObject *told(PyObject *self, PyObject *none) {
    return PyLong_FromLong(answer_number() + private_number());
}
static PyMethodDef methods[] = {{"told", told, METH_NOARGS, NULL}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, TEXT(MODULE), NULL, -1, methods, NULL, NULL, NULL, NULL};
PyMODINIT_FUNC NAME(PyInit_, MODULE)(void) { return PyModule_Create(&module); }
"""

PROGRAM = """
#include <stdio.h>
int answer_number(void);
int main(void) { return printf("%d\\n", answer_number()) < 0; }
"""


def compile_c(folder: Path, name: str, source: str, *flags: str | Path) -> bytes:
    """Compile C; return the bytes of the program, or of the library with `-shared`."""
    folder.mkdir(parents=True, exist_ok=True)
    code = folder / f"{name}.c"
    code.write_text(source)
    run("cc", "-fPIC", "-O1", code, "-o", folder / name, *flags)
    return (folder / name).read_bytes()


def compile_extension(folder: Path, module: str, *flags: str | Path) -> bytes:
    include = sysconfig.get_path("include")
    return compile_c(
        folder, module, EXTENSION, "-shared", f"-DMODULE={module}", f"-I{include}", *flags
    )
