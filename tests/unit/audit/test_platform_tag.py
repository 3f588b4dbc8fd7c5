from __future__ import annotations

import base64
import hashlib
import shutil
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from libwheel.audit import platform_tag, unproved
from libwheel.binaries import elf
from libwheel.binaries.binary import Import, Requirement
from libwheel.target import Libc, native
from unit.audit.subjects import BASE_FILE, BINARY, HIGH, TARGET
from unit.binaries.compiled import run, shared


def tag(*nodes: tuple[str, str], arch: str = "x86_64") -> str:
    needed = tuple(dict.fromkeys(library for library, _ in nodes))
    requirements = tuple(Requirement(library, node) for library, node in nodes)
    binary = replace(BINARY, arch=arch, needed=needed, requirements=requirements)
    return platform_tag([binary], replace(TARGET, arch=arch))


def test_the_newest_version_decides() -> None:
    assert tag(("libc.so.6", "GLIBC_2.2.5")) == "manylinux_2_5_x86_64"
    assert tag(("libc.so.6", "GLIBC_2.2.5"), ("libc.so.6", "GLIBC_2.14")) == "manylinux_2_17_x86_64"
    assert tag(("libm.so.6", "GLIBC_2.29")) == "manylinux_2_31_x86_64"
    assert tag(("libstdc++.so.6", "GLIBCXX_3.4.30")) == "manylinux_2_35_x86_64"
    assert tag(("libc.so.6", "GLIBC_ABI_DT_RELR")) == "manylinux_2_36_x86_64"


def test_an_architecture_has_its_lowest() -> None:
    assert tag(("libc.so.6", "GLIBC_2.17"), arch="aarch64") == "manylinux_2_17_aarch64"
    assert tag(("libc.so.6", "GLIBC_2.27"), arch="riscv64") == "manylinux_2_31_riscv64"
    assert tag(("libc.so.6", "GLIBC_2.1"), arch="i686") == "manylinux_2_5_i686"


def test_the_loader_s_own_versions_do_not_count() -> None:
    nodes = (("ld-linux-x86-64.so.2", "GLIBC_2.35"), ("libc.so.6", "GLIBC_2.4"))
    assert tag(*nodes) == "manylinux_2_5_x86_64"


@pytest.mark.parametrize(
    ("library", "node"),
    [
        ("libstdc++.so.6", "GLIBCXX_9.0"),
        ("libc.so.6", "GLIBC_PRIVATE"),
        ("libz.so.1", "ZLIB_1.2.0"),
    ],
)
def test_no_proof_no_manylinux(library: str, node: str) -> None:
    assert tag((library, node)) == "linux_x86_64"


def test_what_lacks_for_a_proof() -> None:
    needs = (Requirement("libc.so.6", "GLIBC_PRIVATE"), Requirement("libc.so.6", "GLIBC_2.4"))
    binary = replace(BINARY, needed=("libc.so.6", "libz.so.1"), requirements=needs)
    assert unproved([BINARY], TARGET) == ()
    assert unproved([binary], TARGET) == (
        f"{BASE_FILE} needs libz.so.1, which no manylinux platform has",
        f"{BASE_FILE} needs GLIBC_PRIVATE of libc.so.6, which no manylinux platform has",
    )
    assert unproved([BINARY], replace(TARGET, libc=Libc.MUSL)) == (
        "there is no manylinux platform for x86_64-linux-musl",
    )


def test_a_glibc_that_is_newer_than_the_table() -> None:
    assert tag(("libc.so.6", "GLIBC_2.99")) == "manylinux_2_99_x86_64"


def test_other_targets_are_not_proved() -> None:
    assert platform_tag([], TARGET) == "linux_x86_64"
    assert platform_tag([BINARY], replace(TARGET, libc=Libc.MUSL)) == "linux_x86_64"
    assert platform_tag([BINARY], replace(TARGET, arch="aarch64")) == "linux_aarch64"
    assert platform_tag([BINARY], replace(TARGET, arch="sparc64")) == "linux_sparc64"


def test_siblings_prove_nothing_and_need_no_proof() -> None:
    high = replace(HIGH, requirements=(Requirement(BASE_FILE, "BASE_PYWHEEL_1"),))
    assert platform_tag([BINARY, high], TARGET) == "manylinux_2_5_x86_64"


def test_a_symbol_that_is_newer_than_its_version() -> None:
    newer = Import("__cxa_thread_atexit_impl", "GLIBC_2.18", "libc.so.6", weak=False)
    binary = replace(BINARY, arch="aarch64", imports=(newer,))
    assert platform_tag([binary], replace(TARGET, arch="aarch64")) == "manylinux_2_24_aarch64"


def wheel_of(library: Path, folder: Path) -> Path:
    """Pack a library as a library wheel has it."""
    path = folder / f"base-1.0-py3-none-linux_{native().arch}.whl"
    info, root = "base-1.0.dist-info", "Root-Is-Purelib: false\n"
    files = {
        f"base-1.0.data/data/lib/{library.name}": library.read_bytes(),
        f"{info}/METADATA": b"Metadata-Version: 2.4\nName: base\nVersion: 1.0\n",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\n{root}Tag: {path.stem[9:]}\n".encode(),
    }
    digests = {n: base64.urlsafe_b64encode(hashlib.sha256(b).digest()) for n, b in files.items()}
    record = [f"{n},sha256={d.decode().rstrip('=')},{len(files[n])}" for n, d in digests.items()]
    files[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,\n"]).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


@pytest.mark.compiles
@pytest.mark.parametrize(
    ("call", "flags"),
    [
        ("getenv(0) != 0", ()),
        ("(int)fstat(0, 0)", ()),
        ("(int)pow(x, 2.5)", ("-lm", "-fno-builtin")),
        ("pthread_create(0, 0, 0, 0)", ()),
        ("(int)getrandom(0, 0, 0)", ()),
        ("x", ()),
    ],
)
def test_auditwheel_agrees(tmp_path: Path, call: str, flags: tuple[str, ...]) -> None:
    heads = ("math.h", "pthread.h", "stdlib.h", "sys/random.h", "sys/stat.h")
    source = "".join(f"#include <{head}>\n" for head in heads)
    source += f"int base_value(double x) {{ return {call}; }}\n"
    flags = (*flags, "-Wl,--no-as-needed", "-lc", "-w")
    library = shared(tmp_path / "libbase-pywheel-1.so", source, *flags)
    ours = platform_tag([elf.read(library)], native())
    assert ours.startswith("manylinux_")
    program = shutil.which("auditwheel", path=str(Path(sys.executable).parent)) or "auditwheel"
    shown = run(program, "show", wheel_of(library, tmp_path))
    assert f'"{ours}"' in shown.replace("\n", " ")
