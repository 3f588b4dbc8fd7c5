from __future__ import annotations

from dataclasses import replace

from libwheel.buildsystems.autotools import commands, unused
from unit.buildsystems.jobs import job

LOG = """\
checking for gcc... /usr/bin/cc
configure: WARNING: unrecognized options: --enable-docs, --with-level
configure: creating ./config.status
config.status: creating Makefile
configure: WARNING: unrecognized options: --enable-docs, --with-level
"""


def test_the_commands_of_a_full_job() -> None:
    configure, compile_, install = commands(job("autotools"))
    assert configure.argv == (
        *("sh", "./configure", "--prefix=/usr/local", "--libdir=/usr/local/lib"),
        *("--YES", "--NO=no", "--NAME=a b", "--LEVEL=3"),
    )
    assert compile_.argv == ("make", "-j7", "answer", "question")
    assert install.argv == ("make", "install", "DESTDIR=/w/destination")


def test_all_run_where_the_configure_script_is() -> None:
    assert {str(command.folder) for command in commands(job("autotools"))} == {"/w/source/sub"}


def test_what_configure_does_not_recognise_is_found_in_its_log() -> None:
    full = job("autotools")
    options = {"enable-docs": True, "with-level": 3, "enable-level": False, "docs": True}
    asked = replace(full, build=replace(full.build, options=options))
    assert unused(asked, LOG) == ["enable-docs", "with-level"]
    assert unused(asked, "config.status: creating Makefile\n") == []
