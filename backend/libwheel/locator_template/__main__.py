"""Print where the files of this library wheel are, for scripts and build files."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterable

from . import (
    DISTRIBUTION,
    OFFERS,
    _compile_flags,
    _default,
    _link_flags,
    cflags,
    cmakedir,
    files,
    includedir,
    libdir,
    libs,
    pkgconfigdir,
    prefix,
    version,
)

# What each question is answered by, and whether libraries may be named behind it.
ANSWERS: dict[str, tuple[Callable[..., object], str, bool]] = {
    "libdir": (libdir, "the folder of the shared libraries", False),
    "includedir": (includedir, "the folder of the headers", False),
    "pkgconfigdir": (pkgconfigdir, "the folder for PKG_CONFIG_PATH", False),
    "cmakedir": (cmakedir, "the folder of the CMake package", False),
    "cflags": (cflags, "what the compiler needs, a line each", True),
    "libs": (libs, "what the linker needs, a line each", True),
    "prefix": (prefix, "a folder with plain names, for HDF5_DIR= and the like; it is made", False),
    "version": (version, "the version of the library wheel", False),
    "files": (files, "every installed file, a line each", False),
}


def main(arguments: list[str]) -> int:
    """Answer the one question in `arguments`; return the exit status."""
    asked_for_help = arguments in (["-h"], ["--help"])
    if asked_for_help or not arguments:
        print(usage(), file=sys.stdout if asked_for_help else sys.stderr)
        return 0 if asked_for_help else 2
    if mistake := _mistake(*arguments):
        print(f"{usage()}\n\nerror: {mistake}", file=sys.stderr)
        return 2
    question, *libraries = arguments
    try:
        answer = ANSWERS[question][0](*libraries)
    except (OSError, ImportError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    lines = answer if isinstance(answer, list) else [answer]
    # As bytes: a path may hold some that standard output's encoding has no character for.
    sys.stdout.buffer.write(b"".join(os.fsencode(f"{line}\n") for line in lines))
    return 0


def _mistake(question: str, *words: str) -> str | None:
    if question not in ANSWERS:
        return f"not a question: {' '.join((question, *words))}"
    if words and not ANSWERS[question][2]:
        return f"{question} is not asked of single libraries: {' '.join(words)}"
    return None


def usage() -> str:
    """Return the text of --help."""
    questions = (
        (f"{name} [LIBRARY...]" if of_libraries else name, text)
        for name, (_, text, of_libraries) in ANSWERS.items()
    )
    libraries = ((name, _described(name)) for name in OFFERS)
    return (
        f"usage: python -m {__package__} QUESTION\n\n"
        f"Where the library wheel {DISTRIBUTION} is installed.\n\n{_table(questions)}\n\n"
        f"Without a LIBRARY, those with a * are meant:\n\n{_table(libraries)}"
    )


def _described(library: str) -> str:
    """Tell whether the library is taken where none is named, and what goes with it."""
    flags = " ".join(_compile_flags([library]) + _link_flags([library]))
    conflicts = ", ".join(OFFERS[library]["conflicts"])
    facts = (
        "*" if library in _default() else "",
        f"with {flags}" if flags else "",
        f"not together with {conflicts}" if conflicts else "",
    )
    return " ".join(filter(None, facts))


def _table(rows: Iterable[tuple[str, str]]) -> str:
    return "\n".join(f"  {left:20} {right}".rstrip() for left, right in rows)


if __name__ == "__main__":
    if hasattr(signal, "SIGPIPE"):  # `... files | head -1` is no error; Windows has no signal
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    sys.exit(main(sys.argv[1:]))
