"""Real extensions are imported in a fresh environment, and the copies they load are told apart."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

import pytest

from environments import Venv, make_venv, run
from libwheel.consumer.doctor import imports
from libwheel.consumer.doctor.report import Copy, FailedImport, Severity

pytestmark = pytest.mark.compiles

# An extension module that does `BODY` when it is imported
EXTENSION = """
#define PY_SSIZE_T_CLEAN
#include <Python.h>
int twin_number(void);
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "NAME", NULL, -1, NULL};
PyMODINIT_FUNC PyInit_NAME(void)
{
    BODY
    return PyModule_Create(&module);
}
"""
CALLS = 'if (twin_number() != 42) abort(); printf("{\\"noise\\": 1}\\n"); fflush(stdout);'
RAISES = 'PyErr_SetString(PyExc_OSError, "first\\nlast"); return NULL;'
ABORTS = "abort();"


def compile_shared(source: str, path: Path, *flags: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    code = path.with_suffix(".c")
    code.write_text(source)
    run("cc", "-shared", "-fPIC", "-o", path, code, *flags)
    code.unlink()
    return path


def library(site: Path, owner: str, soname: str) -> Copy:
    path = compile_shared(
        "int twin_number(void) { return 42; }",
        site / f"{owner}.libs" / soname,
        f"-Wl,-soname,{soname}",
    )
    return Copy("twin", path, soname, owner, "1.0", False, path.stat().st_size)


def extension(site: Path, name: str, body: str, needs: Copy | None = None) -> Path:
    source = EXTENSION.replace("NAME", name).replace("BODY", body)
    include = f"-I{sysconfig.get_paths()['include']}"
    links = (str(needs.path), f"-Wl,-rpath,{needs.path.parent}") if needs else ()
    return compile_shared(source, site / f"{name}.abi3.so", include, *links)


@pytest.fixture(scope="module")
def venv(tmp_path_factory: pytest.TempPathFactory) -> Venv:
    return make_venv(tmp_path_factory.mktemp("imports") / "my präfix")


@pytest.fixture(scope="module")
def site(venv: Venv) -> Path:
    return Path(venv.ask("-c", "import sysconfig; print(sysconfig.get_paths()['purelib'])"))


@pytest.fixture(scope="module")
def copies(site: Path) -> tuple[Copy, Copy]:
    one = library(site, "one", "libtwin-0a1b2c3d.so.1")
    other = library(site, "other", "libtwin-4e5f6a7b.so.2")
    extension(site, "one", CALLS, one)
    extension(site, "also", CALLS, one)
    extension(site, "other", CALLS, other)
    extension(site, "raises", RAISES)
    extension(site, "aborts", ABORTS)
    return one, other


def test_each_copy_is_told_with_who_brought_it(
    venv: Venv, site: Path, copies: tuple[Copy, Copy]
) -> None:
    one, other = copies
    found = imports.imported(venv.python, ["one", "also", "raises", "other"], copies)
    assert found.failed == (FailedImport("raises", "last"),)
    told = [(m.copy, m.soname, m.size, m.imported, m.needed_by) for m in found.mapped]
    ours = (site / "also.abi3.so", site / "one.abi3.so")
    assert told == [
        (one.path, one.soname, one.size, "one", ours),
        (other.path, other.soname, other.size, "other", (site / "other.abi3.so",)),
    ]
    failed, twice = imports.diagnoses(found, copies)
    assert (failed.rule, failed.subject) == ("import-failed", "raises")
    assert (twice.rule, twice.subject, twice.severity) == ("mapped-twice", "twin", Severity.FAULT)


def test_one_copy_for_two_packages_is_sound(venv: Venv, copies: tuple[Copy, Copy]) -> None:
    found = imports.imported(venv.python, ["one", "also"], copies)
    assert [mapped.copy for mapped in found.mapped] == [copies[0].path]
    assert imports.diagnoses(found, copies) == ()


def test_of_two_of_one_name_the_first_is_needed(
    venv: Venv, site: Path, copies: tuple[Copy, Copy], tmp_path: Path
) -> None:
    again = tmp_path / copies[0].soname
    shutil.copy(copies[0].path, again)
    (site / "opens.py").write_text(f"import ctypes\nctypes.CDLL({str(again)!r})\n")
    mapped = imports.imported(venv.python, ["one", "opens", "also"], copies).mapped
    needers = {one.path: one.needed_by for one in mapped if one.soname == again.name}
    assert needers == {
        copies[0].path: (site / "also.abi3.so", site / "one.abi3.so"),
        again: (),
    }


def test_the_host_s_copy_is_known_by_what_it_exports(
    venv: Venv, site: Path, tmp_path: Path
) -> None:
    code = "".join(f"int many_{number}(void) {{ return {number}; }}\n" for number in range(20))
    ours = compile_shared(code, site / "lib" / "libmany-pywheel-1.so")
    host = compile_shared(code, tmp_path / "libcalled_otherwise.so.9")
    for name, path in (("of_ours", ours), ("of_the_host", host)):
        (site / f"{name}.py").write_text(f"import ctypes\nctypes.CDLL({str(path)!r})\n")
    copy = Copy("many", ours, ours.name, "many", "1.0", True, 1, nodes=("MANY_PYWHEEL_1",))
    found = imports.imported(venv.python, ["of_ours", "of_the_host"], [copy])
    [twice] = imports.diagnoses(found, [copy])
    assert (twice.rule, twice.subject, twice.severity) == ("mapped-twice", "many", Severity.FAULT)
    assert str(host) in twice.message


def test_a_hard_link_is_the_same_copy(
    venv: Venv, copies: tuple[Copy, Copy], tmp_path: Path
) -> None:
    linked = tmp_path / "cache.so"
    linked.hardlink_to(copies[0].path)
    other_name = Copy("twin", linked, copies[0].soname, "cache", "1.0", False, 1)
    [mapped] = imports.imported(venv.python, ["one"], [other_name]).mapped
    assert (mapped.path, mapped.copy) == (copies[0].path, linked)


def test_an_extension_that_aborts(venv: Venv, copies: tuple[Copy, Copy]) -> None:
    found = imports.imported(venv.python, ["one", "aborts", "other"], copies)
    assert [mapped.copy for mapped in found.mapped] == [copies[0].path]
    crash, untried = found.failed
    assert crash.module == "aborts"
    assert crash.reason.startswith("the process was ended by SIGABRT (Aborted)")
    assert untried == FailedImport("other", "was not tried: importing aborts ended the process")


def test_a_missing_library_comes_with_what_to_do(venv: Venv, site: Path) -> None:
    gone = library(site, "gone", "libtwin-pywheel-1.so")
    extension(site, "lonely", CALLS, gone)
    gone.path.unlink()
    found = imports.imported(venv.python, ["lonely"], ())
    [diagnosis] = imports.diagnoses(found, ())
    assert "libtwin-pywheel-1.so: cannot open shared object file" in diagnosis.message
    assert "install the library wheel that has libtwin-pywheel-1.so" in diagnosis.remedy


def test_an_interruption_ends_the_child_and_what_it_has_started(
    venv: Venv, site: Path, tmp_path: Path
) -> None:
    (site / "sleeps.py").write_text(
        "import os, pathlib, subprocess, time\n"
        f"path = pathlib.Path({str(tmp_path)!r}, 'pids')\n"
        "other = subprocess.Popen(['sleep', '600'])\n"
        "path.with_suffix('.new').write_text(f'{os.getpid()} {other.pid}')\n"
        "path.with_suffix('.new').rename(path)\n"
        "time.sleep(600)\n"
    )
    script = (
        "import sys; from pathlib import Path; from libwheel.consumer.doctor import imports\n"
        "imports.imported(Path(sys.argv[1]), ['sleeps'], ())"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, venv.python], stderr=subprocess.DEVNULL
    ) as process:
        while not (tmp_path / "pids").exists():
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        assert process.wait(10) != 0
    children = (tmp_path / "pids").read_text().split()
    assert len(children) == 2
    assert not [child for child in children if is_alive(child)]


def is_alive(process: str) -> bool:
    """Tell whether there is such a process; whoever adopts it may not have seen that it ended."""
    try:
        stat = Path("/proc", process, "stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"
