from __future__ import annotations

from pathlib import Path

import pytest

from libwheel import header_names
from libwheel.recipe import Library
from libwheel.selection import Selection
from unit.resolved import library, resolved
from unit.staged import write

NAMES = {name: f"{name}64_" for name in ("answer", "answer_twice", "dgemm_")}

BASE = library("answer", "answer/*.h", "both.h")
WIDE = Library(name="wide", description="", headers=("wide/*.h", "both.h"), suffix="64_")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("int answer(void);\n", "int answer64_(void);\n"),
        ("#define TWICE(x) answer_twice((x))\n", "#define TWICE(x) answer_twice64_((x))\n"),
        ("# define A answer\n", "# define A answer64_\n"),
        ("#ifdef answer\n", "#ifdef answer64_\n"),
        ("void dgemm_(), dgemm(), xdgemm_();", "void dgemm_64_(), dgemm(), xdgemm_();"),
        ('extern int f(void) __asm__("answer");', 'extern int f(void) __asm__("answer64_");'),
        ('#include "answer.h"\n#  include <x/answer>\nanswer', '#include "answer.h"\n'
         "#  include <x/answer>\nanswer64_"),
        ('#include_next <answer>\n# import "answer.h"\n#included answer',
         '#include_next <answer>\n# import "answer.h"\n#included answer64_'),
        ('#if __has_include("answer.h") && defined answer\n',
         '#if __has_include("answer.h") && defined answer64_\n'),
        ("#if __has_include_next (<x/answer>)\n", "#if __has_include_next (<x/answer>)\n"),
        ("x__has_include(answer)", "x__has_include(answer64_)"),
        ("0answer answer0 _answer answer_ 0xanswer", "0answer answer0 _answer answer_ 0xanswer"),
        ("a.answer=answer;answer\r\nanswer", "a.answer64_=answer64_;answer64_\r\nanswer64_"),
        ("name##_ answer##_", "name##_ answer64_##_"),
        ("answer64_", "answer64_"),
        ("", ""),
    ],
)  # fmt: skip
def test_every_word_that_is_a_symbol_gets_its_new_name(text: str, expected: str) -> None:
    assert header_names.renamed(text, NAMES) == expected


def test_of_no_names_nothing_changes() -> None:
    assert header_names.renamed("int answer(void);", {}) == "int answer(void);"


def selection(folder: Path, *names: str) -> Selection:
    text = "int answer(void);\n"
    headers = {name: write(folder / "include" / name, text) for name in names}
    return Selection({}, headers, ("a mistake",))


def test_only_headers_of_a_library_with_new_names_are_written_anew(tmp_path: Path) -> None:
    chosen = selection(tmp_path, "answer/a.h", "wide/a.h")
    names = {"answer": {}, "wide": NAMES}
    found = header_names.rewritten(resolved(BASE, WIDE), chosen, names, tmp_path / "stage")
    assert found.headers["answer/a.h"] == chosen.headers["answer/a.h"]
    assert found.headers["wide/a.h"] == tmp_path / "stage/headers/wide/a.h"
    assert found.headers["wide/a.h"].read_text() == "int answer64_(void);\n"
    assert chosen.headers["wide/a.h"].read_text() == "int answer(void);\n"
    assert found.mistakes == ("a mistake",)


def test_a_header_s_other_bytes_stay_whatever_their_encoding(tmp_path: Path) -> None:
    chosen = selection(tmp_path, "wide/a.h")
    chosen.headers["wide/a.h"].write_bytes(b"/* \xe9 \xc3\xa9answer */\r\nint answer;")
    found = header_names.rewritten(resolved(WIDE), chosen, {"wide": NAMES}, tmp_path / "stage")
    # A letter of an accented word is no letter of C, and a comment does not matter
    expected = b"/* \xe9 \xc3\xa9answer64_ */\r\nint answer64_;"
    assert found.headers["wide/a.h"].read_bytes() == expected


def test_a_header_that_is_a_link_is_left_to_the_audit(tmp_path: Path) -> None:
    chosen = selection(tmp_path, "wide/a.h")
    link = tmp_path / "include/wide/link.h"
    link.symlink_to("a.h")
    chosen = Selection({}, {"wide/link.h": link}, ())
    found = header_names.rewritten(resolved(WIDE), chosen, {"wide": NAMES}, tmp_path / "stage")
    assert found.headers == {"wide/link.h": link}


def test_libraries_whose_symbols_differ_share_no_header(tmp_path: Path) -> None:
    chosen = selection(tmp_path, "both.h")
    names = {"answer": {}, "wide": NAMES}
    found = header_names.rewritten(resolved(BASE, WIDE), chosen, names, tmp_path / "stage")
    assert found.mistakes == (
        "a mistake",
        "include/both.h is a header of libraries whose symbols differ, 'answer' (no suffix), "
        "'wide' (suffix '64_'): each needs one of its own",
    )


def test_libraries_of_one_file_share_its_names_and_headers(tmp_path: Path) -> None:
    second = Library(name="wider", description="", headers=("both.h",), file="wide")
    chosen = selection(tmp_path, "both.h")
    names = {"wide": NAMES, "wider": NAMES}
    found = header_names.rewritten(resolved(WIDE, second), chosen, names, tmp_path / "stage")
    assert found.mistakes == ("a mistake",)
    assert found.headers["both.h"].read_text() == "int answer64_(void);\n"
