from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from libwheel.audit import asked_tag, audit, floors, platform_tag, system_libraries, unproved
from libwheel.audit.host import HostLibraries
from libwheel.binaries.binary import Binary, Import, Requirement, Symbol
from libwheel.naming import Tag
from libwheel.target import Format, Libc, Os, Target, parse
from unit.audit.subjects import BASE_FILE, BASE_PATH, BINARY, TARGET, messages, subject

GLIBC = replace(TARGET, floor=(2, 17))
MUSL = Target(Os.LINUX, "x86_64", Libc.MUSL, (1, 2))
MACOS = Target(Os.MACOS, "aarch64", None, (11, 0))
WINDOWS = Target(Os.WINDOWS, "x86_64", None, (10, 0))
LIBC = "libc.so.6"


def asking(*symbols: tuple[str, str], library: str = LIBC) -> Binary:
    return replace(
        BINARY,
        imports=tuple(Import(name, node, library, weak=False) for name, node in symbols),
        requirements=tuple(Requirement(library, node) for _, node in symbols),
    )


def nothing(_soname: str) -> None:
    return None


def above(binary: Binary, target: Target, beside: Mapping[str, Binary]) -> list[str]:
    return list(floors.above(binary, target, beside, nothing))


def test_a_symbol_that_is_newer_than_the_floor_is_named_with_its_library(tmp_path: Path) -> None:
    binary = asking(("getenv", "GLIBC_2.2.5"), ("memfd_create", "GLIBC_2.27"))
    found = replace(subject(tmp_path, {BASE_PATH: binary}), target=GLIBC)
    assert messages(found, "newer-system") == [
        f"{BASE_PATH}: needs memfd_create@GLIBC_2.27 of libc.so.6, and x86_64-linux-gnu.2.17 "
        "promises no more than glibc 2.17: turn off what uses it, or build for a newer floor"
    ]
    assert messages(replace(found, target=replace(GLIBC, floor=(2, 27))), "newer-system") == []
    assert messages(replace(found, target=TARGET), "newer-system") == []


@pytest.mark.parametrize(
    ("node", "library", "floor", "is_new"),
    [
        ("GLIBC_2.17", LIBC, (2, 17), False),
        ("GLIBC_2.18", LIBC, (2, 17), True),
        ("GLIBC_2.18", LIBC, (2, 18), False),  # no floor of manylinux's table
        ("GLIBC_2.2.5", LIBC, (2, 17), False),
        ("GLIBC_PRIVATE", LIBC, (2, 34), True),
        ("GLIBC_ABI_DT_RELR", LIBC, (2, 35), True),
        ("GLIBCXX_3.4.30", "libstdc++.so.6", (2, 34), True),
        ("GLIBCXX_3.4.30", "libstdc++.so.6", (2, 35), False),
        ("GLIBC_2.35", "ld-linux-x86-64.so.2", (2, 17), False),  # the loader's own
        ("OTHER_PYWHEEL_1", BASE_FILE, (2, 17), False),
    ],
)
def test_a_version_of_glibc(node: str, library: str, floor: tuple[int, int], is_new: bool) -> None:
    binary = asking(("used", node), library=library)
    found = above(binary, replace(GLIBC, floor=floor), {BASE_FILE: BINARY})
    assert found == ([f"used@{node} of {library}"] if is_new else [])


def test_many_symbols_of_one_version_are_counted() -> None:
    binary = replace(
        asking(*((f"new_{n}", "GLIBC_2.34") for n in range(5))),
        requirements=(Requirement(LIBC, "GLIBC_2.34"),),
    )
    assert above(binary, GLIBC, {}) == [
        *(f"new_{n}@GLIBC_2.34 of libc.so.6" for n in range(3)),
        "2 more of GLIBC_2.34",
    ]


def test_a_version_that_no_symbol_has_is_named_alone() -> None:
    binary = replace(BINARY, requirements=(Requirement(LIBC, "GLIBC_ABI_DT_RELR"),))
    assert above(binary, GLIBC, {}) == ["GLIBC_ABI_DT_RELR of libc.so.6"]


