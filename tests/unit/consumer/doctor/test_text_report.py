from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from libwheel.console import Console
from libwheel.consumer.doctor import json_report, text_report
from libwheel.consumer.doctor.report import (
    About,
    Copy,
    Diagnosis,
    FailedImport,
    Imports,
    LibraryRow,
    Mapped,
    Report,
    Rule,
    Severity,
    Use,
)

PREFIX = Path("/envs/my präfix")
SITE = PREFIX / "lib/python3.11/site-packages"
OURS = PREFIX / "lib/libhdf5-pywheel-310.so"
THEIRS = SITE / "tables.libs/libhdf5-b93485fa.so.310.5.1"
FAULT = Diagnosis(
    Severity.FAULT, Rule.SEVERAL_COPIES, About.LIBRARY, "hdf5", "2 copies of hdf5", "share one"
)
NOTE = Diagnosis(
    Severity.NOTE, Rule.UNREADABLE, About.FILE, str(SITE / "x.so"), "x.so is damaged", "nothing"
)

SOUND = Report(
    python=PREFIX / "bin/python",
    prefix=PREFIX,
    distributions=3,
    library_wheels=(LibraryRow("hdf5", "1.14.5", ("any",), (OURS,), ("h5py",)),),
    copies=(Copy("hdf5", OURS, OURS.name, "hdf5", "1.14.5", shared=True, size=3_100_000),),
    uses=(Use("h5py", SITE / "h5py/h5.so", OURS),),
    diagnoses=(),
    imports=None,
)
BAD = replace(
    SOUND,
    copies=(
        *SOUND.copies,
        Copy("hdf5", THEIRS, THEIRS.name, "tables", "3.11", False, 4_600_000, nodes=("HDF5_1",)),
        *(
            Copy("hdf5", SITE / f"other/{name}.so", "", "other", "1", False, 9_000, linked_in=True)
            for name in "ab"
        ),
        Copy("z", SITE / "z.so", "z.so", "other", "1", shared=False, size=1),
    ),
    diagnoses=(FAULT, NOTE),
)

EXPECTED = """\
environment  /envs/my präfix
python       /envs/my präfix/bin/python
looked at    3 distributions, 3 shared libraries

library wheels
  name  version  used by  files
  hdf5  1.14.5   h5py     libhdf5-pywheel-310.so

libraries that are here more than once
  library       size  of                           file
  hdf5        3.1 MB  hdf5 1.14.5 (library wheel)  lib/libhdf5-pywheel-310.so
              4.6 MB  tables 3.11                  tables.libs/libhdf5-b93485fa.so.310.5.1
           linked in  other 1                      a.so and b.so

fault: several-copies: hdf5
  2 copies of hdf5
  -> share one
note: unreadable: x.so
  x.so is damaged
  -> nothing

1 fault, 1 note"""


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def text(report: Report, width: int | None = None) -> str:
    return text_report.text(report, Console(stream=io.StringIO()), width)


def test_what_is_wrong() -> None:
    assert text(BAD) == EXPECTED


def test_nothing_wrong() -> None:
    shown = text(SOUND)
    assert "more than once" not in shown
    assert shown.endswith("\n\nnothing wrong")
    assert text(replace(SOUND, diagnoses=(NOTE,))).endswith("\n\nnothing wrong, 1 note")


def test_one_file_under_several_names_is_here_once() -> None:
    other = replace(SOUND.copies[0], path=OURS.with_suffix(".so.1"))
    assert "more than once" not in text(replace(SOUND, copies=(*SOUND.copies, other)))


def test_two_files_of_one_folder_without_a_name_of_their_own_are_two() -> None:
    nameless = tuple(
        Copy("foo", SITE / f"pkg/{name}", "", "pkg", "1", shared=False, size=1)
        for name in ("libfoo.so", "libfoo-1.so")
    )
    shown = text(replace(SOUND, copies=nameless))
    assert "here more than once" in shown
    assert "  foo      1 kB  pkg 1  pkg/libfoo.so\n" in shown


def test_a_name_of_a_path_s_look_is_shown_as_it_is() -> None:
    odd = replace(FAULT, subject=str(SITE / "x.so"))
    assert f"several-copies: {SITE}/x.so" in text(replace(BAD, diagnoses=(odd,)))


def test_several_of_a_kind_are_counted() -> None:
    assert text(replace(SOUND, diagnoses=(FAULT, FAULT))).endswith("\n\n2 faults")


def test_without_library_wheels() -> None:
    assert "\n\nlibrary wheels: none\n\n" in text(replace(SOUND, library_wheels=()))


def test_what_the_imports_loaded() -> None:
    mapped = Mapped(OURS, OURS.name, 3_100_000, "h5py", (SITE / "h5py/h5.so",), OURS, "hdf5")
    shown = text(replace(SOUND, imports=Imports(("h5py", "numpy"), (mapped,), ())))
    assert "loaded by importing h5py and numpy\n" in shown
    assert "  h5py    3.1 MB  lib/libhdf5-pywheel-310.so  h5.so\n" in shown


def test_what_could_not_be_imported_is_named() -> None:
    failed = tuple(FailedImport(name, "no such") for name in "abcdef")
    shown = text(replace(SOUND, imports=Imports(("a", "h5py"), (), failed)))
    assert "could not be imported: a, b, c, d, e and f\n" in shown
    assert "nothing of interest" not in shown
    shown = text(replace(SOUND, imports=Imports(("h5py",), (), ())))
    assert "loaded by importing h5py: nothing of interest\n" in shown


