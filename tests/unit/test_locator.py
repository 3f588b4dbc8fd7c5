from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from importlib.metadata import EntryPoints, PathDistribution
from pathlib import Path, PurePosixPath

import pytest

from libwheel import locator
from libwheel.consumer.repair import layout
from libwheel.locator import Constants
from libwheel.naming import Tag
from unit.installed_locator import Installed, data, info, install, install_described
from unit.staged import (
    BLAS,
    BLAS_TAG,
    MACOS,
    OMP,
    OMP_TAG,
    ONE,
    TAG,
    WINDOWS,
    library,
    two,
    write,
)

DATA = data()
INFO = info()

LAYOUTS = {
    "venv": "lib/python3.11/site-packages",
    "user": ".local/lib/python3.11/site-packages",
    "lib64": "lib64/python3.11/site-packages",
    "debian": "lib/python3/dist-packages",
}


SYSTEMS = {"linux": TAG, "macos": MACOS, "windows": WINDOWS}


@pytest.fixture(params=SYSTEMS)
def tag(request: pytest.FixtureRequest) -> Tag:
    return SYSTEMS[request.param]


@pytest.fixture
def of_any_system(tag: Tag, tmp_path: Path) -> Installed:
    return install(tmp_path / "prefix", tag=tag)


@pytest.fixture(params=LAYOUTS)
def installed(request: pytest.FixtureRequest, tmp_path: Path) -> Installed:
    site = LAYOUTS[request.param]
    if request.param == "user":
        return install(tmp_path / "home of me" / ".local", site.partition("/")[2])
    return install(tmp_path / "prefix", site)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("libdir", "lib"),
        ("includedir", "include/hdf5-pywheel"),
        ("pkgconfigdir", "lib/pkgconfig"),
        ("cmakedir", "lib/cmake/hdf5-pywheel"),
    ],
)
def test_where_the_folders_are(installed: Installed, question: str, answer: str) -> None:
    assert installed.ask(question) == str(installed.prefix / answer)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("libdir", "lib"),
        ("includedir", "include/hdf5-pywheel"),
        ("pkgconfigdir", "lib/pkgconfig"),
        ("cmakedir", "lib/cmake/hdf5-pywheel"),
    ],
)
def test_where_they_are_on_other_systems(
    of_any_system: Installed, tag: Tag, question: str, answer: str
) -> None:
    top = of_any_system.prefix / tag.layout.top
    assert of_any_system.ask(question) == str(top / answer)


def test_what_compilers_of_other_systems_need(of_any_system: Installed, tag: Tag) -> None:
    top = of_any_system.prefix / tag.layout.top
    assert of_any_system.ask("cflags") == f"-I{top}/include/hdf5-pywheel"
    names = ["-lhdf5_hl-pywheel-310", "-lhdf5-pywheel-310"]
    assert of_any_system.ask("libs").splitlines() == [f"-L{top}/lib", *names]
    assert of_any_system.ask("version") == "1.14.5"


RPATHS = {
    "linux": {"runtime_library_dirs": ["$ORIGIN/../../../../lib"]},
    "macos": {"runtime_library_dirs": ["@loader_path/../../../../lib"]},
    "windows": {},
}


def test_what_setuptools_needs_on_other_systems(of_any_system: Installed, tag: Tag) -> None:
    code = "import hdf5_pywheel as h, json; print(json.dumps(h.extension_options('package.one')))"
    top = of_any_system.prefix / tag.layout.top
    assert json.loads(of_any_system.run("-c", code).stdout) == {
        "include_dirs": [f"{top}/include/hdf5-pywheel"],
        "library_dirs": [f"{top}/lib"],
        "libraries": ["hdf5_hl-pywheel-310", "hdf5-pywheel-310"],
        **RPATHS[str(tag.os)],
    }


def test_a_missing_file_is_told_on_other_systems(of_any_system: Installed, tag: Tag) -> None:
    for name in data(tag):
        (of_any_system.prefix / name).unlink()
    done = of_any_system.run("-m", "hdf5_pywheel", "libdir")
    assert (done.returncode, done.stdout) == (1, "")
    told = f"error: hdf5 1.14.5 was installed without {of_any_system.prefix / tag.layout.library}"
    assert done.stderr.startswith(told)