def test_what_is_there_later_than_its_version() -> None:
    newer = replace(BINARY, needed=(LIBC, "libmvec.so.1"))
    assert above(newer, GLIBC, {}) == ["libmvec.so.1, which is there from glibc 2.24 on"]
    symbol = Import("__cxa_thread_atexit_impl", "GLIBC_2.18", LIBC, weak=False)
    (found,) = above(replace(BINARY, imports=(symbol,)), replace(GLIBC, floor=(2, 18)), {})
    assert found == "__cxa_thread_atexit_impl, which every glibc has from 2.24 on"


def test_musl_has_no_versions() -> None:
    needed = replace(BINARY, needed=("libc.so",), requirements=())
    assert above(needed, MUSL, {}) == []
    assert above(asking(("getenv", "GLIBC_2.2.5")), MUSL, {}) == ["getenv@GLIBC_2.2.5 of libc.so.6"]


def test_what_musl_has_not_had_from_the_start() -> None:
    used = tuple(Import(name, None, None, weak=False) for name in ("getenv", "qsort_r"))
    binary = replace(BINARY, needed=("libc.so", BASE_FILE), imports=used, requirements=())
    assert above(binary, MUSL, {}) == ["qsort_r, which musl has from 1.2.3 on"]
    own = replace(BINARY, exports=(Symbol("qsort_r", None, is_default=True),))
    assert above(binary, MUSL, {BASE_FILE: own}) == []
    asked = replace(binary, imports=(replace(used[1], weak=True),))
    assert above(asked, MUSL, {}) == []


@pytest.mark.parametrize(
    ("target", "kind", "minimum", "words"),
    [
        (MACOS, Format.MACHO, (11, 0), []),
        (MACOS, Format.MACHO, (10, 9), []),
        (MACOS, Format.MACHO, (11, 3), ["macOS 11.3"]),
        (MACOS, Format.MACHO, None, ["some macOS, it does not say which is the oldest"]),
        (WINDOWS, Format.PE, (6, 0), []),
        (WINDOWS, Format.PE, (10, 1), ["Windows 10.1"]),
    ],
)
def test_the_oldest_system_that_takes_a_file(
    target: Target, kind: Format, minimum: tuple[int, int] | None, words: list[str]
) -> None:
    binary = replace(BINARY, format=kind, minimum_os=minimum)
    assert above(binary, target, {}) == words


@pytest.mark.parametrize(
    ("name", "tag"),
    [
        ("x86_64-linux-gnu.2.17", "manylinux_2_17_x86_64"),
        ("aarch64-linux-gnu.2.28", "manylinux_2_28_aarch64"),
        ("aarch64-linux-musl", "musllinux_1_2_aarch64"),
        ("aarch64-macos.11", "macosx_11_0_arm64"),
        ("x86_64-macos.12.3", "macosx_13_0_x86_64"),  # installers know no 12.3
        ("x86_64-windows", "win_amd64"),
    ],
)
def test_the_tag_is_the_floor_s_that_was_asked_for(name: str, tag: str) -> None:
    target = parse(name)
    assert target
    assert asked_tag(target) == tag
    assert platform_tag([BINARY], target) == tag  # never the lower one that it proves
    assert unproved([BINARY], target) == ()


def test_without_a_floor_nothing_is_promised_before_it_is_proved() -> None:
    assert asked_tag(TARGET) == "linux_x86_64"
    assert platform_tag([BINARY], TARGET) == "manylinux_2_5_x86_64"


def test_the_host_is_evidence_for_the_native_target_alone(tmp_path: Path) -> None:
    assert system_libraries(TARGET) == HostLibraries(TARGET.arch)
    other = replace(GLIBC, arch="aarch64")
    assert system_libraries(other) == HostLibraries(platform.machine())
    used = Import("getenv", None, None, weak=False)
    binary = replace(BINARY, imports=(used,), requirements=())
    native = replace(TARGET, arch=platform.machine())
    made = replace(
        subject(tmp_path, {BASE_PATH: replace(binary, arch=native.arch)}),
        target=native,
        system=system_libraries(native),
    )
    assert messages(made, "undefined-symbol") == []
    alone = replace(made, system=nothing)
    assert "uses getenv" in messages(alone, "undefined-symbol")[0]
    floored = replace(made, target=replace(native, floor=(2, 17)))
    assert "uses getenv" in messages(floored, "undefined-symbol")[0]  # no glibc is too old for it


