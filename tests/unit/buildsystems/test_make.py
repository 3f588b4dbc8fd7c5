from __future__ import annotations

from pathlib import Path

from libwheel.buildsystems.make import commands, unused
from unit.buildsystems.jobs import job

FLAGS = """-O2 -ffile-prefix-map=/w/source=. -ffile-prefix-map=/w/build=. -DA '-DB="b c"'"""
LDFLAGS = (
    "-Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed -Wl,--build-id=none "
    "-Wl,--version-script=/w/version-script.map -lm"
)
VARIABLES = (
    "CC=/bin/cc -m64",
    "CXX=/bin/c++",
    f"CFLAGS={FLAGS}",
    f"CXXFLAGS={FLAGS}",
    f"LDFLAGS={LDFLAGS}",
    "PREFIX=/usr/local",
    "prefix=/usr/local",
    *("YES=1", "NO=", "NAME=a b", "LEVEL=3"),
)


def test_the_commands_of_a_full_job() -> None:
    compile_, install = commands(job("make"))
    assert compile_.argv == ("make", "-j7", *VARIABLES, "answer", "question")
    assert install.argv == ("make", "install", *VARIABLES, "DESTDIR=/w/destination")


def test_both_run_where_the_makefile_is() -> None:
    assert {str(command.folder) for command in commands(job("make"))} == {"/w/source/sub"}


def test_a_variable_is_unused_where_no_makefile_mentions_it(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "Makefile").write_text("all: ; echo $(NAME) $(LEVELS) $(MYLEVEL)\n")
    (tmp_path / "sub" / "rules.mk").write_text("ifdef YES\nendif\n")
    (tmp_path / "README").write_text("NO LEVEL")
    assert unused(job("make", tmp_path), "") == ["NO", "LEVEL"]


def test_any_usual_name_of_a_makefile_counts(tmp_path: Path) -> None:
    for name, text in (
        ("GNUmakefile", "YES"),
        ("makefile.unix", "NO"),
        ("x.make", "NAME"),
        ("y.inc", "LEVEL"),
    ):
        (tmp_path / name).write_text(text)
    assert unused(job("make", tmp_path), "") == []
