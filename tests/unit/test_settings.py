from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from conftest import ROOT
from libwheel.errors import BuildError
from libwheel.recipe import Option
from libwheel.settings import (
    HELP,
    IGNORED_VARIABLES,
    VARIABLES,
    Environment,
    Settings,
    environment,
    parse,
)
from libwheel.target import parse as parse_target


def test_without_settings_everything_has_its_default() -> None:
    usable = len(os.sched_getaffinity(0))
    assert parse(None) == parse({}) == Settings(None, usable, None, None, bundle_sources=False)


def test_every_setting(tmp_path: Path) -> None:
    config = {
        "version": "1.14.6",
        "jobs": "3",
        "work-dir": str(tmp_path / "kept"),
        "source": str(tmp_path),
        "target": "x86_64-windows",
        "toolchain": "zig",
        "launcher": "none",
        "sdist-sources": "none",
    }
    assert config.keys() == HELP.keys()
    assert parse(config) == Settings(
        version="1.14.6",
        jobs=3,
        work_dir=tmp_path / "kept",
        source=tmp_path,
        bundle_sources=False,
        target=parse_target("x86_64-windows"),
        toolchain="zig",
        launcher="none",
    )
    assert parse({"sdist-sources": "bundle"}).bundle_sources


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"jobs": "0"}, "-C jobs must be a number of at least 1, not '0'"),
        ({"jobs": "-2"}, "not '-2'"),
        ({"jobs": "many"}, "not 'many'"),
        ({"jobs": ["1", "2"]}, "-C jobs is given 2 times; once is enough"),
        ({"work-dir": "kept"}, "-C work-dir must be an absolute path, not 'kept'"),
        ({"source": "../hdf5"}, "-C source must be an absolute path, not '../hdf5'"),
        ({"work-dir": "/a b"}, "-C work-dir must have no white space: make and configure cannot"),
        ({"source": "/not/there"}, "-C source names /not/there, which is not there"),
        ({"source": ""}, "-C source has no value: a local folder or archive"),
        ({"source": "/tmp", "sdist-sources": "bundle"}, "do not go together"),
        ({"toolchain": "zigg"}, "-C toolchain must be 'native' or 'zig', not 'zigg' (did you mean"),
        ({"launcher": "cache"}, "not 'cache' (did you mean 'ccache'?)"),
        ({"sdist-sources": "bundel"}, "must be 'bundle' or 'none', not 'bundel'"),
    ],
)
def test_an_unusable_value(config: dict[str, str | Sequence[str]], message: str) -> None:
    with pytest.raises(BuildError) as error:
        parse(config)
    assert message in str(error.value)


def test_every_unknown_setting_is_shown_with_its_nearest_and_all_that_there_are() -> None:
    with pytest.raises(BuildError) as error:
        parse({"verison": "1", "job": "2", "version": "1"})
    assert str(error.value) == (
        "unknown setting -C job (did you mean 'jobs'?)\n"
        "unknown setting -C verison (did you mean 'version'?)\n"
        "known: version, jobs, work-dir, source, target, toolchain, launcher, sdist-sources"
    )


THREADS = Option(name="threads", description="Whose threads", values=("openmp", "pthreads"))


def test_the_recipe_s_own_options() -> None:
    assert parse({"jobs": "1"}, [THREADS]).chosen == {}
    assert parse({"threads": "pthreads", "jobs": "1"}, [THREADS]).chosen == {"threads": "pthreads"}
    assert parse({"threads": "openmp"}, [THREADS]).chosen == {"threads": "openmp"}


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            {"threads": "pthread"},
            "-C threads must be 'openmp' or 'pthreads', not 'pthread' (did you mean 'pthreads'?)",
        ),
        ({"threads": ""}, "-C threads has no value: Whose threads"),
        ({"threads": ["openmp", "pthreads"]}, "-C threads is given 2 times; once is enough"),
        (
            {"thread": "openmp", "job": "1"},
            "unknown setting -C job (did you mean 'jobs'?)\n"
            "unknown setting -C thread (did you mean 'threads'?)\n"
            "known: version, jobs, work-dir, source, target, toolchain, launcher, sdist-sources\n"
            "options of this recipe: threads",
        ),
    ],
)
def test_an_unusable_option(config: dict[str, str | Sequence[str]], message: str) -> None:
    with pytest.raises(BuildError) as error:
        parse(config, [THREADS])
    assert str(error.value) == message


def test_the_environment_with_nothing_but_a_home() -> None:
    assert environment({"HOME": "/home/me"}) == Environment(
        cache=Path("/home/me/.cache/libwheel"),
        home=Path("/home/me"),
        mirrors=(),
        debian_mirror=None,
        cc="",
        cxx="",
        path=os.defpath,
        epoch=None,
        ignored=(),
    )


def test_the_environment_with_everything(tmp_path: Path) -> None:
    variables = {
        "HOME": "/home/me",
        "XDG_CACHE_HOME": "/xdg",
        "LIBWHEEL_CACHE": "/cache",
        "LIBWHEEL_MIRRORS": f"{tmp_path}  https://two.example/\n",
        "LIBWHEEL_DEBIAN_MIRROR": "https://debian.example",
        "CC": "gcc -m64",
        "CXX": "g++",
        "PATH": "/bin",
        "SOURCE_DATE_EPOCH": "1700000000",
        "CFLAGS": "-O3",
        "LDFLAGS": "",
    }
    assert environment(variables) == Environment(
        cache=Path("/cache"),
        home=Path("/home/me"),
        mirrors=(str(tmp_path), "https://two.example/"),
        debian_mirror="https://debian.example",
        cc="gcc -m64",
        cxx="g++",
        path="/bin",
        epoch=1700000000,
        ignored=("CFLAGS",),
    )


