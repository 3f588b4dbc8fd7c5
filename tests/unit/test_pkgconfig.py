from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from libwheel import pkgconfig
from libwheel.naming import Tag
from libwheel.staging import Role, StagedLibrary
from unit import goldens
from unit.staged import (
    BLAS,
    BLAS_TAG,
    MACOS,
    OMP,
    OMP_TAG,
    ONE,
    TAG,
    TWO,
    WINDOWS,
    Texts,
    install,
    library,
    site,
    two,
)

URL = "https://www.hdfgroup.org"


def texts(libraries: tuple[StagedLibrary, ...], url: str = URL, tag: Tag = TAG) -> Texts:
    return pkgconfig.texts(pkgconfig.packages(tag, url, libraries), tag)


def programs() -> list[str]:
    """Return PyPI's pkgconf, which the tests require, and the machine's pkg-config if any."""
    folders = (str(Path(sys.executable).parent), "/usr/bin")
    found = (shutil.which(name, path=path) for path in folders for name in ("pkg-config",))
    return list(dict.fromkeys(path for path in found if path))


@pytest.mark.parametrize(
    ("name", "libraries", "tag"),
    [
        ("one", ONE, TAG),
        ("two", TWO, TAG),
        ("flags", OMP, OMP_TAG),
        ("foreign", BLAS, replace(BLAS_TAG, variant="pthreads")),
        ("macos", two(MACOS), MACOS),
        ("windows", two(WINDOWS), WINDOWS),
    ],
)
def test_the_files_beside_the_libraries(
    name: str, libraries: tuple[StagedLibrary, ...], tag: Tag
) -> None:
    for (role, path), text in texts(libraries, tag=tag).items():
        if role is Role.PKGCONFIG:
            goldens.check(f"pkgconfig-{name}-{path.name}", text)


@pytest.mark.parametrize(
    ("tag", "folder"),
    [(TAG, "lib"), (MACOS, "lib"), (WINDOWS, "Library/lib")],
    ids=["linux", "macos", "windows"],
)
def test_there_is_one_for_each_library_and_one_for_the_exact_build(tag: Tag, folder: str) -> None:
    names = ("hdf5-pywheel.pc", "hdf5_hl-pywheel.pc", "hdf5-pywheel-1.14.5-0.pc")
    assert set(texts(two(tag), tag=tag)) == {
        *((Role.PKGCONFIG, PurePosixPath(folder, "pkgconfig", name)) for name in names),
        *((Role.LOCATOR, PurePosixPath("hdf5_pywheel/pkgconfig", name)) for name in names),
    }


@pytest.mark.parametrize(
    ("tag", "way", "top"),
    [
        (TAG, "../../../../..", "prefix"),
        (MACOS, "../../../../..", "prefix"),
        (WINDOWS, "../../../../Library", "top"),
    ],
    ids=["linux", "macos", "windows"],
)
def test_the_locator_s_copy_differs_by_the_way_to_the_prefix_alone(
    tag: Tag, way: str, top: str
) -> None:
    written = texts(two(tag), tag=tag)
    for (role, path), text in written.items():
        if role is Role.LOCATOR:
            beside = written[Role.PKGCONFIG, PurePosixPath(tag.pkgconfig_folder, path.name)]
            here = text.replace(f"{top}=${{pcfiledir}}/{way}\n", "prefix=${pcfiledir}/../..\n")
            assert here.replace(f"${{{top}}}", "${prefix}") == beside


def test_the_exact_build_stands_for_the_library_with_the_wheel_s_name() -> None:
    found = pkgconfig.packages(TAG, "", (library("hdf5_hl"), library("hdf5")))
    assert found["hdf5-pywheel-1.14.5-0.pc"] == found["hdf5-pywheel.pc"]


def test_where_none_has_it_for_the_first() -> None:
    found = pkgconfig.packages(TAG, "", (library("b"), library("a")))
    assert found["hdf5-pywheel-1.14.5-0.pc"] == found["b-pywheel.pc"]


def test_without_libraries_there_is_nothing() -> None:
    assert texts(()) == {}


def test_a_home_page_that_is_not_known_is_left_out() -> None:
    assert not any("URL" in text for text in texts(TWO, "").values())


def test_a_library_whose_file_has_another_name() -> None:
    (package, _) = pkgconfig.packages(TAG, "", (library("zlib", stem="z"),)).values()
    assert (package.name, package.libs) == ("zlib-pywheel", ("-lz-pywheel-310",))


