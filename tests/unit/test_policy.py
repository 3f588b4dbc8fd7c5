from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import pytest

from libwheel import policy
from libwheel.policy import Floor
from libwheel.target import Libc, Os, Target

# What auditwheel lets a wheel lean on and we do not.
NOT_OURS = {
    *("libICE.so.6", "libSM.so.6", "libX11.so.6", "libXext.so.6", "libXrender.so.1", "libGL.so.1"),
    *("libgobject-2.0.so.0", "libgthread-2.0.so.0", "libglib-2.0.so.0"),
    *("libexpat.so.1", "libz.so.1"),
}


def auditwheels() -> dict[Floor, dict[str, Any]]:
    text = (files("auditwheel") / "policy" / "manylinux-policy.json").read_text()
    return {
        (int(major), int(minor)): entry
        for entry in json.loads(text)
        if entry["name"] != "linux"
        for _, major, minor in [entry["name"].split("_")]
    }


def first_floors(arch: str) -> dict[str, Floor]:
    """Return the first floor of each version node, after auditwheel."""
    found: dict[str, Floor] = {}
    for floor, entry in sorted(auditwheels().items()):
        for library, versions in entry["symbol_versions"].get(arch, {}).items():
            for version in versions:
                found.setdefault(f"{library}_{version}", floor)
    return {node: floor for node, floor in found.items() if not node.startswith("ZLIB")}


def test_floors_are_auditwheel_s() -> None:
    assert sorted(auditwheels()) == list(policy.FLOORS)


@pytest.mark.parametrize("arch", policy.LOWEST)
def test_nodes_are_auditwheel_s(arch: str) -> None:
    lowest = policy.LOWEST[arch]
    wanted = first_floors(arch)
    assert min(wanted.values()) == lowest
    ours = {node: max(lowest, policy.floor_of_node(node, arch) or (0, 0)) for node in wanted}
    assert ours == wanted


def test_families_are_auditwheel_s() -> None:
    symbols = (entry["symbol_versions"] for entry in auditwheels().values())
    assert {name for arches in symbols for found in arches.values() for name in found} == (
        policy.FAMILIES
    )


def test_architectures_are_auditwheel_s() -> None:
    found = {arch for entry in auditwheels().values() for arch in entry["symbol_versions"]}
    assert found - {"ppc64"} == set(policy.LOWEST)  # ppc64 ends at 2.17


def test_libraries_are_auditwheel_s_without_those_of_the_desktop() -> None:
    for floor, entry in auditwheels().items():
        ours = {
            n for n in entry["lib_whitelist"] if (policy.floor_of_library(n) or (9, 9)) <= floor
        }
        assert ours == set(entry["lib_whitelist"]) - NOT_OURS


def test_missing_symbols_are_auditwheel_s() -> None:
    for floor, entry in auditwheels().items():
        black = {
            s for lib, names in entry["blacklist"].items() if lib not in NOT_OURS for s in names
        }
        assert all(policy.floor_of_symbol(name) > floor for name in black)
    assert policy.floor_of_symbol("__cxa_thread_atexit_impl") == (2, 24)
    assert policy.floor_of_symbol("memcpy") == policy.FLOORS[0]


@pytest.mark.parametrize("node", ["GLIBC_PRIVATE", "GLIBCXX_9.0", "OPENSSL_3.0.0", "GLIBC", ""])
def test_what_no_floor_has(node: str) -> None:
    assert policy.floor_of_node(node, "x86_64") is None


def test_a_newer_glibc_is_a_floor_itself() -> None:
    major, minor = policy.FLOORS[-1]
    assert policy.floor_of_node(f"GLIBC_{major}.{minor}", "x86_64") == (major, minor)
    assert policy.floor_of_node(f"GLIBC_{major}.{minor + 1}", "x86_64") == (major, minor + 1)


def test_the_loader_is_everywhere() -> None:
    assert policy.is_system_library("ld-linux-x86-64.so.2")
    assert policy.is_system_library("ld64.so.2")
    assert not policy.is_system_library("libz.so.1")


MACOS, WINDOWS = Target(Os.MACOS, "aarch64"), Target(Os.WINDOWS, "x86_64")
MUSL, GLIBC = Target(Os.LINUX, "x86_64", Libc.MUSL), Target(Os.LINUX, "x86_64", Libc.GLIBC)


@pytest.mark.parametrize(
    ("target", "name", "is_promised"),
    [
        (GLIBC, "libc.so.6", True),
        (GLIBC, "libc.so", False),
        (MUSL, "libc.so", True),
        (MUSL, "libc.musl-x86_64.so.1", True),
        (MUSL, "libc.so.6", False),
        (MUSL, "libgcc_s.so.1", False),
        (MACOS, "/usr/lib/libSystem.B.dylib", True),
        (MACOS, "/usr/lib/libc++.1.dylib", True),
        (MACOS, "/usr/lib/libz.1.dylib", False),
        (MACOS, "/opt/lib/libSystem.B.dylib", False),
        (
            *(MACOS, "/System/Library/Frameworks/Accelerate.framework/Versions/A/Accelerate"),
            True,
        ),
        (MACOS, "/System/Library/PrivateFrameworks/X.framework/X", False),
        (WINDOWS, "KERNEL32.dll", True),
        (WINDOWS, "WS2_32.dll", True),
        (WINDOWS, "api-ms-win-crt-stdio-l1-1-0.dll", True),
        (WINDOWS, "libgcc_s_seh-1.dll", False),
        (WINDOWS, "vcruntime140.dll", False),
        (WINDOWS, "zlib1.dll", False),
    ],
)
def test_what_a_platform_promises(target: Target, name: str, is_promised: bool) -> None:
    assert policy.is_promised(name, target) is is_promised


def test_the_linker_s_names_of_the_system_s_libraries() -> None:
    assert {"m", "pthread", "dl", "ws2_32", "shlwapi"} <= set(policy.SYSTEM_LIBRARIES)
