from __future__ import annotations

from dataclasses import replace

import pytest

from libwheel import symbol_names
from libwheel.binaries.binary import Binary, Import, Symbol
from libwheel.errors import RecipeError
from libwheel.recipe import Library
from unit.audit.subjects import BINARY
from unit.resolved import library, resolved

WIDE = Library(name="wide", description="", headers=(), suffix="64_")


def exported(*names: str) -> tuple[Symbol, ...]:
    return tuple(Symbol(name, None, is_default=True) for name in names)


def imported(*names: str, library: str | None = None) -> tuple[Import, ...]:
    return tuple(Import(name, None, library, weak=False) for name in names)


def binary(
    soname: str, exports: tuple[Symbol, ...], *needed: str, imports: tuple[Import, ...] = ()
) -> Binary:
    return replace(BINARY, soname=soname, exports=exports, imports=imports, needed=needed)


def renames(*libraries: Library, **upstream: Binary) -> dict[str, symbol_names.Names]:
    return symbol_names.renames(resolved(*libraries), upstream)


def test_every_export_gets_the_suffix_and_nothing_else() -> None:
    found = renames(
        WIDE, library("plain"),
        wide=binary("libwide.so.1", exported("f", "g_"), imports=imported("getenv")),
        plain=binary("libplain.so.1", exported("f")),
    )  # fmt: skip
    assert found == {"wide": {"f": "f64_", "g_": "g_64_"}, "plain": {}}


def test_what_the_linker_exports_keeps_its_name() -> None:
    found = renames(WIDE, wide=binary("libwide.so.1", exported("f", "_end", "_init")))
    assert found == {"wide": {"f": "f64_"}}


def test_old_versions_of_a_name_go_with_it() -> None:
    old = Symbol("f", "UP_1", is_default=False)
    found = renames(WIDE, wide=binary("libwide.so.1", (*exported("f"), old)))
    assert found == {"wide": {"f": "f64_"}}


def test_a_sibling_uses_the_new_name() -> None:
    found = renames(
        WIDE, library("user"),
        wide=binary("libwide.so.1", exported("f", "unused")),
        user=binary("libuser.so.1", exported("u"), "libwide.so.1", imports=imported("f", "other")),
    )  # fmt: skip
    assert found["user"] == {"f": "f64_", "unused": "unused64_"}  # as its headers may name it


def test_a_library_s_own_symbol_is_not_a_sibling_s() -> None:
    found = renames(
        WIDE, library("user"),
        wide=binary("libwide.so.1", exported("f", "g")),
        user=binary("libuser.so.1", exported("f"), "libwide.so.1", imports=imported("g")),
    )  # fmt: skip
    assert found["user"] == {"g": "g64_"}


def test_a_binary_s_edits_name_what_is_in_it() -> None:
    one = binary("libx.so.1", exported("f"), imports=imported("g"))
    names = {"f": "f64_", "g": "g64_", "h": "h64_"}
    assert symbol_names.present(names, one) == {"f": "f64_", "g": "g64_"}


@pytest.mark.parametrize(
    ("needed", "bound_to", "expected"),
    [
        (("libplain.so.1", "libwide.so.1"), None, {}),
        (("libwide.so.1", "libplain.so.1"), None, {"f": "f64_"}),
        (("libplain.so.1", "libwide.so.1"), "libwide.so.1", {"f": "f64_"}),
        (("libwide.so.1", "libplain.so.1"), "libplain.so.1", {}),
        (("libc.so.6",), None, {}),
        ((), None, {}),
    ],
)
def test_the_first_needed_library_that_has_a_name_gives_it(
    needed: tuple[str, ...], bound_to: str | None, expected: dict[str, str]
) -> None:
    found = renames(
        library("plain"), WIDE, library("user"),
        plain=binary("libplain.so.1", exported("f")),
        wide=binary("libwide.so.1", exported("f")),
        user=binary("libuser.so.1", (), *needed, imports=imported("f", library=bound_to)),
    )  # fmt: skip
    assert found["user"] == expected


def test_libraries_of_one_file_share_the_first_one_s_suffix() -> None:
    second = Library(name="second", description="", headers=(), file="wide")
    assert symbol_names.suffixes(resolved(WIDE, second)) == {"wide": "64_", "second": "64_"}
    both = binary("libwide.so.1", exported("f"))
    assert renames(WIDE, second, wide=both, second=both)["second"] == {"f": "f64_"}


def test_two_symbols_never_become_one() -> None:
    with pytest.raises(RecipeError) as caught:
        renames(
            WIDE,
            Library(name="wider", description="", headers=(), suffix="_w"),
            wide=binary("libwide.so.1", exported("f", "f64_"), imports=imported("g", "g64_")),
            wider=binary("libwider.so.1", exported("h"), imports=imported("h", "h_w")),
        )
    assert str(caught.value).splitlines() == [
        "/recipes/answer/recipe.toml: library.suffix: 'wider' both defines and imports h: it can "
        "have no new name",
        "/recipes/answer/recipe.toml: library.suffix: 'wider' has h_w already, which is what "
        "others would become",
    ]
