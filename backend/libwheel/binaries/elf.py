"""Reads ELF, the binaries of Linux."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile

from libwheel.binaries.binary import Binary, Import, Requirement, Symbol
from libwheel.binaries.elf_tables import VERSION_GLOBAL, ElfImage
from libwheel.errors import BuildError
from libwheel.target import Format

MAGIC = b"\x7fELF"

# What pyelftools and we meet in a damaged file.
_DAMAGE = (
    *(ELFError, struct.error, ValueError, LookupError, TypeError, AttributeError),
    *(AssertionError, ArithmeticError, MemoryError, RecursionError),
)

_ARCHES = {  # machine, bits, little endian
    ("EM_X86_64", 64, True): "x86_64",
    ("EM_386", 32, True): "i686",
    ("EM_AARCH64", 64, True): "aarch64",
    ("EM_ARM", 32, True): "armv7l",
    ("EM_PPC64", 64, True): "ppc64le",
    ("EM_PPC64", 64, False): "ppc64",
    ("EM_S390", 64, False): "s390x",
    ("EM_RISCV", 64, True): "riscv64",
    ("EM_LOONGARCH", 64, True): "loongarch64",
}

_FLAG_TEXTREL, _FLAG_BIND_NOW = 0x4, 0x8  # of DT_FLAGS
_FLAG_1_NOW = 0x1  # of DT_FLAGS_1
_EXECUTABLE = 0x1  # PF_X


def is_elf(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(len(MAGIC)) == MAGIC


def image(path: Path) -> ElfImage:
    """Return the file's bytes, ready to be looked at."""
    return ElfImage(path.read_bytes())


def read(path: Path) -> Binary:
    """Read a shared library or program.

    Raises BuildError, with the file's name, where it is none or is damaged.
    """
    with _sound(str(path)):
        return _binary(image(path))


def read_any(data: bytes, name: str) -> Binary | None:
    """Read the bytes of any file; None where it is none that the dynamic loader has to do with.

    Object files, separate debug information and static programs are none. Raises BuildError,
    with the file's `name`, where it is damaged.
    """
    if not data.startswith(MAGIC):
        return None
    with _sound(name):
        found = ElfImage(data)
        return _binary(found) if found.is_dynamic else None


@contextmanager
def _sound(name: str) -> Iterator[None]:
    try:
        yield
    except _DAMAGE as error:
        raise BuildError(f"{name}: is not a sound ELF file: {error}") from error


def _binary(found: ElfImage) -> Binary:
    strings = [(tag, value) for tag, value in found.tags if isinstance(tag, str)]

    def texts(wanted: str) -> tuple[str, ...]:
        return tuple(found.string(value) for tag, value in strings if tag == wanted)

    return Binary(
        arch=_arch(found.elf),
        soname=next(iter(texts("DT_SONAME")), None),
        needed=texts("DT_NEEDED"),
        rpath=_folders(texts("DT_RPATH")),
        runpath=_folders(texts("DT_RUNPATH")),
        exports=_exports(found),
        imports=_imports(found),
        version_nodes=tuple(node.name for node in found.definitions if not node.is_base),
        requirements=tuple(Requirement(need.library, need.name) for need in found.needs),
        executable_stack=_executable_stack(found),
        relro=bool(found.segments("PT_GNU_RELRO")),
        bind_now=_has(found, "DT_BIND_NOW", _FLAG_BIND_NOW)
        or bool((found.tag("DT_FLAGS_1") or 0) & _FLAG_1_NOW),
        text_relocations=_has(found, "DT_TEXTREL", _FLAG_TEXTREL),
        format=Format.ELF,
    )


def _arch(elf: ELFFile) -> str:
    key = (elf["e_machine"], elf.elfclass, elf.little_endian)
    return _ARCHES.get(key, f"{key[0]} with {key[1]} bits")


def _folders(paths: Iterable[str]) -> tuple[str, ...]:
    return tuple(folder for path in paths for folder in path.split(":"))


def _exports(found: ElfImage) -> tuple[Symbol, ...]:
    names = {node.index: node.name for node in found.definitions if not node.is_base}
    return tuple(
        Symbol(entry.name, names.get(entry.version_index), entry.is_default)
        for _, entry in found.exports()
    )


def _imports(found: ElfImage) -> tuple[Import, ...]:
    needs = {need.index: need for need in found.needs if need.index > VERSION_GLOBAL}
    return tuple(
        Import(
            entry.name,
            need.name if need else None,
            need.library if need else None,
            entry.bind == "weak",
        )
        for _, entry in found.imports()
        for need in [needs.get(entry.version_index)]
    )


def _executable_stack(found: ElfImage) -> bool:
    marks = [segment["p_flags"] for segment in found.segments("PT_GNU_STACK")]
    return not marks or any(flags & _EXECUTABLE for flags in marks)


def _has(found: ElfImage, tag: str, flag: int) -> bool:
    return found.tag(tag) is not None or bool((found.tag("DT_FLAGS") or 0) & flag)
