"""From verified archives to an installed tree: unpack, patch, run the plan, check, keep."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from libwheel import configurations, plan, programs
from libwheel.buildsystems.job import LIBDIR, PREFIX, Job
from libwheel.errors import BuildError, RecipeError, nearest
from libwheel.files import explain_os_error, is_full, locked, no_space, writing_to
from libwheel.plan import Plan, Request
from libwheel.process import CommandError, run
from libwheel.required import RequiredWheel
from libwheel.settings import CACHE_HINT
from libwheel.source import patches, unpack
from libwheel.source.fetch import Fetched
from libwheel.task import Task
from libwheel.toolchains.toolchain import Toolchain
from libwheel.tools import Tools, source_programs
from libwheel.trees import InstalledTree, TreeCache
from libwheel.workspace import Workspace

# Of a version script of upstream's whose node has no name: no linker takes one beside ours.
_ANONYMOUS = (
    "anonymous version tag cannot be combined with other version tags",  # GNU ld
    "anonymous version definition is used in combination with other version definitions",  # LLD
)
_NO_SPACE = "NoSpaceLeft"  # zig, of its cache

# Stands for the workspace in a key: where a build happened must not matter.
_ANYWHERE = Workspace(Path("/libwheel"), Path("/libwheel/logs"))


def request(task: Task, toolchain: Toolchain) -> Request:
    """Return what the task's plan is made from."""
    resolved = task.resolved
    requires = bool(resolved.requires)
    return Request(
        resolved.build, task.tag, toolchain, task.epoch, task.settings.jobs, task.target, requires
    )


def applied_patches(task: Task, fetched: Sequence[Fetched]) -> list[Path]:
    """Return the patches for these bytes, for the release and for the recipe, in order."""
    names = [name for item in fetched for name in item.archive.patches]
    names += [*task.resolved.release.patches, *task.resolved.patches]
    return [task.resolved.folder / name for name in names]


def installed_tree(
    task: Task,
    tools: Tools,
    fetched: Sequence[Fetched],
    space: Workspace,
    against: Sequence[RequiredWheel] = (),
) -> InstalledTree:
    """Return the installed tree, from the cache where nothing that goes into it has changed.

    `against` are the library wheels that the workspace has for the build. A local source is not
    kept, and `-C work-dir` asks for the build itself.
    """
    if task.settings.source:
        return _built(task, tools, fetched, space)
    cache = TreeCache(task.environment.cache / "trees")
    key = tree_key(task, tools, fetched, against)
    with ExitStack() as stack:
        try:
            stack.enter_context(_locked(task, cache, key))
        except BuildError as error:
            _not_kept(task, error)
            return _built(task, tools, fetched, space)
        return _cached(task, cache, key) or _kept(
            task, cache, key, _built(task, tools, fetched, space)
        )


@contextmanager
def _locked(task: Task, cache: TreeCache, key: str) -> Iterator[None]:
    waiting = "another build makes the same tree: waiting for it"
    with ExitStack() as stack:
        with writing_to(cache.folder, CACHE_HINT):
            stack.enter_context(locked(cache.lock(key), lambda: task.console.note(waiting)))
        yield


def _cached(task: Task, cache: TreeCache, key: str) -> InstalledTree | None:
    if task.settings.work_dir or not cache.has(key):
        return None
    found = cache.get(key)
    if found:
        task.console.note("nothing changed: taking the installed tree from the cache")
    else:
        task.console.warn(f"{cache.entry(key)} is corrupted; the tree is built again")
    return found


def _kept(task: Task, cache: TreeCache, key: str, tree: InstalledTree) -> InstalledTree:
    """Store a copy of the tree, where the cache can take it."""
    try:
        cache.put(key, tree)
    except BuildError as error:
        _not_kept(task, error)
    return tree


def _not_kept(task: Task, error: BuildError) -> None:
    task.console.warn(f"the installed tree is not kept: {error}")


def prepare_source(task: Task, fetched: Sequence[Fetched], source: Path) -> None:
    """Unpack and patch the source tree into the folder `source`."""
    with task.console.step("unpack"):
        if task.settings.source:
            unpack.take_local(task.settings.source, source)
        for item in fetched:
            unpack.unpack(item, source)
        patches.apply(applied_patches(task, fetched), source)


def tree_key(
    task: Task, tools: Tools, fetched: Sequence[Fetched], against: Sequence[RequiredWheel] = ()
) -> str:
    """Return the key of the tree that a build would install: all that makes a difference to it."""
    toolchain = replace(tools.toolchain, launcher=None)
    wanted = replace(request(task, toolchain), jobs=1)
    requires = {"requires": [wheel.digests for wheel in against]} if against else {}
    return TreeCache.key(
        {
            "plan": plan.make(wanted, _ANYWHERE).as_json(),
            "archives": [f"{a.sha256} {a.into} {a.only}" for a in (f.archive for f in fetched)],
            "patches": [_digest(path) for path in applied_patches(task, fetched)],
            "licenses": sorted(task.resolved.license_files.items()),
            "tools": tools.fingerprint,
            "programs": [f"{p.path.name} {p.version}" for p in source_programs(task, fetched)],
            "target": str(task.target),
            **requires,
        }
    )


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _built(task: Task, tools: Tools, fetched: Sequence[Fetched], space: Workspace) -> InstalledTree:
    prepare_source(task, fetched, space.source)
    _check_licenses(task, space.source)
    wanted = request(task, tools.toolchain)
    if launcher := tools.toolchain.launcher:
        task.console.note(f"compiling through {launcher.name}")
        launcher.start(task.environment)
    _check_cache(tools.toolchain)
    with _foretold(task, tools.toolchain):
        logs = _run(plan.make(wanted, space), task, tools, space)
    jobs = plan.build_jobs(wanted, space)
    _check_places(task, jobs)
    unused = plan.unused_options(
        wanted, space, lambda title: logs[title].read_text("utf-8", "replace")
    )
    tree = InstalledTree(space.tree, tuple(unused), space.root)
    tree.root.mkdir()
    configurations.merge(task.resolved, jobs, tree.prefix)
    _copy_licenses(task, space.source, tree.licenses)
    return tree


