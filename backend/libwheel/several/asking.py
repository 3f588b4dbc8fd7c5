"""From what is asked for to builds: the recipes are read for each target, and nothing is built."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from libwheel import pipeline, target
from libwheel import task as tasks
from libwheel.console import Console
from libwheel.errors import BuildError, LibwheelError, RefusedError
from libwheel.settings import Environment
from libwheel.several.order import Build, in_order
from libwheel.target import NATIVE
from libwheel.task import Task
from libwheel.tools import find_tools

_Made = tuple[Path, str, str]  # what a build makes: by its recipe, its target, and its tag's text


@dataclass(frozen=True)
class Asked:
    """The recipes, the targets' names, and what is set for every build."""

    folders: Sequence[Path]
    targets: Sequence[str]
    config: Mapping[str, str | Sequence[str]]
    environment: Environment


@dataclass(frozen=True)
class _Read:
    """A build whose recipe was read: what it makes, and the same of the siblings it is built on.

    `tasks` are those of all of them.
    """

    build: Build
    tasks: Sequence[Task] = ()
    makes: _Made | None = None
    siblings: frozenset[_Made] = frozenset()


def builds(asked: Asked, find: Callable[[Task], object] = find_tools) -> tuple[Build, ...]:
    """Return the builds of the recipes for each of the targets, in the order to build them.

    Raises BuildError with every mistake in the targets' names, the settings and the recipes, and
    with all that `find` says is lacking on this machine.
    """
    mistakes: list[str] = []
    names = _target_names(asked.targets, mistakes)
    folders = dict.fromkeys(folder.resolve() for folder in asked.folders)
    read = [one for folder in folders for one in _read(folder, names, asked, mistakes)]
    if lines := dict.fromkeys([*mistakes, *_twice(read), *_lacking(read, find)]):
        raise BuildError("\n".join(lines))
    return in_order([_linked(one, read) for one in read])


def _target_names(given: Iterable[str], mistakes: list[str]) -> Iterable[str]:
    """Return the targets' names, each once, written in full; native where none is right."""
    found: dict[str, None] = {}
    for name in given:
        with _noted(mistakes):
            found[str(target.parse(name) or NATIVE)] = None
    return found or (NATIVE,)


def _read(folder: Path, names: Iterable[str], asked: Asked, mistakes: list[str]) -> Iterator[_Read]:
    """Read a recipe, for each target; what is wrong is added to `mistakes`."""
    with _noted(mistakes):
        recipe, identity = tasks.read(folder)
        for name in names:
            build = Build(identity.name, folder, name)
            config = {**asked.config, "target": name}
            with _noted(mistakes):
                try:
                    task = tasks.within(recipe, identity, config, asked.environment, Console())
                    every = pipeline.with_siblings(task)
                except RefusedError as error:
                    yield _Read(replace(build, refused=str(error)))
                else:
                    made = frozenset(_makes(sibling, name) for sibling in every[:-1])
                    yield _Read(build, every, _makes(task, name), made)


def _makes(task: Task, target_name: str) -> _Made:
    return task.resolved.folder, target_name, str(task.tag)


def _twice(read: Iterable[_Read]) -> Iterator[str]:
    """Yield who makes a wheel of the same name as another."""
    first: dict[tuple[str, str], Path] = {}
    for one in read:
        if one.makes:
            folder, target_name, made = one.makes
            other = first.setdefault((target_name, made), folder)
            if other != folder:
                yield f"{folder} and {other} are both {made}: build them into two folders"


def _lacking(read: Iterable[_Read], find: Callable[[Task], object]) -> Iterator[str]:
    """Yield what lacks on this machine, each once, and below it what it is needed for."""
    known: dict[tuple[object, ...], str] = {}
    needed: dict[str, list[Build]] = {}
    for one in read:
        for line in _lines(known, one.tasks, find):
            needed.setdefault(line, []).append(one.build)
    for wanted, lines in _together(needed).items():
        yield "\n".join([*lines, f"  needed for {_named(wanted)}"])


def _lines(
    known: dict[tuple[object, ...], str], every: Iterable[Task], find: Callable[[Task], object]
) -> Iterable[str]:
    """Return what some tasks lack; `known` has what others did that need the same programs."""
    found: dict[str, None] = {}
    for task in every:
        key = (task.toolchain, task.is_native, task.target.format, task.resolved.build.system)
        if key not in known:
            known[key] = _lack(task, find)
        found |= dict.fromkeys(known[key].splitlines())
    return found


def _lack(task: Task, find: Callable[[Task], object]) -> str:
    """Return what a task lacks; what there is to note of its programs, its build says."""
    try:
        find(replace(task, console=Console(io.StringIO())))
    except BuildError as error:
        return str(error)
    return ""


def _together(needed: Mapping[str, Sequence[Build]]) -> Mapping[tuple[Build, ...], Sequence[str]]:
    """Return the lines that are about the same builds together, by these."""
    found: dict[tuple[Build, ...], list[str]] = {}
    for line, wanted in needed.items():
        found.setdefault(tuple(wanted), []).append(line)
    return found


def _named(wanted: Sequence[Build]) -> str:
    """Name builds in short: ``zlib, hdf5 for native, x86_64-windows; openmp for native``."""
    targets: dict[str, list[str]] = {}
    for one in wanted:
        targets.setdefault(one.name, []).append(one.target)
    names: dict[str, list[str]] = {}
    for name, those in targets.items():
        names.setdefault(", ".join(those), []).append(name)
    return "; ".join(f"{', '.join(some)} for {those}" for those, some in names.items())


def _linked(one: _Read, read: Iterable[_Read]) -> Build:
    """Return the build with those that it waits for: of the same release as it is built on."""
    after = frozenset(other.build.key for other in read if other.makes in one.siblings)
    return replace(one.build, after=after)


@contextmanager
def _noted(mistakes: list[str]) -> Iterator[None]:
    try:
        yield
    except LibwheelError as error:
        mistakes.append(str(error))
