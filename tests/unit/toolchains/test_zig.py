from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from pathlib import Path

import pytest

from libwheel import settings, target
from libwheel.errors import BuildError
from libwheel.toolchains import choose, native_target, way_out, zig
from libwheel.toolchains.zig_wrapper.questions import CLANG
from unit.staged import write

NAMES = {"z": "libz-pywheel-1.dylib"}


def environment(**variables: str) -> settings.Environment:
    return settings.environment({"HOME": "/root", **variables})


def chosen(path: str, **given: str) -> str:
    return choose(settings.parse(given), environment(PATH=path))


def named(name: str) -> target.Target:
    found = target.parse(name)
    assert found
    return found


@pytest.mark.parametrize(
    ("name", "zigs"),
    [
        ("x86_64-linux-gnu.2.17", "x86_64-linux-gnu.2.17"),
        ("aarch64-linux-musl", "aarch64-linux-musl"),
        ("aarch64-macos.11", "aarch64-macos.11.0"),
        ("x86_64-windows", "x86_64-windows-gnu"),
    ],
)
def test_targets_have_names_of_zig_s_own(name: str, zigs: str) -> None:
    assert zig.zig_name(named(name)) == zigs


def test_zig_is_found_with_its_cache_in_ours(tmp_path: Path) -> None:
    variables = environment(PATH=os.environ["PATH"], LIBWHEEL_CACHE=str(tmp_path))
    found = zig.find(variables, named("x86_64-linux-musl"), NAMES)
    assert found.cache == tmp_path / "zig"
    assert found.variables == {"ZIG_GLOBAL_CACHE_DIR": str(tmp_path / "zig")}
    assert found.fingerprint == "zig 0.17.0 for x86_64-linux-musl"
    assert found.programs[0].path.name == "zig"


def test_what_it_finds_says_nothing_of_places(tmp_path: Path) -> None:
    """The key of what is built must not depend on where an isolated environment lies."""
    variables = environment(PATH=os.environ["PATH"], LIBWHEEL_CACHE=str(tmp_path))
    found = zig.find(variables, named("x86_64-linux-musl"), NAMES)
    texts = [found.fingerprint, *found.files.values(), *found.files]
    assert not [text for text in texts if str(tmp_path) in text or sys.prefix in text]


def test_the_files_stand_where_a_build_has_them(tmp_path: Path) -> None:
    found = zig.find(environment(PATH=os.environ["PATH"]), named("x86_64-linux-musl"), NAMES)
    placed = found.placed(tmp_path)
    assert placed.cc == (f"{tmp_path}/cc",)
    assert placed.cxx == (f"{tmp_path}/c++",)
    assert placed.others == {n: f"{tmp_path}/{n.lower()}" for n in ("AR", "RANLIB", "STRIP")}
    assert {Path(name).relative_to(tmp_path).parts[0] for name in placed.files} == {
        *("ar", "c++", "cc", "ld", "ranlib", "strip", "zig_wrapper")
    }


def test_names_are_told_where_they_are_given_when_linking() -> None:
    macos, windows = (zig.files(named(n), NAMES) for n in ("aarch64-macos.11", "x86_64-windows"))
    assert " z=libz-pywheel-1.dylib -- " in macos["cc"]
    assert " z=libz-pywheel-1.dylib -- " in windows["c++"]
    assert "pywheel" not in zig.files(named("x86_64-linux-musl"), NAMES)["cc"]


@pytest.mark.parametrize("folder", ["plain", "with a space"])
def test_the_scripts_answer(tmp_path: Path, folder: str) -> None:
    for name, text in zig.files(named("aarch64-linux-musl"), {}).items():
        write(tmp_path / folder / name, text).chmod(0o755)
    script = tmp_path / folder / "cc"
    done = subprocess.run((script, "-dumpmachine"), capture_output=True, text=True, check=True)
    assert done.stdout == "aarch64-linux-musl\n"
    refused = subprocess.run(
        (script, "-shared", "-Wl,--defsym,a=b", "x.o"), capture_output=True, text=True, check=False
    )
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("cc: error: zig: no linker option --defsym: ")
    assert refused.stderr.count("\n") == 1


def test_zig_that_is_not_there() -> None:
    with pytest.raises(BuildError, match="there is no no-zig: python -m pip install 'no-zig==1'"):
        zig.find(environment(PATH="/nowhere"), named("x86_64-windows"), {}, "no-zig==1")


