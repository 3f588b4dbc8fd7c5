"""Rules for each binary: what it is, what it needs and how it is to be loaded."""

from __future__ import annotations

from libwheel import policy
from libwheel.audit.finding import listing
from libwheel.audit.subject import Subject
from libwheel.binaries.binary import Binary

ORIGIN = "$ORIGIN"


def wrong_architecture(subject: Subject, binary: Binary) -> str | None:
    if binary.arch == subject.target.arch:
        return None
    return f"is built for {binary.arch}, the wheel for {subject.target.arch}"


def rpath(subject: Subject, binary: Binary) -> str | None:
    if binary.runpath:
        found = ":".join(binary.runpath)
        return f"has the RUNPATH {found}: it must be an RPATH of {ORIGIN} alone"
    if binary.rpath not in ((), (ORIGIN,)):
        return f"has the RPATH {':'.join(binary.rpath)}: it must be {ORIGIN} alone"
    if not binary.rpath and any(subject.needed_siblings(binary)):
        return f"needs libraries beside it and has no RPATH: it must be {ORIGIN}"
    return None


def undeclared_needed(subject: Subject, binary: Binary) -> str | None:
    beside = {name for name, _ in subject.needed_siblings(binary)}
    others = [name for name in binary.needed if name not in beside]
    names = [name for name in others if not policy.is_system_library(name)]
    if not names:
        return None
    for wheel in subject.against:
        if taken := [name for name in names if name in wheel.libraries]:
            return f"needs {listing(taken)} of {wheel}: name {wheel.name!r} in `requires`"
    return (
        f"needs {listing(names)}, which the wheel does not hold and not every Linux has: turn the "
        "feature off, or link the library in statically as a [[bundled]] one"
    )


def executable_stack(_subject: Subject, binary: Binary) -> str | None:
    if not binary.executable_stack:
        return None
    return (
        "asks for an executable stack (PT_GNU_STACK is executable or missing): an assembler "
        "source lacks .note.GNU-stack; link with -Wl,-z,noexecstack"
    )


def relro(_subject: Subject, binary: Binary) -> str | None:
    if not binary.relro:
        return "has no RELRO: link with -Wl,-z,relro"
    if not binary.bind_now:
        return "has RELRO for a part only, being bound lazily: link with -Wl,-z,now"
    return None


def text_relocations(_subject: Subject, binary: Binary) -> str | None:
    if not binary.text_relocations:
        return None
    return "has text relocations: compile everything in it with -fPIC"
