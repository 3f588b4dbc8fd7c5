from __future__ import annotations

from dataclasses import replace

from libwheel.buildsystems.cmake import commands, unused
from unit.buildsystems.jobs import job

WARNING = """\
-- Configuring done (0.3s)
-- Generating done (0.0s)
CMake Warning:
  Manually-specified variables were not used by the project:

    ANSWER_DOCS
    {}


-- Build files have been written to: /w/build
"""


def test_the_commands_of_a_full_job() -> None:
    configure, compile_, install = commands(job("cmake"))
    assert configure.argv == (
        *("cmake", "-S", "/w/source/sub", "-B", "/w/build", "-G", "Ninja"),
        "-DBUILD_SHARED_LIBS=ON",
        "-DCMAKE_BUILD_TYPE=Release",
        "-DCMAKE_INSTALL_PREFIX=/usr/local",
        "-DCMAKE_INSTALL_LIBDIR=lib",
        "-DCMAKE_BUILD_RPATH_USE_ORIGIN=ON",
        "-DCMAKE_SKIP_INSTALL_RPATH=ON",
        "-DCMAKE_FIND_USE_PACKAGE_REGISTRY=OFF",
        "-DCMAKE_FIND_USE_SYSTEM_PACKAGE_REGISTRY=OFF",
        "-DFETCHCONTENT_FULLY_DISCONNECTED=ON",
        *("-DYES=ON", "-DNO=OFF", "-DNAME=a b", "-DLEVEL=3"),
    )
    assert compile_.argv == (
        *("cmake", "--build", "/w/build", "--parallel", "7"),
        *("--target", "answer", "--target", "question"),
    )
    assert install.argv == ("env", "DESTDIR=/w/destination", "cmake", "--install", "/w/build")


def test_all_run_in_the_source_tree_where_relative_paths_of_options_start() -> None:
    assert {str(command.folder) for command in commands(job("cmake"))} == {"/w/source"}


def test_what_cmake_did_not_use_is_found_in_its_log() -> None:
    assert unused(job("cmake"), WARNING.format("LEVEL")) == ["LEVEL"]
    assert unused(job("cmake"), WARNING.format("NAME\n    YES")) == ["YES", "NAME"]


def test_an_option_may_name_its_type() -> None:
    full = job("cmake")
    typed = replace(full, build=replace(full.build, options={"NAME:STRING": "a", "LEVEL": 3}))
    assert "-DNAME:STRING=a" in commands(typed)[0].argv
    assert unused(typed, WARNING.format("NAME")) == ["NAME:STRING"]


def test_what_we_give_every_project_may_stay_unused() -> None:
    assert unused(job("cmake"), WARNING.format("FETCHCONTENT_FULLY_DISCONNECTED")) == []


def test_without_the_warning_everything_was_used() -> None:
    assert unused(job("cmake"), "-- Configuring done: NAME LEVEL YES NO\n") == []
