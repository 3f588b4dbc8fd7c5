"""Rules for each binary: what it is, what it needs and how it is to be loaded.

They mean the same in each format: see `binaries.binary.Binary` for what of the format a word
stands for. What a format has nothing of, a rule lets pass, and says why.
"""

from __future__ import annotations

from libwheel import policy
from libwheel.audit import floors
from libwheel.audit.finding import listing
from libwheel.audit.subject import Subject
from libwheel.binaries.binary import Binary
from libwheel.target import Format

# The folder of the library itself, as its RPATH names it; Windows has no RPATH, and looks there.
_ORIGINS = {Format.ELF: "$ORIGIN", Format.MACHO: "@loader_path"}

_STACK = {
    Format.ELF: (
        "(PT_GNU_STACK is executable or missing): an assembler source lacks .note.GNU-stack; link "
        "with -Wl,-z,noexecstack"
    ),
    Format.MACHO: "(MH_ALLOW_STACK_EXECUTION): link without -allow_stack_execute",
    Format.PE: "and data (it is not NX_COMPAT): link with -Wl,--nxcompat",
}


def wrong_architecture(subject: Subject, binary: Binary) -> str | None:
    if binary.format is not subject.target.format:
        return f"is a {binary.format} file, and the wheel is for {subject.target}"
    if binary.arch == subject.target.arch:
        return None
    return f"is built for {binary.arch}, the wheel for {subject.target.arch}"


def rpath(subject: Subject, binary: Binary) -> str | None:
    origin = _ORIGINS.get(binary.format)
    if origin is None:
        return None
    if binary.runpath:
        found = ":".join(binary.runpath)
        return f"has the RUNPATH {found}: it must be an RPATH of {origin} alone"
    if binary.rpath not in ((), (origin,)):
        return f"has the RPATH {':'.join(binary.rpath)}: it must be {origin} alone"
    if not binary.rpath and any(subject.needed_siblings(binary)):
        return f"needs libraries beside it and has no RPATH: it must be {origin}"
    return None


def undeclared_needed(subject: Subject, binary: Binary) -> str | None:
    beside = {name for name, _ in subject.needed_siblings(binary)}
    others = [name for name in binary.needed if name not in beside]
    names = [name for name in others if not policy.is_promised(name, subject.target)]
    if not names:
        return None
    for wheel in subject.against:
        if taken := [name for name in names if name in wheel.libraries]:
            return f"needs {listing(taken)} of {wheel}: name {wheel.name!r} in `requires`"
    return (
        f"needs {listing(names)}, which the wheel does not hold and not every "
        f"{floors.SYSTEMS[subject.target.os]} has: turn the feature off, or link the library in "
        "statically as a [[bundled]] one"
    )


def executable_stack(_subject: Subject, binary: Binary) -> str | None:
    if not binary.executable_stack:
        return None
    return f"asks for an executable stack {_STACK[binary.format]}"


def relro(_subject: Subject, binary: Binary) -> str | None:
    """Ask that what the loader fills in is read-only afterwards.

    In Mach-O that is __DATA_CONST, which has the pointers that are bound when the library is
    loaded; those that are bound at the first call stay writable in all that Apple's own linker
    made for macOS 11. In PE it is the loader that protects its tables, not the file.
    """
    if binary.format is Format.PE:
        return None
    if binary.format is Format.MACHO:
        text = "has pointers outside of __DATA_CONST: link without -no_data_const"
        return None if binary.relro else text
    if not binary.relro:
        return "has no RELRO: link with -Wl,-z,relro"
    if not binary.bind_now:
        return "has RELRO for a part only, being bound lazily: link with -Wl,-z,now"
    return None


def text_relocations(_subject: Subject, binary: Binary) -> str | None:
    if not binary.text_relocations:
        return None
    if binary.format is Format.PE:
        return "has code that can be written to: a section is both executable and writable"
    return "has text relocations: compile everything in it with -fPIC"


def fixed_address(_subject: Subject, binary: Binary) -> str | None:
    if binary.movable:
        return None
    if binary.format is Format.PE:
        return "is not loaded at any address: link with -Wl,--dynamicbase,--high-entropy-va"
    return "is not loaded at any address: it must be a shared library"


def code_signature(_subject: Subject, binary: Binary) -> str | None:
    """Ask of Mach-O that its signature, if it has one, is of these very bytes."""
    return f"{binary.signature_flaw}: macOS would not load it" if binary.signature_flaw else None


def newer_system(subject: Subject, binary: Binary) -> str | None:
    """Ask that a binary needs no newer system than the target's floor.

    The message names what needs it: the loader's own words, where it is refused, name no symbol.
    """
    found = list(floors.above(binary, subject.target, subject.beside, subject.system))
    if not found:
        return None
    return (
        f"needs {listing(found)}, and {subject.target} promises no more than "
        f"{floors.name(subject.target)}: turn off what uses it, or build for a newer floor"
    )