def test_on_windows_there_is_no_prefix(tmp_path: Path) -> None:
    done = install(tmp_path, tag=WINDOWS).run("-m", "hdf5_pywheel", "prefix")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "error: hdf5 1.14.5 has no prefix on Windows, where few may make links: name the folders "
        "that includedir and libdir tell\n"
    )


# The parts of Windows and of its Python that `load()` asks, in place of both.
WINDOWS_PARTS = """
import ctypes, os, sys, types
import hdf5_pywheel

LOADED = {"hdf5-pywheel-310.dll": 1 << 40}
KERNEL = types.SimpleNamespace(GetModuleHandleW=lambda name: LOADED.get(name))
sys.platform, ctypes.CDLL, ctypes.WinDLL = "win32", str, {"kernel32": KERNEL}.__getitem__
os.add_dll_directory = lambda folder: print("folder", folder)
for name, path in hdf5_pywheel.load().items():
    print(name, path)
"""


def test_load_on_windows_takes_what_is_there_and_else_its_own(tmp_path: Path) -> None:
    made = install(tmp_path / "prefix", tag=WINDOWS)
    done = made.run("-c", WINDOWS_PARTS)
    folder = made.prefix / "Library" / "bin"
    assert done.stdout.splitlines() == [
        f"folder {folder}",
        f"folder {folder}",
        "hdf5-pywheel-310.dll hdf5-pywheel-310.dll",
        f"hdf5_hl-pywheel-310.dll {folder}/hdf5_hl-pywheel-310.dll",
    ], done.stderr


def test_what_the_compiler_and_the_linker_need(installed: Installed) -> None:
    assert installed.ask("cflags") == f"-I{installed.prefix}/include/hdf5-pywheel"
    assert installed.ask("libs").splitlines() == [
        f"-L{installed.prefix}/lib",
        "-lhdf5_hl-pywheel-310",
        "-lhdf5-pywheel-310",
    ]


@pytest.mark.parametrize(("module", "up"), [("one", 3), ("package.one", 4), ("a.b.one", 5)])
def test_what_setuptools_needs(installed: Installed, module: str, up: int) -> None:
    code = (
        "import hdf5_pywheel as h, json, sys; print(json.dumps(h.extension_options(sys.argv[1])))"
    )
    assert json.loads(installed.run("-c", code, module).stdout) == {
        "include_dirs": [f"{installed.prefix}/include/hdf5-pywheel"],
        "library_dirs": [f"{installed.prefix}/lib"],
        "libraries": ["hdf5_hl-pywheel-310", "hdf5-pywheel-310"],
        "runtime_library_dirs": [f"$ORIGIN/{'../' * up}lib"],
    }


def test_the_version(installed: Installed) -> None:
    assert installed.ask("version") == "1.14.5"


def test_every_file_but_byte_code(installed: Installed) -> None:
    own = tuple(f"hdf5_pywheel/{n}.py" for n in ("__init__", "__main__", "_prefix"))
    info = (f"{INFO}/{name}" for name in ("METADATA", "RECORD", "entry_points.txt"))
    expected = {str(installed.prefix / name) for name in DATA}
    expected |= {str(installed.site / name) for name in (*own, *info)}
    assert set(installed.ask("files").splitlines()) == expected


