"""What imports in a child process come to: what fails, and what is wrong with what is mapped."""

from __future__ import annotations

import ast
import signal
import sys
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest

from libwheel.consumer.doctor import imports
from libwheel.consumer.doctor.copies import stem
from libwheel.consumer.doctor.report import (
    About,
    Copy,
    Diagnosis,
    FailedImport,
    Imports,
    Mapped,
    Rule,
    Severity,
)
from libwheel.errors import BuildError
from unit.binaries.compiled import shared

PYTHON = Path(sys.executable)
LIB = Path("/env/lib")


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on the child's path, but not where it works."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "modules"))
    (tmp_path / "modules").mkdir()
    return tmp_path / "modules"


def failures(*names: str) -> dict[str, str]:
    found = imports.imported(PYTHON, names, ())
    assert found.modules == tuple(dict.fromkeys(names))
    return {failure.module: failure.reason for failure in found.failed}


def test_what_raises_does_not_keep_the_others_from_their_turn(modules: Path) -> None:
    (modules / "bad.py").write_text("raise ValueError('first line\\n\\nlast line\\n')")
    (modules / "gone.py").write_text("raise SystemExit(3)")
    (modules / "good.py").write_text("import sys; print('noise'); sys.stderr.write('noise')")
    assert failures("bad", "gone", "good", "no.such", "good") == {
        "bad": "last line",
        "gone": "SystemExit: 3",
        "no.such": "ModuleNotFoundError: No module named 'no'",
    }


def test_what_ends_the_process_is_named(modules: Path) -> None:
    (modules / "good.py").write_text("")
    (modules / "dies.py").write_text(
        "import os, sys; sys.stderr.write('my last words\\n'); sys.stderr.flush(); os.abort()"
    )
    assert failures("good", "dies", "later") == {
        "dies": "the process was ended by SIGABRT (Aborted): my last words",
        "later": "was not tried: importing dies ended the process",
    }


def test_an_exit_status_is_told(modules: Path) -> None:
    (modules / "leaves.py").write_text("import os; os._exit(7)")
    assert failures("leaves") == {"leaves": "the process ended with exit status 7"}


def test_a_signal_without_a_name_is_told(modules: Path) -> None:
    (modules / "dies.py").write_text("import os, signal; os.kill(os.getpid(), signal.SIGRTMIN + 1)")
    number = signal.SIGRTMIN + 1
    assert failures("dies")["dies"].startswith(f"the process was ended by signal {number} (")


def test_a_module_may_close_all_files(modules: Path) -> None:
    (modules / "closes.py").write_text("import os; os.closerange(3, 100)")
    assert failures("closes", "no_such", "closes").keys() == {"no_such"}


def test_a_module_may_take_any_file_descriptor(modules: Path, tmp_path: Path) -> None:
    (modules / "takes.py").write_text(
        f"import os\nfile = os.open({str(tmp_path / 'taken')!r}, os.O_CREAT | os.O_WRONLY)\n"
        "for number in range(3, 100): os.dup2(file, number)\n"
    )
    assert failures("takes") == {}
    assert (tmp_path / "taken").read_bytes() == b""


def test_a_module_that_stays_awake_does_not_keep_us(modules: Path) -> None:
    (modules / "awake.py").write_text(
        "import atexit, threading, time\natexit.register(time.sleep, 600)\n"
        "threading.Thread(target=time.sleep, args=(600,)).start()\n"
    )
    assert failures("awake") == {}


def test_the_working_folder_has_no_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("json", "here"):
        (tmp_path / f"{name}.py").write_text("raise ValueError('not me')")
    monkeypatch.chdir(tmp_path)
    assert failures("json", "here") == {"here": "ModuleNotFoundError: No module named 'here'"}


def test_a_module_does_not_see_our_arguments(modules: Path) -> None:
    (modules / "asks.py").write_text("import sys\nassert sys.argv == ['-c'], sys.argv")
    assert failures("asks") == {}


def test_a_python_that_cannot_be_run(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"cannot run .*/python': No such file"):
        imports.imported(tmp_path / "python", ["os"], ())


def test_a_python_that_is_none() -> None:
    with pytest.raises(BuildError, match=r"/bin/false cannot import anything: it ended with exit"):
        imports.imported(Path("/bin/false"), ["os"], ())


@pytest.mark.compiles
def test_extension_modules_and_what_every_linux_has_are_not_listed(
    modules: Path, tmp_path: Path
) -> None:
    library = shared(tmp_path / "libmine.so.1", "int mine;", "-lm", script="")
    (modules / "loads.py").write_text(
        f"import _ctypes, ctypes, math\nctypes.CDLL({str(library)!r})\nctypes.CDLL('libm.so.6')\n"
    )
    found = imports.imported(PYTHON, ["loads"], ())
    assert not found.failed
    paths = {mapped.path for mapped in found.mapped}
    assert library in paths
    names = {path.name for path in paths}
    assert not any(name.startswith(("_ctypes", "libc.", "libm.")) for name in names)


