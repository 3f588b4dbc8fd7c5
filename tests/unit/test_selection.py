from __future__ import annotations

from pathlib import Path

import pytest

from libwheel.recipe import Library
from libwheel.selection import Selection, select
from unit.resolved import library, resolved
from unit.staged import write

LIBRARY = library("answer", "*.h")


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    """Return an installed tree as most of them are: a library with its links, and a header."""
    prefix = tmp_path / "prefix"
    write(prefix / "lib/libanswer.so.1.2.3", "binary")
    (prefix / "lib/libanswer.so.1").symlink_to("libanswer.so.1.2.3")
    (prefix / "lib/libanswer.so").symlink_to("libanswer.so.1")
    write(prefix / "include/answer.h", "int answer(void);")
    return prefix


def chosen(prefix: Path, *libraries: Library, drop: tuple[str, ...] = ()) -> Selection:
    return select(resolved(*(libraries or (LIBRARY,)), drop=drop), prefix)


def mistakes(prefix: Path, *libraries: Library, drop: tuple[str, ...] = ()) -> list[str]:
    return list(chosen(prefix, *libraries, drop=drop).mistakes)


def test_the_real_file_of_a_library_is_chosen_and_its_links_are_not(prefix: Path) -> None:
    assert chosen(prefix) == Selection(
        {"answer": prefix / "lib/libanswer.so.1.2.3"},
        {"answer.h": prefix / "include/answer.h"},
        (),
    )


@pytest.mark.parametrize("name", ["libz.so", "libz.so.1", "libz.so.1.3.1"])
def test_a_library_s_file_may_have_another_name(prefix: Path, name: str) -> None:
    write(prefix / "lib" / name, "")
    found = chosen(prefix, LIBRARY, library("zlib", file="z"))
    assert found.binaries["zlib"] == prefix / "lib" / name


def test_a_name_that_only_begins_alike_is_another_library(prefix: Path) -> None:
    write(prefix / "lib/libanswer_hl.so.1", "")
    write(prefix / "lib/libanswer++.so.1", "")
    found = chosen(prefix, LIBRARY, library("answer_hl"), library("answer++"))
    assert {name: path.name for name, path in found.binaries.items()} == {
        "answer": "libanswer.so.1.2.3",
        "answer_hl": "libanswer_hl.so.1",
        "answer++": "libanswer++.so.1",
    }


def test_a_promised_library_that_is_not_there_is_left_to_the_audit(prefix: Path) -> None:
    assert chosen(prefix, LIBRARY, library("doubt")).binaries.keys() == {"answer"}


def test_two_versions_of_one_library_are_one_too_many(prefix: Path) -> None:
    write(prefix / "lib/libanswer.so.2", "")
    text = "is one of several files for library 'answer': drop the others"
    assert mistakes(prefix) == [
        f"lib/libanswer.so.1.2.3 {text}",
        f"lib/libanswer.so.2 {text}",
    ]


def test_one_of_them_may_be_dropped(prefix: Path) -> None:
    write(prefix / "lib/libanswer.so.2", "")
    found = chosen(prefix, drop=("lib/libanswer.so.1.2.3",))
    assert found.binaries == {"answer": prefix / "lib/libanswer.so.2"}


def test_headers_in_folders_need_a_pattern_that_reaches_them(prefix: Path) -> None:
    for name in ("answer/deep/thought.h", "answer/deep/thought.hpp", "answer/config.h"):
        write(prefix / "include" / name, "")
    assert chosen(prefix, library("answer", "**")).headers.keys() == {
        *("answer.h", "answer/config.h", "answer/deep/thought.h", "answer/deep/thought.hpp"),
    }
    assert mistakes(prefix, library("answer", "*.h", "answer/*.h")) == [
        "include/answer/deep/thought.h was installed: drop it, or ship it as a library's header",
        "include/answer/deep/thought.hpp was installed: drop it, or ship it as a library's header",
    ]


def test_a_header_may_belong_to_several_libraries(prefix: Path) -> None:
    write(prefix / "lib/libmore.so", "")
    assert chosen(prefix, LIBRARY, library("more", "answer.h")).headers.keys() == {"answer.h"}


def test_a_header_that_is_a_link_is_shipped_under_its_name(prefix: Path) -> None:
    (prefix / "include/alias.h").symlink_to("answer.h")
    assert chosen(prefix).headers.keys() == {"answer.h", "alias.h"}


def test_upstream_s_own_discovery_files_are_replaced(prefix: Path) -> None:
    for name in (
        "lib/pkgconfig/answer.pc",
        "share/pkgconfig/answer.pc",
        "lib/cmake/answer/answer-config.cmake",
        "lib/libanswer.la",
    ):
        write(prefix / name, "")
    assert chosen(prefix).headers.keys() == {"answer.h"}


