from __future__ import annotations

from collections.abc import Iterable

import pytest

from libwheel.consumer.repair import platforms
from libwheel.consumer.repair.platforms import Platform
from unit.consumer.consumers import library_wheel


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("linux_x86_64", Platform("x86_64", None)),
        ("manylinux_2_34_aarch64", Platform("aarch64", (2, 34))),
        ("manylinux2014_i686", Platform("i686", (2, 17))),
        ("manylinux1_x86_64", Platform("x86_64", (2, 5))),
        ("musllinux_1_2_x86_64", None),
        ("any", None),
    ],
)
def test_parse(tag: str, expected: Platform | None) -> None:
    assert platforms.parse(tag) == expected


def test_foreign_systems() -> None:
    assert platforms.foreign(["any", "linux_x86_64", "manylinux2014_x86_64"]) == ()
    found = platforms.foreign(["win_amd64", "macosx_11_0_arm64", "macosx_10_9_x86_64", "aix_7"])
    assert found == ("aix_7", "macOS", "Windows")


LOW = frozenset({"manylinux_2_17_x86_64", "manylinux2014_x86_64"})
HIGH = "manylinux_2_34_x86_64"


@pytest.mark.parametrize(
    ("proved", "library", "expected"),
    [
        (LOW, ("manylinux_2_17_x86_64", "manylinux2014_x86_64"), LOW),
        (LOW, (HIGH,), {HIGH}),
        (LOW | {HIGH}, ("manylinux_2_28_x86_64",), {HIGH}),
        ({HIGH}, ("manylinux_2_17_x86_64",), {HIGH}),
        (LOW, ("manylinux_2_12_x86_64", "manylinux2010_x86_64", HIGH), LOW),
        ({HIGH}, ("linux_x86_64",), {"linux_x86_64"}),
    ],
)
def test_what_is_proved(
    proved: frozenset[str], library: tuple[str, ...], expected: set[str]
) -> None:
    wheels = [library_wheel(platforms=library)]
    for said in ({"linux_x86_64"}, proved, {"any"}):
        assert platforms.fit(frozenset(said), frozenset(proved), wheels) == expected


@pytest.mark.parametrize(
    ("said", "library", "expected"),
    [
        (LOW, LOW, {HIGH}),  # too low
        ({HIGH, "manylinux_2_12_x86_64"}, LOW, {HIGH}),
        ({"manylinux_2_35_x86_64"}, LOW, {HIGH, "manylinux_2_35_x86_64"}),  # asks for more
        ({"manylinux_2_35_x86_64"}, {"manylinux_2_35_x86_64"}, {"manylinux_2_35_x86_64"}),
    ],
)
def test_what_a_wheel_says_of_itself(
    said: Iterable[str], library: Iterable[str], expected: set[str]
) -> None:
    wheels = [library_wheel(platforms=tuple(library))]
    assert platforms.fit(frozenset(said), frozenset({HIGH}), wheels) == expected


def test_without_a_proof_there_is_no_promise() -> None:
    plain = frozenset({"linux_x86_64"})
    for said in (plain, LOW):
        assert platforms.fit(said, plain, [library_wheel()]) == plain


def test_names_that_promise_nothing() -> None:
    assert platforms.plain(LOW) == {"linux_x86_64"}
    assert platforms.plain({"any"}) == {"any"}


def test_the_highest_of_several_library_wheels_counts() -> None:
    wheels = [library_wheel(), library_wheel(platforms=(HIGH,), name="zlib")]
    assert platforms.fit(LOW, LOW, wheels) == {HIGH}
    plain = library_wheel(platforms=("linux_x86_64",), name="lz4")
    assert platforms.fit(LOW, LOW, [*wheels, plain]) == {"linux_x86_64"}
