import platform
import sys
import sysconfig

import pytest

from libwheel.errors import BuildError
from libwheel.target import Libc, Os, Target, known, native


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
    with pytest.raises(BuildError, match="on glibc only, so far; this is x86_64-pc-linux-musl"):
        native()
