import platform
import sys
import sysconfig
from dataclasses import replace

import pytest

from libwheel.errors import BuildError
from libwheel.target import Libc, Os, Target, known, native, parse


def test_a_target_is_printed_as_compilers_name_it() -> None:
    assert str(Target(Os.LINUX, "x86_64", Libc.MUSL)) == "x86_64-linux-musl"


def test_the_native_target_is_this_machine_s() -> None:
    target = native()
    assert target == Target(Os.LINUX, platform.machine(), Libc.GLIBC)


def test_the_native_target_is_one_that_recipes_can_speak_of() -> None:
    targets = list(known())
    assert native() in targets
    assert len(set(targets)) == len(targets)


def test_elsewhere_than_on_linux_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(BuildError, match="built on Linux; this is darwin"):
        native()


def test_musl_is_refused_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sysconfig, "get_config_var", lambda _: "x86_64-pc-linux-musl")
    with pytest.raises(BuildError, match="glibc only, so far; this is x86_64-pc-linux-musl"):
        native()


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("x86_64-linux-gnu.2.17", Target(Os.LINUX, "x86_64", Libc.GLIBC, (2, 17))),
        ("aarch64-linux-gnu.2.28", Target(Os.LINUX, "aarch64", Libc.GLIBC, (2, 28))),
        ("x86_64-linux-musl", Target(Os.LINUX, "x86_64", Libc.MUSL, (1, 2))),
        ("aarch64-macos.11", Target(Os.MACOS, "aarch64", None, (11, 0))),
        ("x86_64-macos.12.3", Target(Os.MACOS, "x86_64", None, (12, 3))),
        ("x86_64-windows", Target(Os.WINDOWS, "x86_64", None, (10, 0))),
    ],
)
def test_a_target_is_read_as_it_is_printed(name: str, target: Target) -> None:
    assert parse(name) == target
    assert str(target) == name


def test_native_is_the_name_of_no_other_target() -> None:
    assert parse("native") is None
    assert str(native()) == f"{platform.machine()}-linux-gnu"


@pytest.mark.parametrize(
    ("tag", "name"),
    [
        ("manylinux_2_17_x86_64", "x86_64-linux-gnu.2.17"),
        ("manylinux_2_28_aarch64", "aarch64-linux-gnu.2.28"),
        ("manylinux2014_x86_64", "x86_64-linux-gnu.2.17"),
        ("musllinux_1_2_aarch64", "aarch64-linux-musl"),
        ("macosx_11_0_arm64", "aarch64-macos.11"),
        ("macosx_12_3_x86_64", "x86_64-macos.12.3"),
        ("win_amd64", "x86_64-windows"),
    ],
)
def test_a_platform_tag_is_no_target_and_the_one_that_makes_it_is_named(
    tag: str, name: str
) -> None:
    with pytest.raises(BuildError) as caught:
        parse(tag)
    assert str(caught.value) == f"unknown target {tag!r}: it is the platform tag of {name!r}"
    assert str(parse(name)) == name


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("x86_64-linux-muls", "did you mean 'x86_64-linux-musl'"),
        ("x86-64-linux-gnu.2.17", "did you mean 'x86_64-linux-gnu.2.17'"),
        ("x86_64-linux-gnu", "did you mean 'x86_64-linux-gnu.2.17'"),
        ("natve", "did you mean 'native'"),
        ("aarch64-windows", "did you mean 'x86_64-windows'"),
        ("x86_64-linux-gnu.2.5", "the floor must be from glibc 2.17 to"),
        ("x86_64-linux-gnu.3.0", "the floor must be from glibc 2.17 to"),
        ("x86_64-macos.10", "the floor must be macOS 11 or newer"),
        ("manylinux_2_5_x86_64", "'x86_64-linux-gnu.2.5': the floor must be from glibc 2.17 to"),
        ("macosx_10_9_x86_64", "'x86_64-macos.10.9': the floor must be macOS 11 or newer"),
        ("win_arm64", "unknown target 'win_arm64'"),
    ],
)
def test_an_unknown_target_is_refused_and_the_nearest_named(name: str, message: str) -> None:
    with pytest.raises(BuildError) as caught:
        parse(name)
    assert message in str(caught.value)


def test_programs_for_a_newer_glibc_than_this_machine_s_do_not_run_here() -> None:
    here = Target(Os.LINUX, platform.machine(), Libc.GLIBC, (2, 17))
    assert here.is_of_host
    assert native().is_of_host
    assert not replace(here, floor=(99, 0)).is_of_host
    assert not replace(here, arch="s390x").is_of_host
    assert replace(here, libc=Libc.MUSL, floor=(1, 2)).is_of_host
    assert not replace(here, os=Os.WINDOWS, libc=None).is_of_host