def test_zig_of_another_version() -> None:
    with pytest.raises(BuildError) as caught:
        zig.find(environment(PATH="/nowhere"), named("x86_64-windows"), {}, "ziglang==0.1")
    said = str(caught.value)
    assert "is version 0.17.0; this build needs ziglang==0.1: python -m pip install" in said


def test_the_clang_in_zig_is_the_one_that_we_speak_of() -> None:
    path = zig.find(environment(PATH=os.environ["PATH"]), named("x86_64-windows"), {}).programs
    said = subprocess.run((path[0].path, "cc", "--version"), capture_output=True, check=True)
    assert said.stdout.startswith(f"clang version {CLANG}".encode())


def test_the_newest_glibc_that_a_target_can_have_is_zig_s() -> None:
    path = zig.find(environment(PATH=os.environ["PATH"]), named("x86_64-windows"), {}).programs
    asked = (path[0].path, "targets")
    said = subprocess.run(asked, capture_output=True, check=True, text=True).stdout
    known = re.findall(r'"2\.(\d+)\.0"', said.partition(".glibc = ")[2].partition("}")[0])
    newest = max(map(int, known))
    assert named(f"aarch64-linux-gnu.2.{newest}").floor == (2, newest)
    with pytest.raises(BuildError, match=rf"from glibc 2\.17 to 2\.{newest}$"):
        named(f"aarch64-linux-gnu.2.{newest + 1}")


def test_the_native_toolchain_is_chosen_where_there_is_a_compiler(tmp_path: Path) -> None:
    write(tmp_path / "gcc", "#!/bin/sh\n").chmod(0o755)
    assert chosen(str(tmp_path)) == "native"
    assert chosen(str(tmp_path), toolchain="native") == "native"


def test_zig_is_chosen_where_there_is_none_or_the_target_has_a_name(tmp_path: Path) -> None:
    assert chosen(str(tmp_path)) == "zig"
    write(tmp_path / "gcc", "#!/bin/sh\n").chmod(0o755)
    assert chosen(str(tmp_path), target="x86_64-windows") == "zig"
    assert chosen(str(tmp_path), toolchain="zig") == "zig"


def test_cc_names_a_compiler_too() -> None:
    assert choose(settings.parse({}), environment(PATH="/nowhere", CC="tcc")) == "native"


def test_the_native_toolchain_has_no_other_target() -> None:
    with pytest.raises(BuildError) as caught:
        chosen("/nowhere", toolchain="native", target="x86_64-linux-musl")
    assert "-C target=x86_64-linux-musl: leave out one of them" in str(caught.value)


def test_with_zig_the_native_target_has_the_oldest_floor() -> None:
    assert native_target("native").floor is None
    assert native_target("zig").floor == (2, 17)


def test_the_machine_s_own_compilers_are_a_way_out_for_glibc_alone() -> None:
    here = platform.machine()
    (said,) = way_out(named(f"{here}-linux-gnu.2.17"))
    assert said.endswith("builds it here, for this machine's glibc and newer ones")
    other = "x86_64" if here == "aarch64" else "aarch64"
    (said,) = way_out(named(f"{other}-linux-gnu.2.28"))
    assert said.endswith(f"builds it on an {other} machine, for its glibc and newer ones")
    for name in ("x86_64-linux-musl", "aarch64-macos.11", "x86_64-windows"):
        assert not [*way_out(named(name))]


def test_zig_is_put_on_path_by_the_lines_that_say_so() -> None:
    installed, line = zig.find(
        environment(PATH=os.environ["PATH"]), named("x86_64-windows"), {}
    ).on_path
    assert installed == "python3 -m pip install ziglang==0.17.0"
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    script = f"{line}; zig version"
    done = subprocess.run(("sh", "-c", script), env={"PATH": path}, capture_output=True, check=True)
    assert done.stdout == b"0.17.0\n"


def test_zig_is_for_no_machine_that_is_in_no_target_s_name() -> None:
    board = target.Target(target.Os.LINUX, "riscv64", target.Libc.GLIBC, (2, 17))
    with pytest.raises(BuildError) as caught:
        zig.find(environment(PATH=os.environ["PATH"]), board, {})
    assert str(caught.value) == (
        "zig compiles for aarch64 and x86_64, not for riscv64: name another with -C target="
    )


def test_this_interpreter_runs_the_scripts_where_another_is_first(tmp_path: Path) -> None:
    write(tmp_path / "python3", "#!/bin/sh\n").chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    programs = zig.find(environment(PATH=path), named("x86_64-windows"), {}).programs
    assert programs[1].path.parent == Path(sys.executable).parent
