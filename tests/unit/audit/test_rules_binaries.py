from __future__ import annotations

import platform
from dataclasses import replace
from pathlib import Path

import pytest

from libwheel.audit import audit
from libwheel.binaries.binary import Binary
from libwheel.recipe import Library
from unit.audit.subjects import (
    BASE_PATH,
    BINARY,
    HIGH,
    HIGH_PATH,
    compiled,
    messages,
    resolved,
    rules,
    subject,
)
from unit.binaries.compiled import shared

SOURCE = '#include <stdlib.h>\nint base_value(void) { return getenv("X") != 0; }\n'
BOTH = resolved(
    Library(name="base", description="A base.", headers=("*.h",)),
    Library(name="high", description="On it.", headers=()),
)


def found(folder: Path, rule: str, changed: Binary) -> str:
    (message,) = messages(subject(folder, {BASE_PATH: changed}), rule)
    return message.removeprefix(f"{BASE_PATH}: ")


def test_sound_libraries_pass(tmp_path: Path) -> None:
    assert audit(subject(tmp_path)) == ()
    both = {BASE_PATH: BINARY, HIGH_PATH: HIGH}
    assert audit(subject(tmp_path, both, recipe=BOTH)) == ()


def test_wrong_architecture(tmp_path: Path) -> None:
    message = found(tmp_path, "wrong-architecture", replace(BINARY, arch="aarch64"))
    assert message == "is built for aarch64, the wheel for x86_64"


@pytest.mark.parametrize(
    ("rpath", "runpath"),
    [
        (("/usr/local/lib",), ()),
        (("$ORIGIN", ""), ()),
        (("$ORIGIN/../lib",), ()),
        (("$ORIGIN",), ("$ORIGIN",)),
        ((), ("/tmp/build/lib",)),
    ],
)
def test_rpath(tmp_path: Path, rpath: tuple[str, ...], runpath: tuple[str, ...]) -> None:
    message = found(tmp_path, "rpath", replace(BINARY, rpath=rpath, runpath=runpath))
    assert ":".join(runpath or rpath) in message
    assert "$ORIGIN alone" in message


def test_no_rpath_is_right_for_a_library_without_siblings(tmp_path: Path) -> None:
    assert audit(subject(tmp_path, {BASE_PATH: replace(BINARY, rpath=())})) == ()
    both = {BASE_PATH: BINARY, HIGH_PATH: replace(HIGH, rpath=())}
    (message,) = messages(subject(tmp_path, both, recipe=BOTH), "rpath")
    assert message.startswith(f"{HIGH_PATH}: needs libraries beside it")


@pytest.mark.parametrize("name", ["libz.so.1", "libX11.so.6", "libglib-2.0.so.0", "libgomp.so.1"])
def test_undeclared_needed(tmp_path: Path, name: str) -> None:
    changed = replace(BINARY, needed=("libc.so.6", name))
    assert found(tmp_path, "undeclared-needed", changed).startswith(f"needs {name}, which")


def test_executable_stack(tmp_path: Path) -> None:
    assert "noexecstack" in found(
        tmp_path, "executable-stack", replace(BINARY, executable_stack=True)
    )


def test_relro(tmp_path: Path) -> None:
    assert "-z,relro" in found(tmp_path, "relro", replace(BINARY, relro=False))
    assert "-z,now" in found(tmp_path, "relro", replace(BINARY, bind_now=False))


def test_text_relocations(tmp_path: Path) -> None:
    assert "-fPIC" in found(tmp_path, "text-relocations", replace(BINARY, text_relocations=True))


@pytest.mark.compiles
class TestCompiled:
    def test_a_sound_library_passes(self, tmp_path: Path) -> None:
        assert audit(compiled(tmp_path, SOURCE)) == ()

    @pytest.mark.parametrize(
        ("flag", "rule"),
        [
            ("-Wl,-z,execstack", "executable-stack"),
            ("-Wl,-z,norelro", "relro"),
            ("-Wl,-z,lazy", "relro"),
        ],
    )
    def test_a_linker_flag(self, tmp_path: Path, flag: str, rule: str) -> None:
        assert rules(compiled(tmp_path, SOURCE, flag)) == [rule]

    def test_an_assembler_source_without_its_note(self, tmp_path: Path) -> None:
        (tmp_path / "bare.S").write_text(".globl bare\n.hidden bare\nbare: .byte 0\n")
        found = compiled(tmp_path, SOURCE, tmp_path / "bare.S", "-Wl,-z,noseparate-code")
        assert rules(found) == ["executable-stack"]

    @pytest.mark.skipif(platform.machine() != "x86_64", reason="other linkers refuse")
    def test_code_without_fpic(self, tmp_path: Path) -> None:
        source = "int base_data; __attribute__((aligned(8))) char base_value[16];"
        (tmp_path / "text.S").write_text(
            ".text\n.globl base_code\nbase_code: movabs $base_code, %rax\nret\n"
            '.section .note.GNU-stack,"",@progbits\n'
        )
        found = compiled(tmp_path, source, tmp_path / "text.S", "-Wl,-z,notext")
        assert rules(found) == ["text-relocations"]

    def test_a_runpath(self, tmp_path: Path) -> None:
        flags = ("-Wl,-rpath,/opt/base/lib", "-Wl,--enable-new-dtags")
        found = compiled(tmp_path, SOURCE, *flags, script="", edited=False)
        assert rules(found) == ["export-without-version-node", "rpath"]

    def test_the_host_s_zlib(self, tmp_path: Path) -> None:
        """A library that is on this machine, and need not be on another."""
        zlib = shared(tmp_path / "host" / "libz.so.1", "int crc32(void) { return 0; }")
        source = "int crc32(void); int base_value(void) { return crc32(); }"
        made = compiled(tmp_path, source, zlib)
        assert rules(made) == ["undeclared-needed", "undefined-symbol"]
