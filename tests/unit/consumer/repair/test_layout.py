from __future__ import annotations

import pytest

from libwheel.consumer.repair import layout
from libwheel.consumer.repair.layout import LIBRARIES, folder_of, led_to, top_level, way


@pytest.mark.parametrize(
    ("member", "expected"),
    [
        ("top.so", "$ORIGIN/../../../lib"),
        ("pkg/it.so", "$ORIGIN/../../../../lib"),
        ("pkg/sub/deep/it.so", "$ORIGIN/../../../../../../lib"),
        ("pkg.libs/libx.so", "$ORIGIN/../../../../lib"),
        ("x-1.data/platlib/top.so", "$ORIGIN/../../../lib"),
        ("x-1.data/purelib/pkg/it.so", "$ORIGIN/../../../../lib"),
        ("x-1.data/scripts/tool", "$ORIGIN/../lib"),
        ("x-1.data/data/tool", "$ORIGIN/lib"),
        ("x-1.data/data/lib/libx.so", "$ORIGIN"),
        ("x-1.data/data/lib/pkg/it.so", "$ORIGIN/.."),
        ("x-1.data/data/libexec/tool", "$ORIGIN/../lib"),
    ],
)
def test_the_way_to_the_libraries(member: str, expected: str) -> None:
    assert way(folder_of(member), LIBRARIES) == expected


def test_the_way_between_packages() -> None:
    libs = folder_of("pkg.libs/libx.so")
    assert way(folder_of("pkg/sub/it.so"), libs) == "$ORIGIN/../../pkg.libs"
    assert way(folder_of("x-1.data/platlib/pkg/it.so"), libs) == "$ORIGIN/../pkg.libs"
    assert way(libs, libs) == "$ORIGIN"


@pytest.mark.parametrize("outside", ["x-1.data/data/lib/libx.so", "x-1.data/scripts/tool"])
def test_no_way_leads_into_site_packages(outside: str) -> None:
    assert way(folder_of(outside), folder_of("pkg/it.so")) is None


@pytest.mark.parametrize(
    ("entry", "leads_to"),
    [
        ("$ORIGIN", "pkg/sub/it.so"),
        ("${ORIGIN}/", "pkg/sub/it.so"),
        ("$ORIGIN/./../../pkg.libs", "pkg.libs/libx.so"),
        ("$ORIGIN//..", "pkg/it.so"),
        ("$ORIGIN/../../../../../lib", "x-1.data/data/lib/libx.so"),
    ],
)
def test_where_an_entry_leads(entry: str, leads_to: str) -> None:
    assert led_to(folder_of("pkg/sub/it.so"), entry) == folder_of(leads_to)


@pytest.mark.parametrize(
    "entry", ["", "/usr/lib", "lib", "$ORIGINAL/x", "$LIB", "$ORIGIN/../../../../../../lib"]
)
def test_entries_that_lead_out(entry: str) -> None:
    assert led_to(folder_of("pkg/sub/it.so"), entry) is None


def test_the_top_level_folder() -> None:
    assert top_level(folder_of("pkg/sub/deep/it.so")) == folder_of("pkg/it.so")
    assert top_level(folder_of("x-1.data/platlib/pkg/it.so")) == folder_of("pkg/it.so")
    assert top_level(folder_of("top.so")) == folder_of("top.so")
    assert top_level(folder_of("x-1.data/data/lib/pkg/it.so")) is None


def test_only_known_schemes_are_folders_of_their_own() -> None:
    assert folder_of("x.data/other/it.so") == folder_of("x.data/other/that.so")
    assert way(folder_of("x.data/other/it.so"), layout.LIBRARIES) == "$ORIGIN/../../../../../lib"
