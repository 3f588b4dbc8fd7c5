"""The conventional prefix: `python -m hdf5_pywheel prefix`."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path, PosixPath
from typing import ClassVar, Self

import pytest

from libwheel import settings
from libwheel.errors import BuildError
from libwheel.locator_template import _prefix
from libwheel.naming import Tag
from unit.installed_locator import Installed, data, install, install_described
from unit.staged import BLAS, BLAS_TAG, MACOS, OMP, OMP_TAG, TAG

NEWER = Tag("hdf5", "2.0.0", "320", 0)


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def wheel(tmp_path: Path) -> Installed:
    return install(tmp_path / "venv")


def ask(wheel: Installed, cache: Path) -> Path:
    return Path(wheel.ask("prefix", variables={"LIBWHEEL_CACHE": str(cache)}))


def links(prefix: Path) -> dict[str, str]:
    """Return what is in a prefix, by its path there, and what each leads to."""
    found: dict[str, str] = {}
    for folder, folders, names in os.walk(prefix):
        paths = [Path(folder, name) for name in (*folders, *names)]
        found |= {
            str(path.relative_to(prefix)): str(path.readlink())
            for path in paths
            if path.is_symlink() or path.is_file()
        }
    return found


def expected(root: Path, tag: Tag = TAG) -> dict[str, str]:
    """Return what is to be in the prefix of the wheel that is installed at `root`."""
    main, high = tag.library_file("hdf5"), tag.library_file("hdf5_hl")
    goals = {
        f"lib/{main}": f"lib/{main}",
        f"lib/{high}": f"lib/{high}",
        f"lib/{tag.plain_library_file('hdf5')}": f"lib/{main}",
        f"lib/{tag.plain_library_file('hdf5_hl')}": f"lib/{high}",
        "lib/pkgconfig/hdf5-pywheel.pc": "lib/pkgconfig/hdf5-pywheel.pc",
        "lib/pkgconfig/hdf5_hl-pywheel.pc": "lib/pkgconfig/hdf5_hl-pywheel.pc",
        f"lib/pkgconfig/{tag.exact}.pc": f"lib/pkgconfig/{tag.exact}.pc",
        "lib/pkgconfig/hdf5.pc": "lib/pkgconfig/hdf5-pywheel.pc",
        "lib/pkgconfig/hdf5_hl.pc": "lib/pkgconfig/hdf5_hl-pywheel.pc",
        "lib/cmake/hdf5-pywheel": "lib/cmake/hdf5-pywheel",
        "include/hdf5-pywheel": "include/hdf5-pywheel",
        "include/hdf5.h": "include/hdf5-pywheel/hdf5.h",
    }
    return {link: str(root / goal) for link, goal in goals.items()}


def test_the_links_and_what_they_lead_to(wheel: Installed, cache: Path) -> None:
    sub = {"include/sub": f"{wheel.prefix}/include/hdf5-pywheel/sub"}
    prefix = ask(wheel, cache)
    assert links(prefix) == expected(wheel.prefix) | sub
    assert all((prefix / link).exists() for link in links(prefix))


def test_of_macos_libraries_have_its_names(tmp_path: Path, cache: Path) -> None:
    wheel = install(tmp_path / "venv", tag=MACOS, headers=("hdf5.h",))
    found = links(ask(wheel, cache))
    assert found == expected(wheel.prefix, MACOS)
    assert found["lib/libhdf5.dylib"] == f"{wheel.prefix}/lib/libhdf5-pywheel-310.dylib"


def test_asked_again_it_is_the_same_and_only_the_time_is_noted(
    wheel: Installed, cache: Path
) -> None:
    def seen() -> set[tuple[Path, int, int]]:
        return {(p, p.lstat().st_ino, p.lstat().st_mtime_ns) for p in cache.rglob("*")}

    prefix, before = ask(wheel, cache), seen()
    assert ask(wheel, cache) == prefix
    folder = prefix.resolve()
    assert {(path, number) for path, number, _ in seen() ^ before} == {
        (folder, folder.stat().st_ino)
    }


def test_the_path_outlives_an_upgrade_and_what_is_past_is_gone(
    wheel: Installed, cache: Path
) -> None:
    prefix = ask(wheel, cache)
    shutil.rmtree(wheel.prefix)
    newer = install(wheel.prefix, tag=NEWER, headers=("hdf5.h", "H5new.h"))
    assert ask(newer, cache) == prefix
    new = {"include/H5new.h": f"{wheel.prefix}/include/hdf5-pywheel/H5new.h"}
    assert links(prefix) == expected(wheel.prefix, NEWER) | new
    assert in_cache(cache) == {prefix.name, prefix.readlink().name, ".lock"}


def in_cache(cache: Path) -> set[str]:
    return {path.name for path in (cache / "prefixes").iterdir()}


def test_several_at_once(wheel: Installed, cache: Path) -> None:
    several = [
        subprocess.Popen(
            wheel.command("-m", "hdf5_pywheel", "prefix"),
            env=wheel.variables({"LIBWHEEL_CACHE": str(cache)}),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for _ in range(8)
    ]
    said = {process.communicate()[0] for process in several}
    assert [process.returncode for process in several] == [0] * 8
    [prefix] = said
    assert expected(wheel.prefix).items() <= links(Path(prefix.strip())).items()
    assert len(in_cache(cache)) == 3


class Contested(PosixPath):
    """Another process deletes the first link that is read, just before it is."""

    deleted: ClassVar[list[Path]] = []

    def readlink(self) -> Self:
        if not self.deleted:
            self.deleted.append(self)
            self.unlink()
        return super().readlink()


def test_a_link_that_goes_while_it_is_looked_at(cache: Path, tmp_path: Path) -> None:
    goals = {"lib/one.so": tmp_path / "one", "lib/two.so": tmp_path / "two"}
    prefix = _prefix.make("hdf5-pywheel", tmp_path, goals, cache)
    assert _prefix.make("hdf5-pywheel", tmp_path, goals, Contested(cache)) == prefix
    assert Contested.deleted == [prefix.resolve() / "lib" / "one.so"]
    assert links(prefix) == {link: str(goal) for link, goal in goals.items()}


DAY = 24 * 60 * 60


def asked_days_ago(prefix: Path, days: int) -> None:
    then = prefix.stat().st_mtime - days * DAY
    os.utime(prefix, (then, then))


def names(*prefixes: Path) -> set[str]:
    return {name for path in prefixes for name in (path.name, path.readlink().name)}


def test_the_prefix_of_an_environment_that_is_no_more_is_forgotten(
    wheel: Installed, tmp_path: Path, cache: Path
) -> None:
    before = ask(install(tmp_path / "pip-build-env" / "overlay"), cache)
    kept = ask(wheel, cache)
    for prefix in (before, kept):
        asked_days_ago(prefix, 31)
    shutil.rmtree(tmp_path / "pip-build-env")
    last = ask(install(tmp_path / "another"), cache)
    assert in_cache(cache) == names(kept, last) | {".lock"}


def test_the_prefix_of_an_environment_that_is_out_of_sight_is_kept(
    wheel: Installed, tmp_path: Path, cache: Path
) -> None:
    prefix = ask(wheel, cache)
    asked_days_ago(prefix, 31)
    ask(wheel, cache)
    asked_days_ago(prefix, 29)
    wheel.prefix.rename(tmp_path / "moved away")
    last = ask(install(tmp_path / "another"), cache)
    assert in_cache(cache) == names(prefix, last) | {".lock"}
    (tmp_path / "moved away").rename(wheel.prefix)
    assert (prefix / "lib" / "libhdf5.so").exists()


def test_what_anybody_could_put_a_library_in_the_place_of_is_forgotten_at_once(
    wheel: Installed, tmp_path: Path, cache: Path
) -> None:
    kept = ask(wheel, cache)
    shared = tmp_path / "tmp"
    shared.mkdir()
    shared.chmod(0o1777)
    ask(install(shared / "pip-build-env" / "overlay"), cache)
    shutil.rmtree(shared / "pip-build-env")
    assert ask(wheel, cache) == kept
    assert in_cache(cache) == names(kept) | {".lock"}


def test_what_is_still_there_is_kept_wherever_it_is(tmp_path: Path, cache: Path) -> None:
    tmp_path.chmod(0o1777)
    prefix = ask(install(tmp_path / "venv"), cache)
    last = ask(install(tmp_path / "another"), cache)
    assert in_cache(cache) == names(prefix, last) | {".lock"}


def test_a_cache_that_may_not_be_written_to_serves_as_well(
    wheel: Installed, tmp_path: Path, cache: Path
) -> None:
    prefix = ask(wheel, cache)
    before = ask(install(tmp_path / "gone"), cache)
    shutil.rmtree(tmp_path / "gone")
    asked_days_ago(before, 31)
    (cache / "prefixes" / ".lock").unlink()
    (cache / "prefixes" / ".lock").mkdir()  # which not even root can write to
    assert ask(wheel, cache) == prefix


def test_a_prefix_whose_links_are_gone_is_forgotten(wheel: Installed, cache: Path) -> None:
    (cache / "prefixes").mkdir(parents=True)
    (cache / "prefixes" / "zlib-pywheel-0").symlink_to("zlib-pywheel-0.1")
    prefix = ask(wheel, cache)
    assert in_cache(cache) == names(prefix) | {".lock"}


def test_what_else_is_in_the_folder_is_nobody_s_business(wheel: Installed, cache: Path) -> None:
    folder = cache / "prefixes"
    (folder / "mine").mkdir(parents=True)
    (folder / "a-link").symlink_to("mine")
    ask(wheel, cache)
    assert {"mine", "a-link"} <= in_cache(cache)


def test_what_a_crashed_process_left_does_no_harm(wheel: Installed, cache: Path) -> None:
    prefix = ask(wheel, cache)
    whole, folder = links(prefix), prefix.readlink()
    prefix.unlink()
    shutil.rmtree(cache / "prefixes" / folder / "include")
    (cache / "prefixes" / folder / "lib" / ".libhdf5.so.new").symlink_to("nowhere")
    (cache / "prefixes" / folder / "lib" / "libhdf5.so").unlink()
    (cache / "prefixes" / f"{prefix.name}.0123456789abcdef" / "lib").mkdir(parents=True)
    assert ask(wheel, cache) == prefix
    assert links(prefix) == whole
    assert in_cache(cache) == {prefix.name, folder.name, ".lock"}


def test_links_that_somebody_changed_are_mended(wheel: Installed, cache: Path) -> None:
    prefix = ask(wheel, cache)
    whole = links(prefix)
    (prefix / "lib" / "libhdf5.so").unlink()
    (prefix / "lib" / "libhdf5.so").symlink_to("/usr/lib/libhdf5.so")
    (prefix / "include" / "hdf5.h").unlink()
    (prefix / "include" / "hdf5.h").write_text("")
    assert links(ask(wheel, cache)) == whole


def test_a_path_with_spaces_and_letters_of_all_kinds(tmp_path: Path) -> None:
    wheel = install(tmp_path / "Größe 1 \udcff" / "venv")
    cache = tmp_path / "Zwischen lager é \udcfe"
    said = wheel.ask("prefix", variables={"LIBWHEEL_CACHE": str(cache), "PYTHONUTF8": "1"})
    assert Path(said).parent == cache / "prefixes"
    assert expected(wheel.prefix).items() <= links(Path(said)).items()


@pytest.mark.parametrize("missing", [data()[1], data()[2], data()[-1]])
def test_a_wheel_with_a_file_missing_has_none(wheel: Installed, cache: Path, missing: str) -> None:
    (wheel.prefix / missing).unlink()
    done = wheel.run("-m", "hdf5_pywheel", "prefix", variables={"LIBWHEEL_CACHE": str(cache)})
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(
        f"error: hdf5 1.14.5 was installed without {wheel.prefix / missing}"
    )
    assert not cache.exists()


def refused(wheel: Installed, **variables: str) -> str:
    """Ask where there must be an error; return it."""
    done = wheel.run("-m", "hdf5_pywheel", "prefix", variables=variables)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    return done.stderr.strip()


def test_a_cache_that_cannot_be_written_to(wheel: Installed, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    told = refused(wheel, LIBWHEEL_CACHE=str(tmp_path / "file" / "cache"))
    assert told == (
        f"error: cannot make {tmp_path}/file/cache/prefixes: Not a directory; "
        "LIBWHEEL_CACHE names another folder for the prefix"
    )


def test_something_else_in_its_place(wheel: Installed, cache: Path) -> None:
    prefix = ask(wheel, cache)
    prefix.unlink()
    prefix.mkdir()
    assert refused(wheel, LIBWHEEL_CACHE=str(cache)).startswith(f"error: cannot make {cache}/")


def test_no_place_at_all(wheel: Installed) -> None:
    assert refused(wheel) == (
        "error: no place for the prefix: set LIBWHEEL_CACHE, XDG_CACHE_HOME or HOME"
    )


def test_a_relative_cache(wheel: Installed) -> None:
    told = refused(wheel, LIBWHEEL_CACHE="here", HOME="/nonexistent")
    assert told == "error: LIBWHEEL_CACHE must be an absolute path, not 'here'"


ENVIRONMENTS: tuple[Mapping[str, str], ...] = (
    {"LIBWHEEL_CACHE": "/c", "XDG_CACHE_HOME": "/x", "HOME": "/h"},
    {"LIBWHEEL_CACHE": "", "XDG_CACHE_HOME": "/x", "HOME": "/h"},
    {"LIBWHEEL_CACHE": "relative", "HOME": "/h"},
    {"XDG_CACHE_HOME": "relative", "HOME": "/h"},
    {"XDG_CACHE_HOME": "relative"},
    {"XDG_CACHE_HOME": "", "HOME": "/h"},
    {"HOME": "/h"},
    {"HOME": "/h/"},
    {"HOME": "relative"},
    {"HOME": ""},
    {},
)


@pytest.mark.parametrize("variables", ENVIRONMENTS, ids=str)
def test_the_cache_folder_is_the_one_of_libwheel(variables: Mapping[str, str]) -> None:
    """The locator cannot import libwheel, so it finds the folder by itself."""

    def of_libwheel() -> Path | None:
        try:
            return settings.environment(variables).cache
        except BuildError:
            return None

    def of_locator() -> Path | None:
        try:
            return _prefix.cache_folder(variables)
        except OSError:
            return None

    assert of_locator() == of_libwheel()


def test_wheels_that_it_runs_with_are_in_it_under_their_tagged_names(
    tmp_path: Path, cache: Path
) -> None:
    """And of headers of one name, those that a consumer gets who names no library."""
    install_described(tmp_path / "venv", OMP_TAG, OMP, {})
    made = install_described(tmp_path / "venv", BLAS_TAG, BLAS, {"openmp": ">=19.1.7"})
    prefix = Path(
        made.ask("prefix", variables={"LIBWHEEL_CACHE": str(cache)}, of="openblas_pywheel")
    )
    same = (
        *("lib/libopenblas-pywheel-0.so", "lib/libopenblas_64-pywheel-0.so"),
        *("lib/libomp-pywheel-5.so", "lib/pkgconfig/omp-pywheel.pc"),
        *("lib/pkgconfig/openmp-pywheel.pc", f"lib/pkgconfig/{OMP_TAG.exact}.pc"),
        *("lib/pkgconfig/openblas-pywheel.pc", "lib/pkgconfig/openblas64-pywheel.pc"),
        f"lib/pkgconfig/{BLAS_TAG.exact}.pc",
        *("lib/cmake/openblas-pywheel", "lib/cmake/openmp-pywheel"),
        *("include/openblas-pywheel", "include/openmp-pywheel"),
    )
    others = {
        "lib/libopenblas.so": "lib/libopenblas-pywheel-0.so",
        "lib/libopenblas_64.so": "lib/libopenblas_64-pywheel-0.so",
        "lib/pkgconfig/openblas.pc": "lib/pkgconfig/openblas-pywheel.pc",
        "lib/pkgconfig/openblas64.pc": "lib/pkgconfig/openblas64-pywheel.pc",
        "include/openblas.h": "include/openblas-pywheel/openblas/openblas.h",
        "include/openblas": "include/openblas-pywheel/openblas",
        "include/openblas64": "include/openblas-pywheel/openblas64",
    }
    goals = {path: path for path in same} | others
    assert links(prefix) == {link: str(made.prefix / goal) for link, goal in goals.items()}


@pytest.mark.parametrize("name", ["openblas", "openblas64", "openblas-pywheel"])
def test_its_pc_files_are_right_there_too(tmp_path: Path, cache: Path, name: str) -> None:
    install_described(tmp_path / "venv", OMP_TAG, OMP, {})
    made = install_described(tmp_path / "venv", BLAS_TAG, BLAS, {"openmp": ">=19.1.7"})
    asked = {"LIBWHEEL_CACHE": str(cache)}
    prefix = Path(made.ask("prefix", variables=asked, of="openblas_pywheel"))
    done = subprocess.run(
        ("pkg-config", "--cflags", "--libs", name),
        env={"PATH": os.environ["PATH"], "PKG_CONFIG_LIBDIR": str(prefix / "lib/pkgconfig")},
        capture_output=True,
        text=True,
        check=True,
    )
    words = done.stdout.split()
    folders = [Path(word[2:]) for word in words if word[:2] in ("-I", "-L")]
    assert len(folders) >= 3
    assert all(folder.is_dir() for folder in folders)
    assert words[-1] == "-lomp-pywheel-5"
