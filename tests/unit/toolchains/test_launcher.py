from __future__ import annotations

import os
from pathlib import Path

import pytest

from libwheel import settings
from libwheel.errors import BuildError
from libwheel.settings import Environment
from libwheel.toolchains.launcher import Compiler, Launcher, find
from unit.staged import write

NATIVE = Compiler(("/usr/bin/cc",), "cc 12", is_wrapped=False)
ZIG = Compiler(("cc",), "zig 1 for x86_64-windows", is_wrapped=True)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "bin"


def program(path: Path, name: str, script: str = "exit 0") -> Path:
    made = write(path / name, f"#!/bin/sh\n{script}\n")
    made.chmod(0o755)
    return made


def ccache(path: Path, folder: Path) -> Path:
    return program(path, "ccache", f"echo {folder}")


def environment(path: Path, **variables: str) -> Environment:
    return settings.environment({"HOME": "/nowhere", "PATH": str(path), **variables})


def found(
    environment: Environment, wanted: str | None = None, compiler: Compiler = NATIVE
) -> tuple[Launcher | None, list[str]]:
    notes: list[str] = []
    return find(environment, wanted, compiler, notes.append), notes


def test_where_there_is_none_the_compiler_is_run_as_it_is(path: Path) -> None:
    assert found(environment(path)) == (None, [])


def test_the_first_that_is_on_path_is_used(path: Path, tmp_path: Path) -> None:
    program(path, "sccache")
    launcher, notes = found(environment(path))
    assert launcher
    assert (launcher.name, launcher.path, notes) == ("sccache", f"{path}/sccache", [])
    ccache(path, tmp_path)
    launcher, _ = found(environment(path))
    assert launcher
    assert launcher.name == "ccache"


def test_distcc_is_used_where_it_has_hosts(path: Path) -> None:
    program(path, "distcc")
    assert found(environment(path)) == (None, [])
    launcher, _ = found(environment(path, DISTCC_HOSTS="farm/8"))
    assert launcher == Launcher("distcc", f"{path}/distcc", {})


def test_none_can_be_asked_for_and_so_can_each(path: Path, tmp_path: Path) -> None:
    ccache(path, tmp_path)
    program(path, "distcc")
    assert found(environment(path), "none") == (None, [])
    launcher, _ = found(environment(path), "distcc")
    assert launcher
    assert launcher.name == "distcc"


def test_one_that_is_asked_for_must_be_there(path: Path) -> None:
    with pytest.raises(BuildError, match=r"^-C launcher=ccache: it is not on PATH \(Debian: apt"):
        found(environment(path), "ccache")


def test_a_cache_that_cannot_be_written_to_would_fail_each_compilation(path: Path) -> None:
    ccache(path, Path("/proc/nobody/ccache"))
    reason = "it cannot write to its cache, /proc/nobody/ccache: No such file or directory"
    assert found(environment(path)) == (None, [f"ccache is not used: {reason}"])
    with pytest.raises(BuildError, match=f"^-C launcher=ccache: {reason}$"):
        found(environment(path), "ccache")


def test_a_cache_that_is_nowhere_neither(path: Path) -> None:
    program(path, "ccache", "echo no home >&2; exit 1")
    _, notes = found(environment(path))
    assert notes == [
        "ccache is not used: it does not know where its cache is (CCACHE_DIR): no home"
    ]


def test_ccache_is_asked_in_the_environment_of_the_builds(path: Path, tmp_path: Path) -> None:
    program(path, "ccache", 'echo "$CCACHE_DIR"')
    assert found(environment(path))[0] is None
    assert found(environment(path, CCACHE_DIR=str(tmp_path)))[0] is not None


def test_a_compiler_that_is_launched_already_is_not_launched_twice(
    path: Path, tmp_path: Path
) -> None:
    real = ccache(path, tmp_path)
    (tmp_path / "cc").symlink_to(real)
    for argv in ((f"{tmp_path}/cc",), (str(real), "gcc")):
        launcher, notes = found(environment(path), None, Compiler(argv, "", is_wrapped=False))
        assert launcher is None
        assert notes == [f"ccache is not used: the compiler {argv[0]} is ccache already"]


@pytest.mark.parametrize(
    ("name", "reason"), [("sccache", "have other bytes"), ("distcc", "its servers do not have zig")]
)
def test_zig_s_objects_come_from_ccache_alone(path: Path, name: str, reason: str) -> None:
    """Of one that nobody has asked for, nothing is said."""
    program(path, name)
    assert found(environment(path, DISTCC_HOSTS="farm"), None, ZIG) == (None, [])
    with pytest.raises(BuildError, match=f"^-C launcher={name}: zig compiles, .*{reason}"):
        found(environment(path), name, ZIG)


def test_what_another_compiler_made_is_not_taken(path: Path, tmp_path: Path) -> None:
    ccache(path, tmp_path)
    checks = set()
    for compiler in (NATIVE, ZIG, Compiler(ZIG.argv, "zig 2", is_wrapped=True)):
        launcher, _ = found(environment(path), None, compiler)
        assert launcher
        assert launcher.variables["CCACHE_COMPILERCHECK"].startswith("string:")
        assert ("CCACHE_COMPILERTYPE" in launcher.variables) is compiler.is_wrapped
        checks.add(launcher.variables["CCACHE_COMPILERCHECK"])
    assert len(checks) == 3


LAUNCHER = Launcher("ccache", "/a b/ccache", {"CCACHE_COMPILERCHECK": "string:1"})


def test_it_stands_before_the_compilers() -> None:
    assert LAUNCHER.before({"CC": "/usr/bin/cc -m64", "CXX": "c++", "TZ": "UTC"}, "make") == {
        "CC": "'/a b/ccache' /usr/bin/cc -m64",
        "CXX": "'/a b/ccache' c++",
        "CCACHE_COMPILERCHECK": "string:1",
    }


def test_cmake_is_told_in_its_own_way() -> None:
    assert LAUNCHER.before({"CC": "cc"}, "cmake") == {
        "CMAKE_C_COMPILER_LAUNCHER": "/a b/ccache",
        "CCACHE_COMPILERCHECK": "string:1",
    }


def test_sccache_s_server_is_started_before_the_build_s_folder_is_there(
    path: Path, tmp_path: Path
) -> None:
    said = tmp_path / "said"
    made = program(path, "sccache", f'echo "$* $SCCACHE_DIR $TMPDIR." > {said}')
    launcher = Launcher("sccache", str(made), {})
    launcher.start(environment(path, SCCACHE_DIR="/cache", TMPDIR="/workspace"))
    assert said.read_text() == "--show-stats /cache .\n"


def test_a_server_that_does_not_start_is_told(path: Path) -> None:
    made = program(path, "sccache", "exit 2")
    with pytest.raises(BuildError, match=r"^sccache's server does not start: see "):
        Launcher("sccache", str(made), {}).start(environment(path))


def test_the_variables_of_launchers_are_passed_on_and_no_others() -> None:
    variables = {"CCACHE_DIR": "/c", "DISTCC_HOSTS": "h", "SCCACHE_DIR": "/s", "CCACHES": "no"}
    given = settings.environment({**variables, "HOME": os.sep}).launching
    assert given == {
        name: variables[name] for name in ("CCACHE_DIR", "DISTCC_HOSTS", "SCCACHE_DIR")
    }
