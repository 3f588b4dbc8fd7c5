"""The binaries of macOS and Windows: read, damaged, audited."""

from __future__ import annotations

import random
import struct
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from foreign_libraries import ARM_MACOS, HIGH, INTEL_MACOS, LOW, dll, dylib
from libwheel.audit import Subject, audit, read_binaries
from libwheel.binaries import reading
from libwheel.binaries.binary import LINKER_MADE, Binary, Import
from libwheel.errors import BuildError
from libwheel.naming import Tag
from libwheel.recipe import Expectation, Library
from libwheel.staging import Role, StagedFile, StagedLibrary, StagedTree
from libwheel.target import Format, Os, Target
from unit.audit.subjects import resolved
from unit.audit.subjects import subject as empty_subject

pytestmark = pytest.mark.compiles

SYSTEM = "/usr/lib/libSystem.B.dylib"
LC_CODE_SIGNATURE, LC_DATA_IN_CODE = 0x1D, 0x29  # of one shape
MACOS = Target(Os.MACOS, "aarch64", None, (11, 0))
WINDOWS = Target(Os.WINDOWS, "x86_64", None, (10, 0))
LIBRARIES = (
    Library(name="low", description="It is below.", headers=()),
    Library(name="high", description="It is on it.", headers=()),
)


def tag(target: Target) -> Tag:
    return Tag("low", "1.0", "1", 0, os=target.os)


@pytest.fixture(scope="module", params=[ARM_MACOS, INTEL_MACOS])
def dylibs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder, target = tmp_path_factory.mktemp("macos"), request.param
    low = dylib(folder / "liblow-pywheel-1.dylib", LOW, target=target)
    return [low, dylib(folder / "libhigh-pywheel-1.dylib", HIGH, low, target=target)]


