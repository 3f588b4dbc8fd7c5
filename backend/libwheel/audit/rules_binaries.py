"""Rules for each binary: what it is, what it needs and how it is to be loaded."""

from __future__ import annotations

from collections.abc import Iterator

from libwheel import policy
from libwheel.audit.subject import Subject

ORIGIN = "$ORIGIN"


def wrong_architecture(subject: Subject) -> Iterator[tuple[str, str]]:
    wanted = subject.target.arch
    for path, binary in subject.binaries.items():
        if binary.arch != wanted:
            yield str(path), f"is built for {binary.arch}, the wheel for {wanted}"


def soname(subject: Subject) -> Iterator[tuple[str, str]]:
    for path, binary in subject.binaries.items():
        if binary.soname is None:
            yield str(path), "has no SONAME: it must be the file's name"
        elif binary.soname != path.name:
            yield str(path), f"has the SONAME {binary.soname}: it must be the file's name"


def rpath(subject: Subject) -> Iterator[tuple[str, str]]:
    for path, binary in subject.binaries.items():
        if binary.runpath:
            found = ":".join(binary.runpath)
            yield str(path), f"has the RUNPATH {found}: it must be an RPATH of {ORIGIN} alone"
        elif binary.rpath not in ((), (ORIGIN,)):
            found = ":".join(binary.rpath)
            yield str(path), f"has the RPATH {found}: it must be {ORIGIN} alone"
        elif not binary.rpath and any(subject.needed_siblings(binary)):
            yield str(path), f"needs libraries beside it and has no RPATH: it must be {ORIGIN}"


def undeclared_needed(subject: Subject) -> Iterator[tuple[str, str]]:
    siblings = subject.siblings
    for path, binary in subject.binaries.items():
        for name in binary.needed:
            if name not in siblings and not policy.is_system_library(name):
                yield (
                    str(path),
                    (
                        f"needs {name}, which is neither in the wheel nor on every Linux: turn "
                        "the feature off, or link the library in statically as a [[bundled]] one"
                    ),
                )


def executable_stack(subject: Subject) -> Iterator[tuple[str, str]]:
    for path, binary in subject.binaries.items():
        if binary.executable_stack:
            yield (
                str(path),
                (
                    "asks for an executable stack (PT_GNU_STACK is executable or missing): an "
                    "assembler source lacks .note.GNU-stack; link with -Wl,-z,noexecstack"
                ),
            )


def relro(subject: Subject) -> Iterator[tuple[str, str]]:
    for path, binary in subject.binaries.items():
        if not binary.relro:
            yield str(path), "has no RELRO: link with -Wl,-z,relro"


def text_relocations(subject: Subject) -> Iterator[tuple[str, str]]:
    for path, binary in subject.binaries.items():
        if binary.text_relocations:
            yield str(path), "has text relocations: compile everything in it with -fPIC"