def test_lines_are_as_wide_as_the_terminal() -> None:
    long = replace(FAULT, message="several words and " * 20, remedy="do this " * 20)
    shown = text(replace(BAD, diagnoses=(long,)), width=80)
    assert max(map(len, shown.splitlines())) <= 80
    assert "..." in shown


@pytest.mark.parametrize("width", [40, 60, 61, 80, 100])
def test_tables_are_no_wider_than_the_terminal(width: int) -> None:
    wide = replace(BAD.copies[0], library="a-rather-long-name", owner=50 * "x")
    files = tuple(PREFIX / f"lib/libhdf5_part{number}-pywheel-310.so" for number in range(5))
    row = LibraryRow(30 * "y", "1.14.5.post1", (), files, ("versioned-hdf5", "h5py", "tables"))
    mapped = Mapped(OURS, OURS.name, 3_100_000, 30 * "m", (SITE / f"{50 * 'e'}.so",), OURS, "hdf5")
    bad = replace(
        BAD,
        copies=(wide, *BAD.copies),
        library_wheels=(row,),
        imports=Imports(("h5py",), (mapped,), ()),
    )
    lines = text(bad, width).splitlines()
    assert max(map(len, lines[3:])) <= width  # the environment's path is there to be copied
    assert any(line.startswith("  ") and "hdf5" in line for line in lines)


def test_nothing_of_outside_steers_the_terminal() -> None:
    evil = "\033[31mred\a\033]0;title\nmore\r\udcff"
    fault = Diagnosis(Severity.FAULT, Rule.UNREADABLE, About.FILE, evil, evil, evil)
    mapped = Mapped(Path(evil), evil, 1, evil, (Path(evil),), None, evil)
    bad = replace(
        BAD,
        prefix=Path(evil),
        python=Path(evil),
        copies=(replace(BAD.copies[0], path=Path(evil), owner=evil, library=evil), *BAD.copies[1:]),
        library_wheels=(LibraryRow(evil, evil, (), (Path(evil),), (evil,)),),
        diagnoses=(fault,),
        imports=Imports((evil,), (mapped,), (FailedImport(evil, evil),)),
    )
    for width in (None, 80):
        shown = text(bad, width)
        assert shown.replace("\n", "").isprintable()
        assert "\nmore" not in shown


def test_one_is_one() -> None:
    shown = text(replace(SOUND, distributions=1))
    assert "looked at    1 distribution, 1 shared library\n" in shown


def test_colours_are_for_terminals() -> None:
    coloured = Console(stream=Terminal(), colours=True, dumb=False)
    assert "\033[31;1mfault:\033[0m" in text_report.text(BAD, coloured, None)
    for console in (
        Console(stream=Terminal(), colours=False, dumb=False),
        Console(stream=Terminal(), colours=True, dumb=True),
    ):
        assert text_report.text(BAD, console, None) == EXPECTED


# What programs read: keys are added, none goes
JSON_KEYS = {
    "": (
        *("schema", "is_sound", "python", "prefix", "distributions", "library_wheels"),
        *("copies", "uses", "diagnoses", "imports"),
    ),
    "library_wheels": ("name", "version", "platforms", "files", "consumers"),
    "copies": (
        *("library", "path", "soname", "owner", "version", "shared", "size", "linked_in"),
        *("nodes", "pool"),
    ),
    "uses": ("consumer", "extension", "copy"),
    "diagnoses": ("severity", "rule", "about", "subject", "message", "remedy"),
    "imports": ("modules", "mapped", "failed"),
    "imports.mapped": (
        *("path", "soname", "size", "imported", "needed_by", "copy", "library"),
        "pool",
    ),
    "imports.failed": ("module", "reason"),
}


def test_the_keys_of_json() -> None:
    mapped = Mapped(OURS, OURS.name, 3_100_000, "h5py", (SITE / "h5py/h5.so",), OURS, "hdf5")
    imports = Imports(("h5py", "nope"), (mapped,), (FailedImport("nope", "no such"),))
    found = json.loads(json_report.text(replace(BAD, imports=imports)))
    assert {name: tuple(record(found, name)) for name in JSON_KEYS} == JSON_KEYS


def record(found: object, name: str) -> dict[str, object]:
    """Return what is there, or the first of several."""
    for key in filter(None, name.split(".")):
        assert isinstance(found, dict)
        found = found[key][0] if isinstance(found[key], list) else found[key]
    assert isinstance(found, dict)
    return found


def test_json_has_paths_as_text() -> None:
    found = json.loads(json_report.text(BAD))
    assert (found["schema"], found["is_sound"]) == (1, False)
    assert json.loads(json_report.text(SOUND))["is_sound"]
    assert found["prefix"] == str(PREFIX)
    assert found["copies"][1] == {
        "library": "hdf5",
        "path": str(THEIRS),
        "soname": THEIRS.name,
        "owner": "tables",
        "version": "3.11",
        "shared": False,
        "size": 4_600_000,
        "linked_in": False,
        "nodes": ["HDF5_1"],
        "pool": None,
    }
    assert found["diagnoses"][0]["severity"] == "fault"
    assert found["imports"] is None
