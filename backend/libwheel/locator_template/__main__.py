"""Print where the files of this library wheel are, for scripts and build files."""

from __future__ import annotations

import os
import signal
import sys

from . import (
    DISTRIBUTION,
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

ANSWERS = {
    "libdir": (libdir, "the folder of the shared libraries"),
    "includedir": (includedir, "the folder for the compiler's -I"),
    "pkgconfigdir": (pkgconfigdir, "the folder for PKG_CONFIG_PATH"),
    "cmakedir": (cmakedir, "the folder of the CMake package"),
    "cflags": (cflags, "what the compiler needs, a line each"),
    "libs": (libs, "what the linker needs for all the libraries, a line each"),
    "prefix": (prefix, "a folder with plain names, for HDF5_DIR= and the like; it is made"),
    "version": (version, "the version of the library wheel"),
    "files": (files, "every installed file, a line each"),
}


def main(arguments: list[str]) -> int:
    """Answer the one question in `arguments`; return the exit status."""
    if len(arguments) != 1 or arguments[0] not in ANSWERS:
        asked_for_help = arguments in (["-h"], ["--help"])
        print(usage(), file=sys.stdout if asked_for_help else sys.stderr)
        if arguments and not asked_for_help:
            print(f"\nerror: not a question: {' '.join(arguments)}", file=sys.stderr)
        return 0 if asked_for_help else 2
    try:
        answer = ANSWERS[arguments[0]][0]()
    except (OSError, ImportError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    lines = answer if isinstance(answer, list) else [answer]
    # As bytes: a path may hold some that standard output's encoding has no character for.
    sys.stdout.buffer.write(b"".join(os.fsencode(f"{line}\n") for line in lines))
    return 0


def usage() -> str:
    """Return the text of --help."""
    questions = "\n".join(f"  {name:14}{text}" for name, (_, text) in ANSWERS.items())
    return (
        f"usage: python -m {__package__} QUESTION\n\n"
        f"Where the library wheel {DISTRIBUTION} is installed.\n\n{questions}"
    )


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `... files | head -1` is no error
    sys.exit(main(sys.argv[1:]))
