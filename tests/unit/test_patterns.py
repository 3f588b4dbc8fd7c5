from __future__ import annotations

import pytest

from libwheel.patterns import matches, matches_any, unmatched


@pytest.mark.parametrize(
    ("pattern", "fitting", "others"),
    [
        ("a.h", ["a.h"], ["b.h", "x/a.h", "a.hh", "aXh"]),
        ("*.h", ["a.h", ".h"], ["sub/a.h", "a.hpp"]),
        ("a?.h", ["ab.h"], ["a.h", "abc.h", "a/.h"]),
        ("lib/*", ["lib/a"], ["lib/a/b", "lib"]),
        ("lib/**", ["lib/a", "lib/a/b.c"], ["lib", "library/a"]),
        ("**", ["a", "a/b/c"], []),
        ("**/a.h", ["a.h", "x/a.h", "x/y/a.h"], ["ba.h", "x/ba.h"]),
        ("x/**/a.h", ["x/a.h", "x/y/a.h", "x/y/z/a.h"], ["xa.h", "a.h"]),
        ("share/**/*.3", ["share/a.3", "share/man/man3/a.3"], ["share/a.4"]),
        ("a+(b)[c].{h}", ["a+(b)[c].{h}"], ["aab", "a+bc.h"]),
    ],
)
def test_what_a_pattern_fits(pattern: str, fitting: list[str], others: list[str]) -> None:
    assert [path for path in fitting + others if matches(path, pattern)] == fitting


def test_any_of_several() -> None:
    assert matches_any("a.h", ["*.c", "*.h"])
    assert not matches_any("a.h", ["*.c"])
    assert not matches_any("a.h", [])


def test_the_patterns_that_fit_nothing_come_in_their_order() -> None:
    paths = (path for path in ("a.c", "b.h"))
    assert unmatched(["z*", "*.c", "a*", "*.o"], paths) == ["z*", "*.o"]