def _run(wanted: Plan, task: Task, tools: Tools, space: Workspace) -> dict[str, Path]:
    """Run the plan; return the logs of its commands, by their titles."""
    for path, text in wanted.files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755 if plan.is_program(text) else 0o644)
    found = (*tools.toolchain.programs, *tools.programs)
    machine = programs.variables(found, task.environment.path)
    machine |= tools.toolchain.variables
    machine["TMPDIR"] = str(space.temporary)
    if task.environment.home:
        machine["HOME"] = str(task.environment.home)
    logs = {}
    for command in wanted.commands:
        logs[command.title] = space.logs / f"{command.title}.log"
        with task.console.step(command.title):
            variables = {**command.variables, **machine}
            with _explained(task, tools.toolchain):
                hidden = task.environment.launching
                full = replace(command, variables=variables, hidden=hidden)
                run(full, logs[command.title], task.console)
    return logs


@contextmanager
def _foretold(task: Task, toolchain: Toolchain) -> Iterator[None]:
    """Say why a build takes long that is the first one for its target to fill a cache.

    A file in the cache says that there was one.
    """
    known = toolchain.cache and toolchain.cache / "libwheel" / toolchain.fingerprint
    if known is None or known.exists():
        yield
        return
    task.console.note(
        f"the first build for {task.target}: zig compiles the C library of the target before all "
        "else, for a minute or so; it stays in the cache"
    )
    yield
    with suppress(OSError):  # all that comes of it is that it is said again
        known.parent.mkdir(exist_ok=True)
        known.touch()


def _check_cache(toolchain: Toolchain) -> None:
    """Raise BuildError where the toolchain's cache cannot be written to."""
    if toolchain.cache:
        with writing_to(toolchain.cache, CACHE_HINT):
            toolchain.cache.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=toolchain.cache).close()


@contextmanager
def _explained(task: Task, toolchain: Toolchain) -> Iterator[None]:
    """Make a failure that we know the reason of the recipe's problem, or say what is full."""
    try:
        yield
    except CommandError as error:
        log = error.log.read_text("utf-8", "replace")
        cache = toolchain.cache
        if cache and (_NO_SPACE in log or is_full(cache)):
            full = explain_os_error(no_space(cache), cache, CACHE_HINT)
            raise BuildError(f"{full}\n{error}") from None
        if not any(text in log for text in _ANONYMOUS):
            raise
        text = (
            "upstream's version script has a node without a name, and linkers take none beside "
            f"{task.tag.version_node}: add a patch that names it, as in `UPSTREAM_1 {{ global: "
            f"... }};`, or that drops the script\n{error}"
        )
        raise RecipeError([task.resolved.problem("patches", text)]) from None


def _check_places(task: Task, jobs: Iterable[Job]) -> None:
    """Raise RecipeError where upstream did not install into the prefix, or not into `lib`."""
    problems = [
        task.resolved.problem("build", f"configuration {job.name!r}: {text}" if job.name else text)
        for job in jobs
        for text in _misplaced(job)
    ]
    if problems:
        raise RecipeError(problems)


def _misplaced(job: Job) -> Iterator[str]:
    prefix = job.installed
    for path in sorted(job.destination.rglob("*")):
        if not path.is_dir() and prefix not in path.parents:
            yield f"{path.relative_to(job.destination)} is outside {PREFIX}"
    if not prefix.is_dir() or not any(prefix.iterdir()):
        yield f"nothing was installed below DESTDIR{PREFIX}: does `install` heed DESTDIR?"
    for name in ("lib32", "lib64", "libx32"):
        if (prefix / name).exists():
            yield f"libraries were installed into {name}: set the option that says {LIBDIR}"


def _check_licenses(task: Task, source: Path) -> None:
    """Raise RecipeError, before the long part of a build, for licence files that are not there."""
    number = task.recipe.releases.index(task.resolved.release) + 1
    wanted = {f"release[{number}].licenses": task.resolved.release.licenses}
    for number, library in enumerate(task.resolved.bundled, 1):
        wanted[f"bundled[{number}].licenses"] = tuple(library.license_files.values())
    problems = [
        task.resolved.problem(key, f"{name!r} is not in the source tree{_nearest(source, name)}")
        for key, names in wanted.items()
        for name in names
        if not (source / name).is_file()
    ]
    if problems:
        raise RecipeError(problems)


def _nearest(source: Path, name: str) -> str:
    there = (source / name).parent.glob("*")
    return nearest(name, (path.relative_to(source).as_posix() for path in there))


def _copy_licenses(task: Task, source: Path, folder: Path) -> None:
    for shipped, name in task.resolved.license_files.items():
        (folder / shipped).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / name, folder / shipped)