@pytest.mark.parametrize(
    ("variables", "cache"),
    [
        ({"XDG_CACHE_HOME": "/xdg"}, Path("/xdg/libwheel")),
        ({"XDG_CACHE_HOME": "", "HOME": "/me"}, Path("/me/.cache/libwheel")),
        ({"XDG_CACHE_HOME": "xdg", "HOME": "/me"}, Path("/me/.cache/libwheel")),
    ],
)
def test_where_the_cache_is(variables: dict[str, str], cache: Path) -> None:
    assert environment(variables).cache == cache


def test_a_cache_that_would_be_in_any_folder() -> None:
    with pytest.raises(BuildError, match="LIBWHEEL_CACHE must be an absolute path, not 'here'"):
        environment({"LIBWHEEL_CACHE": "here", "HOME": "/me"})


@pytest.mark.parametrize("variables", [{}, {"HOME": ""}, {"XDG_CACHE_HOME": "xdg"}])
def test_no_place_for_the_cache(variables: dict[str, str]) -> None:
    with pytest.raises(BuildError, match="set LIBWHEEL_CACHE, XDG_CACHE_HOME or HOME"):
        environment(variables)


@pytest.mark.parametrize("value", ["", "now", "-1", "1.5", "1700000000000"])
def test_an_unusable_epoch(value: str) -> None:
    with pytest.raises(BuildError, match="SOURCE_DATE_EPOCH must be a number of seconds"):
        environment({"HOME": "/me", "SOURCE_DATE_EPOCH": value})


def test_compiler_flags_are_all_told_of() -> None:
    variables = dict.fromkeys(IGNORED_VARIABLES, "-g")
    assert environment({"HOME": "/me", **variables}).ignored == IGNORED_VARIABLES


def test_libwheel_s_own_variables_are_those_of_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert tuple(re.findall(r"^\| `(LIBWHEEL_\w+)` \|", readme, re.MULTILINE)) == VARIABLES


def refusal(**variables: str) -> str:
    with pytest.raises(BuildError) as caught:
        environment({"HOME": "/me", **variables})
    return str(caught.value)


def test_every_unknown_variable_with_the_nearest() -> None:
    said = refusal(LIBWHEEL_MIRROR="/", LIBWHEEL_DEBIAN_MIROR="", LIBWHEEL_JOBS="2")
    assert said.splitlines() == [
        "unknown environment variable LIBWHEEL_DEBIAN_MIROR "
        "(did you mean 'LIBWHEEL_DEBIAN_MIRROR'?)",
        "unknown environment variable LIBWHEEL_JOBS",
        "unknown environment variable LIBWHEEL_MIRROR (did you mean 'LIBWHEEL_MIRRORS'?)",
        "known: LIBWHEEL_CACHE, LIBWHEEL_MIRRORS, LIBWHEEL_DEBIAN_MIRROR",
    ]


URLS = ["http://a", "https://me:secret@a:8443/b", "http://[::1]:8080/", "file:/a", "file:///a%20b"]
NO_URLS = ["a", "a/b", "https:/a", "https://", "http://[a", "HTTP://a", "ftp://a", "file:a", "//a"]


@pytest.mark.parametrize("url", URLS)
def test_mirrors_that_are_urls(url: str) -> None:
    found = environment({"HOME": "/me", "LIBWHEEL_MIRRORS": url, "LIBWHEEL_DEBIAN_MIRROR": url})
    assert (found.mirrors, found.debian_mirror) == ((url,), url)


@pytest.mark.parametrize("entry", NO_URLS)
def test_a_mirror_that_is_no_url_and_no_folder(entry: str) -> None:
    assert refusal(LIBWHEEL_MIRRORS=f"https://good {entry}") == (
        f"LIBWHEEL_MIRRORS: {entry!r} is not an http, https or file URL, nor the absolute path of "
        "a folder that is there; a folder with a space is written as file:///...%20..."
    )


def test_a_mirror_must_be_a_folder_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "my file").touch()
    for entry in (f"{tmp_path}/@none", f"{tmp_path}/my file"):
        assert f"{entry.split()[0]!r} is not" in refusal(LIBWHEEL_MIRRORS=entry)


@pytest.mark.parametrize("value", [*NO_URLS, "/", "http://a http://b"])
def test_a_debian_mirror_that_is_no_url(value: str) -> None:
    said = refusal(LIBWHEEL_DEBIAN_MIRROR=value)
    assert said == f"LIBWHEEL_DEBIAN_MIRROR must be an http, https or file URL, not {value!r}"


@pytest.mark.parametrize("name", ["LIBWHEEL_MIRRORS", "LIBWHEEL_DEBIAN_MIRROR"])
def test_a_password_in_what_is_no_url_is_not_shown(name: str) -> None:
    said = refusal(**{name: "htps://me:sec@ret@host/a"})
    assert "'...@host/a'" in said
    assert "sec" not in said.removeprefix(name)
