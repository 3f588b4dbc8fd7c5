from __future__ import annotations

import pytest

from libwheel.words import counted, listed, sized


@pytest.mark.parametrize(
    ("items", "text"),
    [
        ("", ""),
        ("a", "a"),
        ("ab", "a and b"),
        ("abc", "a, b and c"),
        ("abcd", "a, b, c and d"),
        ("abcdef", "a, b, c and 3 more"),
    ],
)
def test_listed(items: str, text: str) -> None:
    assert listed(list(items)) == text


def test_counted() -> None:
    assert [counted(number, "library", "libraries") for number in (0, 1, 2)] == [
        *("0 libraries", "1 library", "2 libraries"),
    ]


@pytest.mark.parametrize(
    ("size", "text"), [(1, "1 kB"), (34_400, "34 kB"), (600_000, "0.6 MB"), (6_132_905, "6.1 MB")]
)
def test_sized(size: int, text: str) -> None:
    assert sized(size) == text
