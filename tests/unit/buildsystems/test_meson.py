from __future__ import annotations

from libwheel.buildsystems.meson import commands, unused
from unit.buildsystems.jobs import job


def test_the_commands_of_a_full_job() -> None:
    configure, compile_, install = commands(job("meson"))
    assert configure.argv == (
        *("meson", "setup", "--prefix=/usr/local", "--libdir=lib"),
        *("--buildtype=release", "--wrap-mode=nodownload"),
        *("-DYES=true", "-DNO=false", "-DNAME=a b", "-DLEVEL=3"),
        *("/w/build", "/w/source/sub"),
    )
    assert compile_.argv == (
        *("meson", "compile", "-C", "/w/build", "-j", "7"),
        *("answer", "question"),
    )
    assert install.argv == (
        *("meson", "install", "-C", "/w/build", "--no-rebuild"),
        *("--destdir", "/w/destination"),
    )


def test_meson_itself_refuses_an_option_that_the_project_lacks() -> None:
    assert unused(job("meson"), 'ERROR: Unknown option: "NAME".') == []