def test_flags_stand_behind_the_library_unless_it_is_among_them() -> None:
    behind = replace(library("omp"), libs=("-Wl,--as-needed",))
    (package, _) = pkgconfig.packages(TAG, "", (behind,)).values()
    assert package.libs == ("-lomp-pywheel-310", "-Wl,--as-needed")
    (_, package, _) = pkgconfig.packages(OMP_TAG, "", OMP).values()
    assert package.libs == ("-Wl,--no-as-needed", "-lomp-pywheel-5", "-Wl,--as-needed")


def ask(program: str, folder: Path, *words: str) -> str:
    """Ask for packages; nothing is on the search path but `folder`."""
    done = subprocess.run(
        (program, *words),
        env={"PATH": os.environ["PATH"], "PKG_CONFIG_LIBDIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.returncode, done.stderr
    return done.stdout.strip()


def shell_words(text: str) -> list[str]:
    """Return what a shell makes of pkg-config's answer."""
    show = ("sh", "-c", f"printf '%s\\n' {text}")
    return subprocess.run(show, capture_output=True, text=True, check=True).stdout.splitlines()


@pytest.fixture(params=[TAG, MACOS, WINDOWS], ids=["linux", "macos", "windows"])
def tag(request: pytest.FixtureRequest) -> Tag:
    found: Tag = request.param
    return found


@pytest.fixture(params=["plain", "with a space"])
def prefix(request: pytest.FixtureRequest, tag: Tag, tmp_path: Path) -> Path:
    return install(texts(two(tag), tag=tag), two(tag), tmp_path / request.param, tag)


@pytest.fixture(params=["beside", "inside"])
def folder(request: pytest.FixtureRequest, tag: Tag, prefix: Path) -> Path:
    inside = request.param == "inside"
    return prefix / (site(tag) / "hdf5_pywheel/pkgconfig" if inside else tag.pkgconfig_folder)


def test_there_is_a_program_to_ask() -> None:
    assert programs()


@pytest.mark.parametrize("program", programs())
def test_the_answers_name_the_files_that_are_there(
    program: str, tag: Tag, prefix: Path, folder: Path
) -> None:
    words = shell_words(ask(program, folder, "--cflags", "--libs", "hdf5_hl-pywheel"))
    folders = {word[:2]: Path(word[2:]) for word in words if word[:2] in ("-I", "-L")}
    assert folders["-I"].samefile(prefix / tag.include_folder)
    assert folders["-L"].samefile(prefix / tag.layout.library)
    assert [word for word in words if word.startswith("-l")] == [
        "-lhdf5_hl-pywheel-310",
        "-lhdf5-pywheel-310",
    ]
    assert {word[:2] for word in words} == {"-I", "-L", "-l"}


def test_a_pkg_config_of_windows_says_the_same(tmp_path: Path) -> None:
    """It redefines the prefix unless it is told not to."""
    libraries = two(WINDOWS)
    prefix = install(texts(libraries, tag=WINDOWS), libraries, tmp_path, WINDOWS)
    for folder in (WINDOWS.pkgconfig_folder, "Lib/site-packages/hdf5_pywheel/pkgconfig"):
        words = ("--define-prefix", "--cflags-only-I", "hdf5-pywheel")
        include = ask(programs()[0], prefix / folder, *words)
        assert Path(include.removeprefix("-I")).samefile(prefix / WINDOWS.include_folder)
        words = ("--define-prefix", "--libs-only-L", "hdf5-pywheel")
        library = ask(programs()[0], prefix / folder, *words)
        assert Path(library.removeprefix("-L")).samefile(prefix / WINDOWS.layout.library)


@pytest.mark.parametrize("program", programs())
def test_the_variables_that_numpy_s_build_reads(
    program: str, tag: Tag, prefix: Path, folder: Path
) -> None:
    wanted = {
        "prefix": prefix / tag.layout.top,
        "libdir": prefix / tag.layout.library,
        "includedir": prefix / tag.include_folder,
        "pcfiledir": folder,
    }
    if folder.parent.name == "hdf5_pywheel" and tag is WINDOWS:
        wanted["top"] = wanted.pop("prefix")
    for name, place in wanted.items():
        (answer,) = shell_words(ask(program, folder, f"--variable={name}", "hdf5-pywheel"))
        assert Path(answer).samefile(place)


@pytest.mark.parametrize("program", programs())
def test_the_exact_build_can_be_asked_for(program: str, folder: Path) -> None:
    exact = ask(program, folder, "--libs", TAG.exact)
    assert exact == ask(program, folder, "--libs", "hdf5-pywheel")
    assert ask(program, folder, "--modversion", TAG.exact) == "1.14.5"
    assert ask(program, folder, "--exists", "hdf5-pywheel >= 1.14") == ""


def test_the_version_is_the_wheel_s() -> None:
    newer = replace(TAG, version="2.0.0", abi="320")
    (package, _) = pkgconfig.packages(newer, "", (library("hdf5", tag=newer),)).values()
    assert (package.version, package.libs) == ("2.0.0", ("-lhdf5-pywheel-320",))


@pytest.fixture
def both(tmp_path: Path) -> Path:
    """Return the .pc folder of an environment with a library wheel and one that it needs."""
    install(texts(OMP, tag=OMP_TAG), OMP, tmp_path, OMP_TAG)
    tag = replace(BLAS_TAG, variant="pthreads")
    install(texts(BLAS, tag=tag), BLAS, tmp_path, tag)
    return tmp_path / "lib/pkgconfig"


@pytest.mark.parametrize("program", programs())
def test_what_another_wheel_has_comes_with_it(program: str, both: Path) -> None:
    assert ask(program, both, "--print-requires", "openblas-pywheel") == "omp-pywheel >= 19.1.7"
    words = shell_words(ask(program, both, "--libs", "openblas64-pywheel"))
    assert words[1:] == ["-lopenblas_64-pywheel-0", "-lomp-pywheel-5"]


@pytest.mark.parametrize("program", programs())
def test_one_that_is_too_old_or_not_there_is_told(program: str, both: Path) -> None:
    found = both / "omp-pywheel.pc"
    found.write_text(found.read_text().replace("19.1.7", "18.1.8"))
    assert "'omp-pywheel >= 19.1.7'" in refused(program, both, "--libs", "openblas-pywheel")
    found.unlink()
    assert "omp-pywheel" in refused(program, both, "--libs", "openblas-pywheel")


def refused(program: str, folder: Path, *words: str) -> str:
    with pytest.raises(AssertionError) as caught:
        ask(program, folder, *words)
    return str(caught.value)


@pytest.mark.parametrize("program", programs())
def test_flags_of_its_own_are_told_in_their_order(program: str, both: Path) -> None:
    words = shell_words(ask(program, both, "--cflags", "--libs", "openmp-pywheel"))
    flags = [word for word in words if word[:2] not in ("-I", "-L")]
    libs = ["-Wl,--no-as-needed", "-lomp-pywheel-5", "-Wl,--as-needed"]
    assert flags == ["-fopenmp", *libs]


@pytest.mark.parametrize("program", programs())
def test_headers_are_in_a_folder_of_their_own(program: str, both: Path) -> None:
    for name in ("openblas", "openblas64"):
        (answer,) = shell_words(ask(program, both, "--variable=includedir", f"{name}-pywheel"))
        assert Path(answer).samefile(both / "../../include/openblas-pywheel" / name)


@pytest.mark.parametrize("program", programs())
def test_what_numpy_s_and_scipy_s_build_read(program: str, both: Path) -> None:
    def variable(name: str, package: str) -> str:
        return ask(program, both, f"--variable={name}", package)

    assert variable("symbol_suffix", "openblas64-pywheel") == "64_"
    assert variable("symbol_suffix", "openblas-pywheel") == ""
    assert variable("openblas_config", "openblas-pywheel") == ""


@pytest.mark.parametrize("program", programs())
@pytest.mark.parametrize("wanted", [">= 0.3.29", "= 0.3.29", "<= 0.3.29", "< 0.3.30"])
def test_a_variant_is_of_the_same_version(program: str, both: Path, wanted: str) -> None:
    assert ask(program, both, "--exists", f"openblas-pywheel {wanted}") == ""
    assert ask(program, both, "--variable=variant", "openblas-pywheel") == "pthreads"
    exact = "openblas-pywheel-0.3.29+pthreads-0"
    assert ask(program, both, "--modversion", exact) == "0.3.29"


def test_two_that_conflict_are_refused(both: Path) -> None:
    """By PyPI's pkgconf; Debian's 1.8 heeds no conflicts."""
    pypi = str(Path(sys.executable).parent / "pkg-config")
    told = refused(pypi, both, "--cflags", "openblas-pywheel", "openblas64-pywheel")
    assert "'openblas-pywheel' conflicts with 'openblas64-pywheel'" in told
    exact = "openblas-pywheel-0.3.29+pthreads-0"
    assert "conflicts with" in refused(pypi, both, "--cflags", exact, "openblas64-pywheel")