def test_glibc_itself_tells_since_when_it_has_what_the_floor_has_not(tmp_path: Path) -> None:
    newer = Symbol("memfd_create", "GLIBC_2.27", is_default=True)
    glibc = {LIBC: replace(BINARY, soname=LIBC, exports=(newer,))}
    used = tuple(Import(name, None, None, weak=False) for name in ("memfd_create", "nowhere"))
    binary = replace(BINARY, imports=used, requirements=())
    found = floors.newer_symbols(replace(binary, needed=()), GLIBC, {}, glibc.get)
    assert found == {"memfd_create": "memfd_create@GLIBC_2.27 of libc.so.6"}
    made = replace(subject(tmp_path, {BASE_PATH: binary}), target=GLIBC, system=glibc.get)
    assert [(found.rule, found.message) for found in audit(made)] == [
        (
            "newer-system",
            "needs memfd_create@GLIBC_2.27 of libc.so.6, and x86_64-linux-gnu.2.17 promises no "
            "more than glibc 2.17: turn off what uses it, or build for a newer floor",
        ),
        (
            "undefined-symbol",
            "uses nowhere, which no library defines that it needs (libc.so.6): link with the "
            "library that does, or build for a newer floor if that is glibc",
        ),
    ]


def test_what_moved_into_libc_is_not_newer_than_the_floor(tmp_path: Path) -> None:
    """Without -lpthread a library lacks it at the floor, and no newer floor was ever needed."""
    moved = (
        Symbol("pthread_create", "GLIBC_2.2.5", is_default=False),
        Symbol("pthread_create", "GLIBC_2.34", is_default=True),
    )
    glibc = {LIBC: replace(BINARY, soname=LIBC, exports=moved)}
    used = Import("pthread_create", None, None, weak=False)
    binary = replace(BINARY, imports=(used,), requirements=())
    made = replace(subject(tmp_path, {BASE_PATH: binary}), target=GLIBC, system=glibc.get)
    (found,) = audit(made)
    assert found.rule == "undefined-symbol"
    assert "link with the library that does" in found.message


def test_a_symbol_of_musl_is_defined_where_the_linker_was_told_to_look(tmp_path: Path) -> None:
    used = Import("printf", None, None, weak=False)
    binary = replace(BINARY, needed=("libc.so",), imports=(used,), requirements=())
    found = replace(subject(tmp_path, {BASE_PATH: binary}), target=MUSL)
    assert messages(found, "undefined-symbol") == []
    loose = replace(binary, version_nodes=())
    (message,) = messages(replace(found, binaries={BASE_PATH: loose}), "undefined-symbol")
    assert "uses printf, which no library defines that it needs (libc.so)" in message
    alone = replace(binary, needed=())
    assert messages(replace(found, binaries={BASE_PATH: alone}), "undefined-symbol")


def test_a_symbol_without_a_version_is_none_of_a_floor_s_glibc(tmp_path: Path) -> None:
    used = Import("printf", None, None, weak=False)
    found = subject(tmp_path, {BASE_PATH: replace(BINARY, imports=(used,))})
    made = replace(found, target=GLIBC)
    assert "uses printf" in messages(made, "undefined-symbol")[0]


def test_other_systems_have_no_version_nodes(tmp_path: Path) -> None:
    used = Import("printf", None, "/usr/lib/libSystem.B.dylib", weak=False)
    binary = replace(
        BINARY,
        arch="aarch64",
        soname="libbase-pywheel-1.dylib",
        needed=("/usr/lib/libSystem.B.dylib",),
        rpath=("@loader_path",),
        exports=tuple(replace(symbol, version=None) for symbol in BINARY.exports),
        imports=(used,),
        version_nodes=(),
        format=Format.MACHO,
        minimum_os=(11, 0),
    )
    tag = Tag("base", "1.0", "1", 0, os=Os.MACOS)
    path = BASE_PATH.with_name("libbase-pywheel-1.dylib")
    found = replace(subject(tmp_path, {path: binary}), target=MACOS, tag=tag)
    assert {one.rule for one in audit(found)} == {"missing-library"}  # it is not staged as one