@pytest.fixture(scope="module")
def dlls(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("windows")
    low = dll(folder / "low-pywheel-1.dll", LOW)
    return [low, dll(folder / "high-pywheel-1.dll", HIGH, low.with_suffix(".lib"))]


def exported(binary: Binary) -> set[str]:
    return binary.exports_by_name.keys() - LINKER_MADE


def test_a_library_of_macos(dylibs: list[Path]) -> None:
    low, high = map(reading.read, dylibs)
    assert (low.format, low.minimum_os) == (Format.MACHO, (11, 0))
    assert low.arch in {"aarch64", "x86_64"}
    assert (low.soname, low.needed) == ("liblow-pywheel-1.dylib", (SYSTEM,))
    assert sorted(high.needed) == [SYSTEM, "liblow-pywheel-1.dylib"]
    assert (high.rpath, high.runpath) == (("@loader_path",), ())
    assert (exported(low), exported(high)) == ({"low_data", "low_value"}, {"high_value"})
    assert Import("getenv", None, SYSTEM, weak=False) in low.imports
    assert Import("low_value", None, "liblow-pywheel-1.dylib", weak=False) in high.imports
    assert (high.relro, high.executable_stack, high.text_relocations) == (True, False, False)
    assert high.movable
    assert high.signature_flaw is None


def test_a_library_of_windows(dlls: list[Path]) -> None:
    low, high = map(reading.read, dlls)
    assert (low.format, low.arch, low.soname) == (Format.PE, "x86_64", "low-pywheel-1.dll")
    assert low.minimum_os
    assert low.minimum_os <= (10, 0)
    assert (exported(low), exported(high)) == ({"low_data", "low_value"}, {"high_value"})
    assert "low-pywheel-1.dll" in high.needed
    assert Import("low_value", None, "low-pywheel-1.dll", weak=False) in high.imports
    assert {s.library for s in low.imports if s.name == "getenv"} == {
        "api-ms-win-crt-environment-l1-1-0.dll"
    }
    assert (high.executable_stack, high.text_relocations, high.movable) == (False, False, True)
    assert (high.rpath, high.signature_flaw) == ((), None)


def test_an_old_name_of_macos_is_read_whole(tmp_path: Path) -> None:
    found = reading.read(dylib(tmp_path / "liblow.dylib", LOW, "-Wl,-install_name,liblow.dylib"))
    assert found.soname == "./liblow.dylib"
    found = reading.read(dylib(tmp_path / "libx.dylib", LOW, "-Wl,-install_name,/opt/libx.dylib"))
    assert found.soname == "/opt/libx.dylib"


def test_object_files_are_none_that_a_loader_has_to_do_with(tmp_path: Path) -> None:
    assert reading.read_any(dylib(tmp_path / "low.o", LOW, "-c").read_bytes(), "low.o") is None


@pytest.mark.parametrize("kind", ["macos", "dlls"])
def test_what_is_cut_off_is_named(
    tmp_path: Path, kind: str, request: pytest.FixtureRequest
) -> None:
    data = request.getfixturevalue(kind)[1].read_bytes()
    path = tmp_path / "cut"
    for end in (0x60, 0x200, len(data) // 2):
        path.write_bytes(data[:end])
        with pytest.raises(BuildError, match=f"{path}: is no"):
            reading.read(path)


@pytest.mark.parametrize("kind", ["macos", "dlls"])
def test_what_is_damaged_is_read_or_named(kind: str, request: pytest.FixtureRequest) -> None:
    data = request.getfixturevalue(kind)[1].read_bytes()
    dice = random.Random(5)  # noqa: S311 - the same each time
    for _ in range(150):
        damaged = bytearray(data)
        for _ in range(8):
            damaged[dice.randrange(0x1000)] = dice.randrange(256)
        try:
            reading.read_any(bytes(damaged), "damaged.bin")
        except BuildError as error:
            assert "damaged.bin" in str(error)  # noqa: PT017 - either is right


@pytest.fixture
def macos(tmp_path: Path) -> list[Path]:
    low = dylib(tmp_path / "up" / "liblow-pywheel-1.dylib", LOW)
    return [low, dylib(tmp_path / "up" / "libhigh-pywheel-1.dylib", HIGH, low)]


def subject(folder: Path, paths: list[Path], target: Target) -> Subject:
    """Return the subject of an audit whose libraries are these."""
    layout = tag(target).layout
    libraries, files = [], []
    for name, path in zip(("low", "high"), paths, strict=False):
        file = StagedFile(Role.RUNTIME, PurePosixPath(layout.runtime, path.name), path)
        lib = path.with_suffix(".lib")
        link = StagedFile(Role.LINK, PurePosixPath(layout.library, lib.name), lib)
        link_file = link if lib.is_file() else None
        libraries.append(StagedLibrary(name, "", name, file, (), link_file))
        files += [file, *([link] if link_file else [])]
    tree = StagedTree(tuple(files), tuple(libraries))
    return replace(
        empty_subject(folder, recipe=resolved(*LIBRARIES[: len(paths)])),
        tag=tag(target),
        target=target,
        tree=tree,
        binaries=read_binaries(tree),
        originals=dict(zip(("low", "high"), paths, strict=False)),
        sonames={},
    )


def found(subject: Subject) -> Mapping[str, str]:
    return {finding.rule: finding.message for finding in audit(subject)}


def test_sound_libraries_of_macos_pass(tmp_path: Path, macos: list[Path]) -> None:
    assert found(subject(tmp_path, macos, MACOS)) == {}


def test_sound_libraries_of_windows_pass(tmp_path: Path, dlls: list[Path]) -> None:
    assert found(subject(tmp_path, dlls, WINDOWS)) == {}


def test_a_changed_byte_makes_the_signature_void(tmp_path: Path, macos: list[Path]) -> None:
    data = macos[0].read_bytes()
    for at in (0x20, len(data) // 3):
        changed = bytearray(data)
        changed[at] ^= 1
        macos[0].write_bytes(changed)
        binary = reading.read_any(bytes(changed), "changed")
        assert binary
        assert binary.signature_flaw
        assert "was changed after it was signed" in binary.signature_flaw
    assert found(subject(tmp_path, macos, MACOS)).keys() == {"code-signature"}


@pytest.mark.parametrize(("target", "is_wrong"), [(ARM_MACOS, True), (INTEL_MACOS, False)])
def test_apple_silicon_alone_asks_for_a_signature(
    tmp_path: Path, target: str, is_wrong: bool
) -> None:
    path = dylib(tmp_path / "liblow.dylib", LOW, target=target)
    data = bytearray(path.read_bytes())
    (count,) = struct.unpack_from("<I", data, 16)  # of load commands, behind the header's 32 bytes
    at = 32
    for _ in range(count):
        kind, size = struct.unpack_from("<2I", data, at)
        if kind == LC_CODE_SIGNATURE:
            struct.pack_into("<I", data, at, LC_DATA_IN_CODE)
        at += size
    binary = reading.read_any(bytes(data), "unsigned")
    assert binary
    assert binary.signature_flaw == ("has no code signature" if is_wrong else None)


def test_what_is_behind_the_signature_is_found_too(tmp_path: Path, macos: list[Path]) -> None:
    data = bytearray(macos[0].read_bytes())
    data[-0x80:] = bytes(0x80)
    macos[0].write_bytes(data)
    assert found(subject(tmp_path, macos, MACOS)).keys() == {"code-signature"}


@pytest.mark.parametrize(
    ("flag", "rule", "words"),
    [
        ("-Wl,-install_name,libx.dylib", "soname", "the install name ./libx.dylib"),
        ("-Wl,-install_name,@rpath/libx.dylib", "soname", "it must be @rpath/the file's name"),
        ("-Wl,-rpath,/opt/lib", "rpath", "/opt/lib: it must be @loader_path alone"),
    ],
)
def test_a_flag_of_macos(tmp_path: Path, flag: str, rule: str, words: str) -> None:
    path = dylib(tmp_path / "up" / "liblow-pywheel-1.dylib", LOW, flag)
    findings = found(subject(tmp_path, [path], MACOS))
    assert findings.keys() == {rule}
    assert words in findings[rule]


def test_a_library_of_a_newer_macos(tmp_path: Path) -> None:
    newer = "aarch64-macos.13.1"
    path = dylib(tmp_path / "up" / "liblow-pywheel-1.dylib", LOW, target=newer)
    findings = found(subject(tmp_path, [path], MACOS))
    assert findings.keys() == {"newer-system"}
    assert findings["newer-system"].startswith("needs macOS 13.1, and aarch64-macos.11")


def test_a_library_of_another_machine_and_of_another_system(tmp_path: Path) -> None:
    path = dylib(tmp_path / "up" / "liblow-pywheel-1.dylib", LOW, target=INTEL_MACOS)
    assert (
        "is built for x86_64, the wheel for aarch64"
        in found(subject(tmp_path, [path], MACOS))["wrong-architecture"]
    )
    findings = found(subject(tmp_path, [path], WINDOWS))
    assert findings["wrong-architecture"] == "is a Mach-O file, and the wheel is for x86_64-windows"


def test_a_library_of_nobody_s(tmp_path: Path) -> None:
    other = dylib(tmp_path / "up" / "libother.dylib", LOW, "-Wl,-install_name,/opt/libother.dylib")
    path = dylib(tmp_path / "up" / "liblow-pywheel-1.dylib", HIGH, other)
    findings = found(subject(tmp_path, [path], MACOS))
    assert findings.keys() == {"undeclared-needed"}
    assert findings["undeclared-needed"].startswith(
        "needs /opt/libother.dylib, which the wheel does not hold and not every macOS has"
    )


def test_a_symbol_that_the_sibling_no_longer_has(tmp_path: Path, macos: list[Path]) -> None:
    dylib(macos[0], LOW.replace("low_value", "low_other"))
    findings = found(subject(tmp_path, macos, MACOS))
    assert findings.keys() == {"undefined-symbol"}
    assert findings["undefined-symbol"].startswith("uses low_value")


def test_a_dll_that_was_renamed_after_it_was_linked(tmp_path: Path) -> None:
    path = dll(tmp_path / "up" / "low.dll", LOW)
    renamed = path.rename(path.with_name("low-pywheel-1.dll"))
    findings = found(subject(tmp_path, [renamed], WINDOWS))
    assert findings["soname"] == (
        "has the name in its export table low.dll: it must be the file's name"
    )
    assert "upstream installed no lib/low.lib" in findings["missing-import-library"]


@pytest.mark.parametrize(
    ("bit", "rule"),
    [
        (0x40, "fixed-address"),  # IMAGE_DLLCHARACTERISTICS_DYNAMIC_BASE
        (0x20, "fixed-address"),  # ..._HIGH_ENTROPY_VA
        (0x100, "executable-stack"),  # ..._NX_COMPAT
    ],
)
def test_a_dll_without_a_protection(tmp_path: Path, bit: int, rule: str) -> None:
    path = dll(tmp_path / "up" / "low-pywheel-1.dll", LOW)
    data = bytearray(path.read_bytes())
    start = int.from_bytes(data[0x3C:0x40], "little")
    at = start + 4 + 20 + 70  # DllCharacteristics, behind the signature and the file header
    features = int.from_bytes(data[at : at + 2], "little")
    assert features & bit
    data[at : at + 2] = (features & ~bit).to_bytes(2, "little")
    path.write_bytes(data)
    assert found(subject(tmp_path, [path], WINDOWS)).keys() == {rule}


def test_a_section_that_is_code_and_can_be_written_to(tmp_path: Path) -> None:
    path = dll(tmp_path / "up" / "low-pywheel-1.dll", LOW)
    data = bytearray(path.read_bytes())
    start = int.from_bytes(data[0x3C:0x40], "little")
    sections = start + 24 + int.from_bytes(data[start + 20 : start + 22], "little")
    assert data[sections : sections + 5] == b".text"
    data[sections + 39] |= 0x80  # IMAGE_SCN_MEM_WRITE
    path.write_bytes(data)
    assert found(subject(tmp_path, [path], WINDOWS)) == {
        "text-relocations": "has code that can be written to: a section is both executable and "
        "writable"
    }


def test_what_is_expected_of_what_is_exported(tmp_path: Path, macos: list[Path]) -> None:
    expected = (
        Expectation(symbol="high_value"),
        Expectation(symbol="high_hidden"),
        Expectation(symbol="high_value", instructions="sve"),
    )
    made = subject(tmp_path, macos, MACOS)
    high = replace(LIBRARIES[1], expect=expected)
    made = replace(made, recipe=resolved(LIBRARIES[0], high))
    hidden, code = [finding.message for finding in audit(made)]
    assert hidden.startswith("upstream's libhigh-pywheel-1.dylib does not export 'high_hidden'")
    assert "Of what a Mach-O file does not export, the names go when it is linked" in hidden
    assert code.startswith("nobody can tell whether 'high_value'")
    assert 'ask for it where `when = { os = "linux" }`' in code
