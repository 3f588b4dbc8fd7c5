from __future__ import annotations

import platform
from dataclasses import replace
from pathlib import Path

import pytest

from libwheel.audit import Subject, audit
from libwheel.audit.rules_expectations import _DETECTORS
from libwheel.recipe import Expectation, Library
from libwheel.recipe_checks import INSTRUCTION_SETS
from libwheel.staging import Role
from unit.audit.subjects import BASE_PATH, messages, resolved, subject
from unit.binaries.compiled import run, shared

RULE = "unmet-expectation"
SOURCE = """
#include <stddef.h>
int base_value(void) { return 1; }
int base_data = 1;
#define LOOP(name, machine) __attribute__((visibility("hidden"), target(machine))) \\
    void name(double *x, double y, size_t n) { for (size_t i = 0; i < n; i++) x[i] *= y; }
LOOP(loop_narrow, "sse2")
LOOP(loop_wide, "avx512f,prefer-vector-width=512")
LOOP(loop_half, "avx2,prefer-vector-width=256")
"""


def test_every_instruction_set_has_a_detector() -> None:
    assert _DETECTORS.keys() == INSTRUCTION_SETS.keys()


def expecting(folder: Path, path: Path, *expected: Expectation) -> Subject:
    library = Library(name="base", description="", headers=("*.h",), expect=expected)
    return replace(subject(folder, recipe=resolved(library)), originals={"base": path})


def test_a_library_that_is_not_there_is_another_rule_s(tmp_path: Path) -> None:
    found = expecting(tmp_path, tmp_path / "nowhere", Expectation(symbol="base_value"))
    found = replace(found, originals={})
    assert audit(found) == ()


CONFIG = """\
/* made by configure */
#define BASE_VERSION "1.0"
  #define BASE_HAVE_THREADS 1
/* #undef BASE_HAVE_SSL */
"""


def with_header(folder: Path, *expected: Expectation) -> Subject:
    headers = {(Role.HEADER, "include/base-pywheel/base_config.h"): CONFIG}
    library = Library(name="base", description="", headers=("*.h",), expect=expected)
    return subject(folder, recipe=resolved(library), files=headers)


def line(text: str, header: str = "base_config.h") -> Expectation:
    return Expectation(header=header, line=text)


def test_a_line_of_a_header_is_there(tmp_path: Path) -> None:
    wanted = (line("#define BASE_HAVE_THREADS 1"), line("/* made by configure */"))
    assert audit(with_header(tmp_path, *wanted)) == ()


def test_a_line_that_lacks_is_named_with_the_nearest(tmp_path: Path) -> None:
    wanted = (line("#define BASE_HAVE_SSL 1"), line("#define BASE_HAVE_THREADS"), line("zzz"))
    where = "include/base-pywheel/base_config.h: has no line"
    asked = "which [[library.expect]] asks for"
    end = ": was the feature turned off, or not found?"
    assert messages(with_header(tmp_path, *wanted), "unmet-header-line") == [
        f"{where} '#define BASE_HAVE_SSL 1', {asked} (the nearest is "
        f"'/* #undef BASE_HAVE_SSL */'){end}",
        f"{where} '#define BASE_HAVE_THREADS', {asked} (the nearest is "
        f"'#define BASE_HAVE_THREADS 1'){end}",
        f"{where} 'zzz', {asked}{end}",
    ]


def test_a_header_that_is_not_shipped_is_named_with_the_nearest(tmp_path: Path) -> None:
    found = with_header(tmp_path, line("x", "base_confg.h"))
    assert messages(found, "unmet-header-line") == [
        "include/base-pywheel/base_confg.h: is not shipped (did you mean 'base_config.h'?), and "
        "[[library.expect]] asks for its line 'x'"
    ]


@pytest.mark.compiles
@pytest.mark.skipif(platform.machine() != "x86_64", reason="x86's instructions")
class TestOfAFile:
    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        return shared(tmp_path / "up" / "libbase.so.1.2", SOURCE, "-O3")

    def test_what_is_there_is_no_finding(self, tmp_path: Path, path: Path) -> None:
        wide = Expectation(symbol="loop_wide", instructions="avx512")
        half = Expectation(symbol="loop_half", instructions="avx")
        names = ("base_value", "base_data", "loop_narrow")
        found = expecting(tmp_path, path, wide, half, *(Expectation(symbol=name) for name in names))
        assert audit(found) == ()

    def test_what_lacks_is_named_with_what_is_near(self, tmp_path: Path, path: Path) -> None:
        found = expecting(
            tmp_path, path, Expectation(symbol="loop_wode"), Expectation(symbol="getrf_single")
        )
        assert messages(found, RULE) == [
            f"{BASE_PATH}: upstream's libbase.so.1.2 does not define 'loop_wode' (did you mean "
            "'loop_wide'?), which [[library.expect]] asks for",
            f"{BASE_PATH}: upstream's libbase.so.1.2 does not define 'getrf_single', which "
            "[[library.expect]] asks for",
        ]

    @pytest.mark.parametrize("wanted", ["avx", "avx512"])
    def test_code_without_the_instructions(self, tmp_path: Path, path: Path, wanted: str) -> None:
        expected = Expectation(symbol="loop_narrow", instructions=wanted)
        (message,) = messages(expecting(tmp_path, path, expected), RULE)
        assert "'loop_narrow' of upstream's libbase.so.1.2 has, in " in message
        assert f" bytes of code, no {wanted} instructions, which [[library.expect]] asks" in message

    def test_data_has_no_instructions(self, tmp_path: Path, path: Path) -> None:
        expected = Expectation(symbol="base_data", instructions="avx512")
        (message,) = messages(expecting(tmp_path, path, expected), RULE)
        assert "is no function, so that it has no avx512 instructions" in message

    def test_a_stripped_file_is_named_as_one(self, tmp_path: Path, path: Path) -> None:
        run("strip", path)
        found = expecting(
            tmp_path, path, Expectation(symbol="base_value"), Expectation(symbol="loop_wide")
        )
        (message,) = messages(found, RULE)
        assert message.startswith(
            f"{BASE_PATH}: upstream's libbase.so.1.2 does not export 'loop_wide', which "
            "[[library.expect]] asks for, and is stripped"
        )