def test_the_probe_is_for_old_pythons_too() -> None:
    text = (files("libwheel.consumer.doctor") / "import_probe.py").read_text(encoding="utf-8")
    nodes = list(ast.walk(ast.parse(text, feature_version=(3, 9))))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    others = {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
    assert others == {"__future__"}
    assert names
    assert names <= sys.stdlib_module_names


# Diagnoses


def copy(name: str, owner: str, node: str = "") -> Copy:
    """Return a copy of HDF5; a library wheel's has a version node."""
    path, nodes = LIB / owner / name, tuple(filter(None, [node]))
    return Copy("hdf5", path, name, owner, "1.0", bool(node), 6_000_000, nodes=nodes)


def mapped(path: Path, copy_: Copy | None = None, needers: int = 0) -> Mapped:
    needed_by = tuple(LIB / "pkg" / f"ext{number}.so" for number in range(needers))
    library, known = (copy_.library, copy_.path) if copy_ else (stem(path.name), None)
    return Mapped(path, path.name, 6_000_000, "pkg", needed_by, known, library)


def diagnose(*found: Mapped, copies: tuple[Copy, ...] = ()) -> tuple[Diagnosis, ...]:
    return imports.diagnoses(Imports((), found, ()), copies)


def test_two_private_copies_in_one_process() -> None:
    one, other = copy("libhdf5-0a1b2c3d.so.310", "h5py"), copy("libhdf5-9e18f0c6.so", "tables")
    [found] = diagnose(
        mapped(one.path, one, needers=5), mapped(other.path, other), copies=(one, other)
    )
    assert (found.severity, found.rule, found.subject) == (Severity.FAULT, "mapped-twice", "hdf5")
    assert found.message == (
        "2 copies of hdf5 are in one process: h5py 1.0's libhdf5-0a1b2c3d.so.310 (6.0 MB, needed "
        "by pkg/ext0.so, pkg/ext1.so, pkg/ext2.so and 2 more); tables 1.0's "
        "libhdf5-9e18f0c6.so (6.0 MB, loaded directly)"
    )
    assert found.remedy.startswith("install builds of h5py and tables that load one copy")


def test_two_abis_of_a_library_wheel_are_meant() -> None:
    one = copy("libhdf5-pywheel-310.so", "hdf5", "HDF5_PYWHEEL_310")
    other = copy("libhdf5-pywheel-320.so", "hdf5-2", "HDF5_PYWHEEL_320")
    [found] = diagnose(mapped(one.path, one), mapped(other.path, other), copies=(one, other))
    assert found.severity is Severity.NOTE
    assert found.remedy.startswith("nothing")


@pytest.mark.parametrize(
    ("name", "node"),
    [
        ("libhdf5-pywheel-310.so", "HDF5_PYWHEEL_310"),
        ("libhdf5-pywheel-310.so", "HDF5_PYWHEEL_320"),
        ("libhdf5-pywheel-320.so", "HDF5_PYWHEEL_310"),
    ],
)
def test_two_wheels_that_do_not_differ_in_all_are_not(name: str, node: str) -> None:
    one = copy("libhdf5-pywheel-310.so", "hdf5", "HDF5_PYWHEEL_310")
    other = copy(name, "hdf5-again", node)
    [found] = diagnose(mapped(one.path, one), mapped(other.path, other), copies=(one, other))
    assert found.severity is Severity.FAULT


def test_the_hosts_copy_beside_ours_is_a_note() -> None:
    ours = copy("libhdf5-0a1b2c3d.so.310", "h5py")
    host = Path("/usr/lib/libhdf5.so.103")
    [found] = diagnose(mapped(ours.path, ours), mapped(host), copies=(ours,))
    assert found.severity is Severity.NOTE
    assert str(host) in found.message


def test_the_hosts_copy_beside_a_library_wheel_s_is_a_fault() -> None:
    ours = copy("libhdf5-pywheel-310.so", "hdf5", "HDF5_PYWHEEL_310")
    host = replace(mapped(Path("/usr/lib/libhdf5_serial.so.103")), library="hdf5")
    [found] = diagnose(mapped(ours.path, ours), host, copies=(ours,))
    assert (found.severity, found.subject) == (Severity.FAULT, "hdf5")
    assert found.remedy.startswith("build what needs the other one from source against hdf5 1.0")


def test_two_of_which_none_is_ours_are_not_for_us_to_mend() -> None:
    found = [mapped(Path(folder, "libhdf5.so.103")) for folder in ("/usr/lib", "/opt/lib")]
    [told] = diagnose(*found)
    assert told.severity is Severity.NOTE
    assert told.remedy.startswith("nothing in this environment: none of these is a file of its")


def test_two_copies_of_one_package_are_its_makers_affair() -> None:
    one, other = copy("libhdf5.so.310", "tables"), copy("libhdf5-0a1b2c3d.so.310", "tables")
    [found] = diagnose(mapped(one.path, one), mapped(other.path, other), copies=(one, other))
    assert (found.severity, found.remedy) == (
        Severity.NOTE,
        "nothing; the makers of tables could do with one of them",
    )


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("libbz2.so.1.0", "libbz2-a1e77c99.so.1.0.6", True),
        ("libgfortran-040039e1-0352e75f.so.5", "libgfortran.so.5", True),
        ("libopenblasp-r0-59ffcd50.3.15.so", "libopenblasp-r0.so", True),
        ("libblosc.so.1", "libblosc2.so.2", False),
        ("libhdf5.so.310", "libhdf5_hl.so.310", False),
    ],
)
def test_unknown_files_are_compared_by_name(one: str, other: str, same: bool) -> None:
    assert bool(diagnose(mapped(LIB / one), mapped(Path("/usr/lib") / other))) is same


