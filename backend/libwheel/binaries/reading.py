"""Reads binaries of any format: which one it is, the first bytes tell."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from pathlib import Path

from libwheel.binaries import elf
from libwheel.binaries.binary import Binary
from libwheel.errors import BuildError
from libwheel.target import Format

# What reading a format needs from the package index, where it is not a requirement of libwheel's
# own: builds for macOS and Windows alone need it.
REQUIRES: Mapping[Format, tuple[str, ...]] = {
    Format.ELF: (),
    Format.MACHO: ("macholib>=1.16.3",),
    Format.PE: ("pefile>=2024.8.26",),
}

_MACHO = (0xFEEDFACE, 0xFEEDFACF)
_UNIVERSAL = 0xCAFEBABE  # several Mach-O files in one; Java's classes begin so as well
_MOST_MACHINES = 30  # in one of the former; the latter have a version of 45 or more there
_DOS, _PE, _PE_AT = b"MZ", b"PE\0\0", 0x3C
_WORDS = struct.Struct(">II")
_HEAD = 0x1000  # bytes: enough to tell the format

Reader = Callable[[bytes, str], Binary | None]


def format_of(head: bytes) -> Format | None:
    """Tell the format from the first bytes of a file, some thousand; None: it is no binary."""
    if head.startswith(elf.MAGIC):
        return Format.ELF
    if _is_macho(head):
        return Format.MACHO
    if head.startswith(_DOS) and len(head) >= _PE_AT + 4:
        (start,) = struct.unpack_from("<I", head, _PE_AT)
        return Format.PE if head[start : start + len(_PE)] == _PE else None
    return None


def is_binary(path: Path) -> bool:
    """Tell whether a file is of one of the formats, sound or not."""
    with path.open("rb") as stream:
        return format_of(stream.read(_HEAD)) is not None


def read(path: Path) -> Binary:
    """Read a shared library or program.

    Raises BuildError, with the file's name, where it is none or is damaged, or where what reads
    its format is not installed.
    """
    found = read_any(path.read_bytes(), str(path))
    if found is None:
        raise BuildError(f"{path}: is no shared library and no program")
    return found


def read_any(data: bytes, name: str) -> Binary | None:
    """Read the bytes of any file; None where it is none that a dynamic loader has to do with.

    Object files, separate debug information and static programs are none. Raises BuildError as
    `read` does, with the file's `name`.
    """
    found = format_of(data[:_HEAD])
    return _READERS[found](data, name) if found else None


def _is_macho(head: bytes) -> bool:
    start = head[: _WORDS.size].ljust(_WORDS.size)
    big, machines = _WORDS.unpack(start)
    little = int.from_bytes(start[:4], "little")
    universal = big == _UNIVERSAL and machines < _MOST_MACHINES
    return big in _MACHO or little in _MACHO or universal


def _read_macho(data: bytes, name: str) -> Binary | None:
    try:
        from libwheel.binaries import macho
    except ModuleNotFoundError as error:
        raise _lacking(Format.MACHO, name, error) from None
    return macho.read_any(data, name)


def _read_pe(data: bytes, name: str) -> Binary | None:
    try:
        from libwheel.binaries import pe
    except ModuleNotFoundError as error:
        raise _lacking(Format.PE, name, error) from None
    return pe.read_any(data, name)


def _lacking(kind: Format, name: str, error: ModuleNotFoundError) -> BuildError:
    wanted = " ".join(f"'{requirement}'" for requirement in REQUIRES[kind])
    return BuildError(
        f"{name}: is a {kind} file, and there is no {error.name} to read it: pip install {wanted}"
    )


_READERS: Mapping[Format, Reader] = {
    Format.ELF: elf.read_any,
    Format.MACHO: _read_macho,
    Format.PE: _read_pe,
}