def test_nothing_is_said_where_nobody_reads_on(tmp_path: Path) -> None:
    headers = tuple(f"a-header-that-has-a-long-name-{number}.h" for number in range(2000))
    made = install(tmp_path / "prefix", headers=headers)
    with subprocess.Popen(
        made.command("-m", "hdf5_pywheel", "files"),
        env=made.variables(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as asked:
        assert asked.stdout
        assert asked.stderr
        assert asked.stdout.readline().startswith(bytes(made.prefix))
        asked.stdout.close()
        assert asked.stderr.read() == b""


def test_a_path_that_is_no_text(tmp_path: Path) -> None:
    prefix = tmp_path / "Größe \udcff 1"
    assert install(prefix).ask("libdir", variables={"PYTHONUTF8": "1"}) == str(prefix / "lib")


def test_a_lib64_that_is_a_link_as_in_a_venv(tmp_path: Path) -> None:
    made = install(tmp_path / "venv")
    (made.prefix / "lib64").symlink_to("lib")
    through = Installed(made.prefix, made.prefix / "lib64/python3.11/site-packages")
    assert through.ask("libdir") == str(made.prefix / "lib")


@pytest.mark.parametrize("up", ["../../../lib/", "../../"])
def test_a_lib_that_is_a_link(tmp_path: Path, up: str) -> None:
    made = install(tmp_path / "venv")
    real = (made.prefix / "lib").rename(made.prefix / "reallib")
    (made.prefix / "lib").symlink_to("reallib")
    record = made.site / INFO / "RECORD"
    record.write_text(record.read_text().replace("../../../lib/", up))
    assert made.ask("libdir") == str(real)
    assert made.ask("pkgconfigdir") == str(real / "pkgconfig")
    assert made.ask("cmakedir") == str(real / "cmake/hdf5-pywheel")
    cache = {"LIBWHEEL_CACHE": str(tmp_path / "cache")}
    assert (Path(made.ask("prefix", variables=cache)) / "lib/libhdf5.so").resolve().parent == real


def test_files_that_are_links_into_an_installer_s_cache(tmp_path: Path) -> None:
    made = install(tmp_path / "venv")
    for path in [path for path in made.prefix.rglob("*") if path.is_file()]:
        cached = tmp_path / "cache" / "hdf5-1.14.5.data" / path.relative_to(made.prefix)
        cached.parent.mkdir(parents=True, exist_ok=True)
        path.rename(cached)
        path.symlink_to(cached)
    assert made.ask("libdir") == str(made.prefix / "lib")
    assert str(made.prefix / DATA[2]) in made.ask("files").splitlines()


def test_another_distribution_of_that_name_on_the_path_is_not_asked(tmp_path: Path) -> None:
    made = install(tmp_path / "inner")
    write(tmp_path / "outer" / "hdf5-9.9.dist-info" / "METADATA", "Name: hdf5\nVersion: 9.9\n")
    code = "import sys, hdf5_pywheel; print(hdf5_pywheel.version())"
    stacked = Installed(made.prefix, Path(f"{tmp_path}/outer:{made.site}"))
    assert stacked.run("-c", code).stdout == "1.14.5\n"


# What `pip install --target` leaves: the package and the RECORD, and nothing of data.


@pytest.fixture
def without_data(tmp_path: Path) -> Installed:
    made = install(tmp_path / "target")
    for name in DATA:
        (made.prefix / name).unlink()
    return made


@pytest.mark.parametrize(
    "question",
    ["libdir", "includedir", "pkgconfigdir", "cmakedir", "cflags", "libs", "prefix", "files"],
)
def test_files_that_are_missing_are_an_error(without_data: Installed, question: str) -> None:
    done = without_data.run("-m", "hdf5_pywheel", question)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"error: hdf5 1.14.5 was installed without {without_data.prefix}")
    assert "`pip install --target`" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_record_that_leads_elsewhere_as_pip_s_then_does(without_data: Installed) -> None:
    record = without_data.site / INFO / "RECORD"
    record.write_text(
        record.read_text().replace("../../../lib/", "../").replace("../../..", "../..")
    )
    done = without_data.run("-m", "hdf5_pywheel", "libdir")
    assert done.returncode == 1
    assert done.stderr.startswith("error: hdf5 1.14.5 was installed without ")


def test_a_record_that_is_lost_is_told(tmp_path: Path) -> None:
    made = install(tmp_path / "prefix")
    (made.site / INFO / "RECORD").unlink()
    done = made.run("-m", "hdf5_pywheel", "libdir")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: hdf5 1.14.5 has lost its RECORD, which tells where its")
    assert done.stderr.endswith("pip install --ignore-installed --no-deps hdf5==1.14.5\n")


def test_the_version_is_known_all_the_same(without_data: Installed) -> None:
    assert without_data.ask("version") == "1.14.5"


def test_without_metadata_there_is_an_error(tmp_path: Path) -> None:
    made = install(tmp_path / "prefix")
    (made.site / INFO).rename(made.site / "elsewhere")
    done = made.run("-m", "hdf5_pywheel", "libdir")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith("error: ")


def test_help_names_every_question(tmp_path: Path) -> None:
    made = install(tmp_path / "prefix")
    shown = made.ask("--help")
    assert shown == made.ask("-h")
    assert shown.startswith("usage: python -m hdf5_pywheel QUESTION\n")
    folders = ("libdir", "includedir", "pkgconfigdir", "cmakedir", "prefix")
    for question in (*folders, "cflags", "libs", "version", "files"):
        assert f"\n  {question} " in shown


@pytest.mark.parametrize("words", [(), ("libdri",), ("libdri", "version")])
def test_any_other_question_shows_the_help_and_fails(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    made = install(tmp_path / "prefix")
    done = made.run("-m", "hdf5_pywheel", *words)
    assert (done.returncode, done.stdout) == (2, "")
    told = f"\n\nerror: not a question: {' '.join(words)}" if words else ""
    assert done.stderr.rstrip("\n") == made.ask("--help") + told


def test_a_question_that_is_not_about_single_libraries(tmp_path: Path) -> None:
    done = install(tmp_path / "prefix").run("-m", "hdf5_pywheel", "libdir", "hdf5")
    assert done.returncode == 2
    assert done.stderr.endswith("\n\nerror: libdir is not asked of single libraries: hdf5\n")


def test_importing_it_imports_and_reads_nothing_else(tmp_path: Path) -> None:
    made = install(tmp_path / "prefix")
    code = "import sys; a = set(sys.modules); import hdf5_pywheel; print(*set(sys.modules) - a)"
    assert set(made.run("-c", code).stdout.split()) == {"hdf5_pywheel", "__future__"}


def test_what_is_filled_in(tmp_path: Path) -> None:
    made = install(tmp_path / "prefix")
    names = ("DISTRIBUTION", "PYWHEEL", "EXACT", "COMPATIBLE", "SYSTEM", "LIBRARIES")
    values = ", ".join(f"hdf5_pywheel.{name}" for name in names)
    done = made.run("-c", f"import json, hdf5_pywheel; print(json.dumps([{values}]))")
    assert json.loads(done.stdout) == [
        "hdf5",
        "hdf5-pywheel",
        "hdf5-pywheel-1.14.5-0",
        "~= 1.14.5",
        "linux",
        ["libhdf5-pywheel-310.so", "libhdf5_hl-pywheel-310.so"],
    ]


def test_where_installers_put_packages_is_as_deep_for_all(tmp_path: Path) -> None:
    """The locator's own module cannot import what libwheel knows of it."""
    folder = layout.folder_of("hdf5_pywheel/pkgconfig/hdf5-pywheel.pc")
    assert layout.way(folder, ()) == f"$ORIGIN/{locator.way_to_top(TAG)}"
    asked = "extension_options('a.b.one')['runtime_library_dirs'][0]"
    code = f"import hdf5_pywheel; print(hdf5_pywheel.{asked})"
    path = install(tmp_path / "prefix").run("-c", code).stdout.strip()
    assert path == layout.way(layout.folder_of("a/b/one.so"), layout.LIBRARIES)


def test_load_asks_for_each_library_by_its_path(tmp_path: Path) -> None:
    made = install(tmp_path / "prefix")
    done = made.run("-c", "import hdf5_pywheel; hdf5_pywheel.load()")
    path = f"{made.prefix}/lib/libhdf5-pywheel-310.so"
    assert done.stderr.splitlines()[-1] == f"OSError: {path}: file too short"  # they are empty
    assert done.stderr.count("Traceback") == 1


def test_the_entry_points_name_the_package_and_the_folder_of_its_pc_files(tmp_path: Path) -> None:
    made = install(tmp_path / "prefix")
    found: EntryPoints = PathDistribution(made.site / INFO).entry_points
    assert {(point.group, point.name, point.value) for point in found} == {
        ("cmake.root", "hdf5-pywheel", "hdf5_pywheel"),
        ("pkg_config", "hdf5-pywheel", "hdf5_pywheel.pkgconfig"),
    }


# Single libraries, and wheels that run with others.

BLAS_VARIANT = replace(BLAS_TAG, variant="pthreads")
RUNS_WITH = {"openmp": ">=19.1.7"}


@pytest.fixture
def both(tmp_path: Path) -> Installed:
    install_described(tmp_path / "prefix", OMP_TAG, OMP, {})
    return install_described(tmp_path / "prefix", BLAS_VARIANT, BLAS, RUNS_WITH)


@pytest.mark.parametrize(
    ("libraries", "folder", "name"),
    [
        ((), "openblas", "openblas"),
        (("openblas",), "openblas", "openblas"),
        (("openblas64",), "openblas64", "openblas_64"),
    ],
)
def test_one_of_libraries_that_conflict(
    both: Installed, libraries: tuple[str, ...], folder: str, name: str
) -> None:
    cflags = both.ask("cflags", *libraries, of="openblas_pywheel")
    assert cflags == f"-I{both.prefix}/include/openblas-pywheel/{folder}"
    libs = both.ask("libs", *libraries, of="openblas_pywheel").splitlines()
    assert libs == [f"-L{both.prefix}/lib", f"-l{name}-pywheel-0"]


@pytest.mark.parametrize(
    ("libraries", "cflags", "libs"),
    [
        ((), [], ["-lomp-pywheel-5"]),
        (
            ("openmp",),
            ["-fopenmp"],
            ["-Wl,--no-as-needed", "-lomp-pywheel-5", "-Wl,--as-needed"],
        ),
    ],
)
def test_flags_of_its_own_are_for_who_names_the_library(
    both: Installed, libraries: tuple[str, ...], cflags: list[str], libs: list[str]
) -> None:
    include = f"-I{both.prefix}/include/openmp-pywheel"
    asked = both.ask("cflags", *libraries, of="openmp_pywheel").splitlines()
    assert asked == [include, *cflags]
    asked = both.ask("libs", *libraries, of="openmp_pywheel").splitlines()
    assert asked == [f"-L{both.prefix}/lib", *libs]


def test_a_library_brings_those_that_it_needs(installed: Installed) -> None:
    assert installed.ask("libs", "hdf5_hl") == installed.ask("libs")
    assert installed.ask("libs", "hdf5").splitlines()[1:] == ["-lhdf5-pywheel-310"]


def test_what_setuptools_needs_for_a_library_with_flags(both: Installed) -> None:
    code = (
        "import json, openmp_pywheel as o; print(json.dumps(o.extension_options('p.x', 'openmp')))"
    )
    assert json.loads(both.run("-c", code).stdout) == {
        "include_dirs": [f"{both.prefix}/include/openmp-pywheel"],
        "library_dirs": [f"{both.prefix}/lib"],
        "libraries": ["omp-pywheel-5"],
        "runtime_library_dirs": ["$ORIGIN/../../../../lib"],
        "extra_compile_args": ["-fopenmp"],
        "extra_link_args": ["-Wl,--no-as-needed", "-Wl,--as-needed"],
    }


def test_a_library_that_the_wheel_does_not_have(tmp_path: Path) -> None:
    alone = (replace(BLAS[0], conflicts=()),)
    lp64 = install_described(tmp_path, replace(BLAS_TAG, variant="lp64"), alone, RUNS_WITH)
    done = lp64.run("-m", "openblas_pywheel", "libs", "openblas64")
    assert (done.returncode, done.stdout) == (1, "")
    told = "error: openblas 0.3.29+lp64 has no library 'openblas64'; it has openblas\n"
    assert done.stderr == told


def test_libraries_that_conflict_are_refused(both: Installed) -> None:
    done = both.run("-m", "openblas_pywheel", "cflags", "openblas64", "openblas")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "error: libraries of openblas 0.3.29+pthreads that cannot be used together: "
        "'openblas' and 'openblas64'; choose one of them\n"
    )


def test_help_names_the_libraries_and_what_goes_with_each(both: Installed) -> None:
    shown = both.ask("--help", of="openmp_pywheel")
    assert shown.splitlines()[-2:] == [
        "  omp                  *",
        "  openmp               with -fopenmp -Wl,--no-as-needed -Wl,--as-needed",
    ]
    assert both.ask("--help", of="openblas_pywheel").splitlines()[-2:] == [
        "  openblas             * not together with openblas64",
        "  openblas64           not together with openblas",
    ]


def test_load_begins_with_the_wheels_that_it_runs_with(both: Installed) -> None:
    done = both.run("-c", "import openblas_pywheel; openblas_pywheel.load()")
    path = f"{both.prefix}/lib/libomp-pywheel-5.so"
    assert done.stderr.splitlines()[-1] == f"OSError: {path}: file too short"  # it is empty


def test_load_says_which_wheel_is_not_installed(tmp_path: Path) -> None:
    alone = install_described(tmp_path, BLAS_VARIANT, BLAS, RUNS_WITH)
    done = alone.run("-c", "import openblas_pywheel; openblas_pywheel.load()")
    assert done.stderr.splitlines()[-1] == (
        "ModuleNotFoundError: openblas 0.3.29+pthreads runs with the library wheel openmp, "
        'which is not installed: python -m pip install "openmp>=19.1.7"'
    )
    assert done.stderr.count("Traceback") == 1


def test_wheels_that_run_with_each_other_end(tmp_path: Path) -> None:
    one, other = Tag("one-a", "1", "1", 0), Tag("other", "1", "1", 0)
    for tag, requires in ((one, {"other": ">=1"}), (other, {"one-a": ">=1"})):
        made = install_described(tmp_path, tag, (library(tag.wheel, tag=tag),), requires)
    code = "import one_a_pywheel as o; print(*[one.DISTRIBUTION for one in o._locators()])"
    assert made.run("-c", code).stdout.split() == ["other", "one-a"]


# What libwheel reads of it, without running it.

CONSTANTS = Constants(
    distribution="hdf5",
    pywheel="hdf5-pywheel",
    exact="hdf5-pywheel-1.14.5-0",
    compatible="~= 1.14.5",
    system="linux",
    libraries=("libhdf5-pywheel-310.so",),
    plain={
        "lib/libhdf5.so": "lib/libhdf5-pywheel-310.so",
        "lib/pkgconfig/hdf5.pc": "lib/pkgconfig/hdf5-pywheel.pc",
    },
    offers={
        "hdf5": {
            "file": "libhdf5-pywheel-310.so",
            "link": "hdf5-pywheel-310",
            "include": ".",
            "requires": [],
            "cflags": [],
            "libs": ["-lhdf5-pywheel-310"],
            "conflicts": [],
        }
    },
    requires={},
)


@pytest.fixture
def module() -> str:
    [text] = (
        text
        for path, text in locator.modules(TAG, "~= 1.14.5", ONE, {}).items()
        if path.name == "__init__.py"
    )
    return text


def test_what_is_written_is_read(module: str) -> None:
    assert locator.read(module) == CONSTANTS


PLAIN = {
    "linux": ("lib/libhdf5.so", "lib/libhdf5-pywheel-310.so"),
    "macos": ("lib/libhdf5.dylib", "lib/libhdf5-pywheel-310.dylib"),
    "windows": ("lib/hdf5.lib", "lib/hdf5-pywheel-310.lib"),
}


def test_what_is_written_for_other_systems(tag: Tag) -> None:
    modules = locator.modules(tag, "~= 1.14.5", two(tag)[:1], {})
    file = tag.library_file("hdf5")
    plain = dict([PLAIN[str(tag.os)]])
    assert locator.read(modules[PurePosixPath("hdf5_pywheel", "__init__.py")]) == replace(
        CONSTANTS,
        system=str(tag.os),
        libraries=(file,),
        plain={**plain, "lib/pkgconfig/hdf5.pc": "lib/pkgconfig/hdf5-pywheel.pc"},
        offers={"hdf5": {**CONSTANTS.offers["hdf5"], "file": file}},
    )


def test_a_newer_locator_may_say_more(module: str) -> None:
    assert locator.read(f"{module}\nNEWER = ('one', 2)\nLONGER = [\n    1,\n]\n") == CONSTANTS


def test_one_that_says_less_is_none(module: str) -> None:
    with pytest.raises(ValueError, match="not a library wheel's locator: 'exact'"):
        locator.read(module.replace("EXACT = ", "INEXACT = "))


@pytest.mark.parametrize("value", ["[", "not", "print(1)", "{[]: 1}", "2 ** 3"])
def test_a_value_that_makes_no_sense(module: str, value: str) -> None:
    with pytest.raises(ValueError, match="not a library wheel's locator: "):
        locator.read(module.replace("'hdf5'", value, 1))


OFFER = dict(CONSTANTS.offers["hdf5"])


def changed(module: str, **values: object) -> str:
    """Return the locator with other values for these constants, without those that are None."""
    kept = [
        line
        for line in module.splitlines()
        if line.partition(":")[0].partition(" ")[0] not in values
    ]
    said = (f"{name} = {value!r}" for name, value in values.items() if value is not None)
    return "\n".join([*kept, *said, ""])


def test_an_older_locator_is_for_linux(module: str) -> None:
    offers = {"hdf5": {key: value for key, value in OFFER.items() if key != "link"}}
    older = locator.read(changed(module, SYSTEM=None, OFFERS=offers))
    assert (older.system, older.offers) == ("linux", offers)
    assert replace(older, offers=CONSTANTS.offers) == CONSTANTS


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DISTRIBUTION", 3),
        ("LIBRARIES", "libhdf5-pywheel-310.so"),
        ("LIBRARIES", (1,)),
        ("PLAIN", ["lib/libhdf5.so"]),
        ("PLAIN", {"lib/libhdf5.so": None}),
        ("REQUIRES", {1: "~= 1.0"}),
        ("OFFERS", ["hdf5"]),
        ("OFFERS", {"hdf5": "libhdf5-pywheel-310.so"}),
        ("OFFERS", {"hdf5": {**OFFER, "conflicts": "other"}}),
        ("OFFERS", {"hdf5": {**OFFER, "cflags": [["-fopenmp"]]}}),
        ("OFFERS", {"hdf5": {"file": "libhdf5-pywheel-310.so"}}),
    ],
)
def test_a_value_of_another_shape(module: str, name: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"locator: {name.lower()}: of another shape"):
        locator.read(changed(module, **{name: value}))


def test_a_system_that_we_do_not_know(module: str) -> None:
    with pytest.raises(ValueError, match="not a library wheel's locator: system: haiku"):
        locator.read(changed(module, SYSTEM="haiku"))


@pytest.mark.parametrize("text", ["", "NAMES = [\n    'a',\n]\n", "X = not\n", "X = open\n"])
def test_somebody_else_s_package(text: str) -> None:
    with pytest.raises(ValueError, match="not a library wheel's locator: 'distribution'"):
        locator.read(text)


def test_a_file_that_two_libraries_share_is_listed_once() -> None:
    modules = locator.modules(OMP_TAG, ">= 19.1.7", OMP, {})
    constants = locator.read(modules[PurePosixPath("openmp_pywheel", "__init__.py")])
    assert constants.libraries == ("libomp-pywheel-5.so",)
    assert [offer["file"] for offer in constants.offers.values()] == 2 * ["libomp-pywheel-5.so"]
    assert dict(constants.plain) == {
        "lib/libomp.so": "lib/libomp-pywheel-5.so",
        "lib/pkgconfig/omp.pc": "lib/pkgconfig/omp-pywheel.pc",
        "lib/pkgconfig/openmp.pc": "lib/pkgconfig/openmp-pywheel.pc",
    }