def test_one_file_of_several_libraries_is_not_twice_there() -> None:
    one = copy("libhdf5-0a1b2c3d.so.310", "h5py")
    also = Copy("szip", one.path, one.soname, "h5py", "1.0", False, 6_000_000)
    assert diagnose(mapped(one.path, one), copies=(one, also)) == ()


OPEN = "ImportError: libhdf5-pywheel-310.so: cannot open shared object file: No such file"
OLD = "ImportError: /env/lib/libhdf5-pywheel-310.so: version `HDF5_PYWHEEL_310' not found"


@pytest.mark.parametrize(
    ("reason", "installed", "remedy"),
    [
        (OPEN, "", "install the library wheel that has libhdf5-pywheel-310.so"),
        (OPEN, "libhdf5-pywheel-310.so", "call hdf5_pywheel.load() in the package's __init__.py"),
        (OPEN, "libhdf5-pywheel-310.so", "run `libwheel repair` on the wheel of the package that "),
        (OPEN, "libhdf5-pywheel-320.so", "hdf5 1.0 has ABI 320: install a version of it that has"),
        (OLD, "libhdf5-pywheel-310.so", "pip install --force-reinstall --no-deps hdf5==1.0; then"),
        ("ModuleNotFoundError: No module named 'x'", "", "name the module as an import"),
        ("was not tried: importing y ended the process", "", "mend the other one first"),
        ("the process was ended by SIGSEGV", "", "python -X faulthandler -c 'import pkg'"),
    ],
)
def test_a_failed_import_comes_with_what_to_do(reason: str, installed: str, remedy: str) -> None:
    copies = (copy(installed, "hdf5", "HDF5_PYWHEEL_310"),) if installed else ()
    [found] = imports.diagnoses(Imports(("pkg",), (), (FailedImport("pkg", reason),)), copies)
    assert (found.severity, found.rule, found.subject) == (Severity.FAULT, "import-failed", "pkg")
    assert reason in found.message
    assert remedy in found.remedy


def told(rule: str, subject: str, about: About = About.DISTRIBUTION) -> Diagnosis:
    message = "it needs libhdf5-pywheel-310.so"
    return Diagnosis(Severity.FAULT, Rule(rule), about, subject, message, f"mend {subject}")


@pytest.mark.parametrize(
    ("known", "remedy"),
    [
        ((told("library-not-found", "My.Pkg"),), "see library-not-found: mend My.Pkg"),
        ((told("library-not-found", "other"),), "see library-not-found"),
        (
            (told("library-not-found", "my-pkg"), told("file-changed", "/lib/x.so", About.FILE)),
            "see file-changed: mend /lib/x.so",
        ),
    ],
)
def test_what_is_told_of_a_library_is_told_alike_of_the_import(
    known: tuple[Diagnosis, ...], remedy: str
) -> None:
    failed = Imports(("my_pkg.sub",), (), (FailedImport("my_pkg.sub", OPEN),))
    [found] = imports.diagnoses(failed, (), known)
    assert found.remedy == remedy


@pytest.mark.parametrize("is_ours", [True, False])
def test_two_of_one_tagged_name_are_never_meant(is_ours: bool) -> None:
    ours = copy("libhdf5-pywheel-310.so", "hdf5", "HDF5_PYWHEEL_310")
    below = mapped(Path("/below/lib") / ours.soname)
    found = diagnose(
        mapped(ours.path, ours if is_ours else None), below, copies=(ours,) if is_ours else ()
    )
    [fault] = found
    assert (fault.severity, fault.rule) == (Severity.FAULT, "mapped-twice")
    assert fault.remedy.startswith("call the load() of the library wheel")
    assert "in one layer of sys.path only" in fault.remedy