def test_everything_that_nobody_spoke_of_is_named_in_order(prefix: Path) -> None:
    for name in ("share/man/man3/answer.3", "lib/libanswer.a", "bin/answer", "lib/libother.so.4"):
        write(prefix / name, "")
    shipped = "was installed: drop it, or ship it as a library's header"
    assert mistakes(prefix) == [
        f"bin/answer {shipped}",
        f"lib/libanswer.a {shipped}",
        "lib/libother.so.4 was installed: promise it as a [[library]], or drop it",
        f"share/man/man3/answer.3 {shipped}",
    ]


def test_what_is_dropped_is_not_named(prefix: Path) -> None:
    for name in ("share/man/man3/answer.3", "lib/libanswer.a", "include/private.h"):
        write(prefix / name, "")
    found = chosen(prefix, drop=("share/**", "lib/*.a", "include/private.h"))
    assert found.headers.keys() == {"answer.h"}


def test_a_pattern_that_drops_nothing_is_named_with_the_rest(prefix: Path) -> None:
    write(prefix / "bin/answer", "")
    assert mistakes(prefix, drop=("share/**", "lib/*.a")) == [
        "wheel.drop: 'share/**' matches nothing that upstream installed",
        "wheel.drop: 'lib/*.a' matches nothing that upstream installed",
        "bin/answer was installed: drop it, or ship it as a library's header",
    ]


def test_a_link_that_names_no_library_is_named(prefix: Path) -> None:
    (prefix / "lib/answer").symlink_to(".")
    (prefix / "bin").mkdir()
    (prefix / "bin/gone").symlink_to("/not/there")
    shipped = "was installed: drop it, or ship it as a library's header"
    assert mistakes(prefix) == [f"bin/gone {shipped}", f"lib/answer {shipped}"]


def test_a_library_s_link_may_be_absolute_as_it_was_installed_elsewhere(prefix: Path) -> None:
    (prefix / "lib/libanswer.so").unlink()
    (prefix / "lib/libanswer.so").symlink_to("/usr/local/lib/libanswer.so.1.2.3")
    assert chosen(prefix).binaries == {"answer": prefix / "lib/libanswer.so.1.2.3"}


def test_two_libraries_may_share_one_file(prefix: Path) -> None:
    flags = library("answer_flags", "*.h", file="answer")
    found = chosen(prefix, LIBRARY, flags)
    assert found == Selection(
        dict.fromkeys(("answer", "answer_flags"), prefix / "lib/libanswer.so.1.2.3"),
        {"answer.h": prefix / "include/answer.h"},
        (),
    )


def test_several_files_are_one_too_many_for_the_first_that_shares_them(prefix: Path) -> None:
    write(prefix / "lib/libanswer.so.2", "")
    flags = library("answer_flags", "*.h", file="answer")
    text = "is one of several files for library 'answer': drop the others"
    assert mistakes(prefix, LIBRARY, flags) == [
        f"lib/libanswer.so.1.2.3 {text}",
        f"lib/libanswer.so.2 {text}",
    ]


def test_a_library_of_macos_and_its_links(tmp_path: Path) -> None:
    prefix = tmp_path / "prefix"
    write(prefix / "lib/libanswer.1.2.3.dylib", "")
    (prefix / "lib/libanswer.1.dylib").symlink_to("libanswer.1.2.3.dylib")
    (prefix / "lib/libanswer.dylib").symlink_to("libanswer.1.dylib")
    assert chosen(prefix) == Selection({"answer": prefix / "lib/libanswer.1.2.3.dylib"}, {}, ())


@pytest.mark.parametrize("name", ["answer.dll", "libanswer.dll", "libanswer-1.dll"])
@pytest.mark.parametrize("link", ["libanswer.dll.a", "answer.lib", "libanswer.lib"])
def test_a_library_of_windows_has_an_import_library(tmp_path: Path, name: str, link: str) -> None:
    prefix = tmp_path / "prefix"
    write(prefix / "bin" / name, "")
    write(prefix / "lib" / link, "")
    assert chosen(prefix) == Selection(
        {"answer": prefix / "bin" / name}, {}, (), {"answer": prefix / "lib" / link}
    )


def test_two_import_libraries_are_one_too_many(tmp_path: Path) -> None:
    prefix = tmp_path / "prefix"
    for name in ("bin/answer.dll", "bin/other.dll", "lib/answer.lib", "lib/libanswer.dll.a"):
        write(prefix / name, "")
    text = "is one of several files for library 'answer': drop the others"
    assert chosen(prefix).link_files == {}
    assert mistakes(prefix) == [
        "bin/other.dll was installed: promise it as a [[library]], or drop it",
        f"lib/answer.lib {text}",
        f"lib/libanswer.dll.a {text}",
    ]


def test_a_static_library_is_nobody_s_import_library(tmp_path: Path) -> None:
    write(tmp_path / "prefix/lib/libanswer.a", "")
    assert mistakes(tmp_path / "prefix") == [
        "lib/libanswer.a was installed: drop it, or ship it as a library's header"
    ]
