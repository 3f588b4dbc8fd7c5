from __future__ import annotations

import pytest

from libwheel import recipe_checks as checks
from libwheel.schema import Check

GOOD: list[tuple[Check, list[str]]] = [
    (checks.sha256, ["0" * 64]),
    (checks.url, ["https://example.org/a/b-1.0.tar.gz?x=1", "file:///a/b.zip", "file:/b"]),
    (checks.description, ["The answer: it's 42 %", "Réponse"]),
    (checks.inside, ["a", "a/b", ".", "share/**", "*.h", "a..b"]),
    (checks.version, ["1.14.5", "2.0.0rc1", "1!2.0", "1.0.post1"]),
    (checks.specifier, ["", ">= 2", ">=1,<3", "~= 1.4"]),
    (checks.compatible, ["~= {version}", ">={version},<2", "== 1.*"]),
    (checks.license_expression, ["MIT", "Apache-2.0 WITH LLVM-exception", "(MIT OR Zlib)"]),
    (checks.abi, ["310", "1_2", "6.0", "v2"]),
    (checks.library_name, ["hdf5_hl", "stdc++", "z-ng", "png16"]),
    (checks.system, ["autotools", "cmake", "make", "meson"]),
    (checks.operating_system, ["linux"]),
    (checks.architecture, ["x86_64", "aarch64"]),
    (checks.libc, ["glibc", "musl"]),
]

BAD: list[tuple[Check, list[str]]] = [
    (checks.sha256, ["", "0" * 63, "G" + "0" * 63, "A" * 64, "0" * 64 + "\n"]),
    (
        checks.url,
        [
            "http://example.org/a.tar.gz",
            "example.org/a.tar.gz",
            "https://example.org/",
            "https:///a.tar.gz",
            "https://[broken/a.tar.gz",
            "file://a/b.tar.gz",
            "https://example.org/{name}.tar.gz",
            "https://me:secret@example.org/a.tar.gz",
            "https://example.org/a.tar.gz#sha256=0",
            "file:a/b.tar.gz",
            "file:///a/",
        ],
    ),
    (checks.description, ["", "one\ntwo", "a\tb", "#1", "${prefix}"]),
    (checks.inside, ["", "/a", "../a", "a/../b", "a\\b", "a-{verison}"]),
    (checks.version, ["", "one", "1.0-1", "v1.0", "1.0.0-rc1", "01.0"]),
    (checks.specifier, ["2", "=> 2", ">= two", "~= 1"]),
    (checks.compatible, ["{version}", "~= {verison}", "~= {", ">= two"]),
    (checks.license_expression, ["", "BSD", "MIT OR", "MIT AND (", "the usual"]),
    (checks.abi, ["", "3-10", "3/1", ".3", "é"]),
    (checks.library_name, ["", "lib/z", "-z", "z lib", "é"]),
    (checks.system, ["", "CMake", "scons"]),
    (checks.operating_system, ["", "Linux", "hurd"]),
    (checks.architecture, ["", "x86-64", "amd64"]),
    (checks.libc, ["", "uclibc"]),
]


def pairs(table: list[tuple[Check, list[str]]]) -> list[tuple[Check, str]]:
    return [(check, value) for check, values in table for value in values]


@pytest.mark.parametrize(("check", "value"), pairs(GOOD))
def test_a_good_value_passes(check: Check, value: str) -> None:
    assert check(value) is None


@pytest.mark.parametrize(("check", "value"), pairs(BAD))
def test_a_bad_value_is_shown(check: Check, value: str) -> None:
    text = check(value)
    assert text is not None
    assert repr(value) in text


def test_a_version_is_wanted_in_its_normal_form() -> None:
    assert checks.version("1.0-rc1") == "must be in its normal form, '1.0rc1', not '1.0-rc1'"


def test_the_nearest_of_a_few_words_is_shown() -> None:
    assert checks.system("cmaek") == (
        "must be one of autotools, cmake, make, meson, not 'cmaek' (did you mean 'cmake'?)"
    )


@pytest.mark.parametrize(
    ("check", "good", "bad"), [(checks.not_negative, 0, -1), (checks.schema, 1, 2)]
)
def test_numbers(check: Check, good: int, bad: int) -> None:
    assert check(good) is None
    assert str(bad) in str(check(bad))
