import platform
import sys

import pytest

from libwheel.errors import BuildError
from libwheel.target import Libc, Os, Target, known, native


def test_a_target_is_printed_as_compilers_name_it() -> None:
    assert str(Target(Os.LINUX, "x86_64", Libc.MUSL)) == "x86_64-linux-musl"


def test_the_native_target_is_this_machine_s() -> None:
    target = native()
    libc = Libc.GLIBC if platform.libc_ver()[0] == "glibc" else Libc.MUSL
    assert target == Target(Os.LINUX, platform.machine(), libc)


def test_the_native_target_is_one_that_recipes_can_speak_of() -> None:
    targets = list(known())
    assert native() in targets
    assert len(set(targets)) == len(targets)


def test_elsewhere_than_on_linux_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(BuildError, match="built on Linux; this is darwin"):
        native()
