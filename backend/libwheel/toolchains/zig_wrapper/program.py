"""The program: one command line of a compiler, done by zig."""

from __future__ import annotations

import os
import sys

from . import DIRECTIVES
from .libraries import promised, with_one_version_script
from .questions import answer
from .target import Refusal, Target
from .words import expanded, is_link, output, translated

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


_FOLDER = os.path.dirname(os.path.dirname(__file__))  # of the scripts

# What is linked to something else than a program.
_LIBRARY = {"-shared", "-dynamiclib", "-bundle", "-r"}

_NOT_RUN = 127  # Python's status of what it could not start


def main(words: Sequence[str]) -> int:
    """Compile as the words say; return the exit status.

    Ahead of ``--`` stand the program, zig's and GNU's name of the target, and ``stem=file`` for
    each library whose name is given when it is linked.
    """
    middle = words.index("--")
    program, zig, gnu, *names = words[:middle]
    target = Target(zig, gnu, dict(name.split("=", 1) for name in names))
    try:
        given = expanded(words[middle + 1 :], read)
        said = answer(given, target, _FOLDER)
        if said is not None:
            sys.stdout.write(f"{said}\n")
            return 0
        argv = with_one_version_script(translated(given, target), output(given), read, write)
    except Refusal as refusal:
        sys.stderr.write(f"{program}: error: zig: {refusal}\n")
        return 1
    command = ["zig", program, "-target", zig, *argv]
    if target.is_windows and is_link(given):
        return link_for_windows(command, target)
    if program == "c++" and is_link(given) and not _LIBRARY.intersection(given):
        return link_program(command)
    return become(command)


def link_program(command: list[str]) -> int:
    """Link a C++ program without the C++ library; with it where something is missing then.

    zig compiles that library before it first links with it: minutes, and the programs that a
    configuration is tried with use nothing of it.
    """
    import subprocess  # noqa: PLC0415 - it takes longer than all the rest

    try:
        tried = subprocess.run([*command, "-nostdlib++"], capture_output=True, check=False)
    except OSError:  # which `become` explains
        return become(command)
    if tried.returncode:
        return become(command)
    sys.stdout.buffer.write(tried.stdout)
    sys.stderr.buffer.write(tried.stderr)
    return 0


def link_for_windows(command: list[str], target: Target) -> int:
    """Link; a DLL that has a name of ours is linked under that, and moved to where it is wanted.

    For an import library names the DLL as it was linked, and so do those that are linked with it.
    """
    if "-shared" not in command:
        return become(command)
    command = [*command, f"{_FOLDER}/{DIRECTIVES}"]
    goal = output(command)
    tagged = promised(goal, target)
    if tagged is None:
        return become(command)
    folder = f"{goal}.tagged"
    os.makedirs(folder, exist_ok=True)
    said = any(word.startswith("-Wl,--out-implib") for word in command)
    library = [] if said else [f"-Wl,--out-implib,{goal.rpartition('.')[0]}.lib"]
    status = run([*command, *library, "-o", f"{folder}/{tagged}"])
    if status == 0:
        os.replace(f"{folder}/{tagged}", goal)
        os.rmdir(folder)
    return status


def become(command: list[str]) -> int:
    """Run the command in the place of this process: it waits for nothing then.

    Return 1 where it cannot be run.
    """
    try:
        os.execvp(command[0], command)  # noqa: S606
    except FileNotFoundError:
        why = f"no {command[0]} on PATH"
    except OSError as error:
        why = f"cannot run {command[0]}: {error.strerror}"
    sys.stderr.write(f"{command[1]}: error: {why}\n")
    return 1


def run(command: list[str]) -> int:
    status = os.spawnvp(os.P_WAIT, command[0], command)  # noqa: S606
    return become(command) if status == _NOT_RUN else status


def read(path: str) -> str:
    with open(path, encoding="utf-8") as file:
        return file.read()


def write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
