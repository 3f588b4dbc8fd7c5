"""The commands for recipes and what they make: check, plan, fetch, build and show."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

from packaging.requirements import Requirement

from libwheel import building, naming, pipeline, plan, settings, show
from libwheel.cli_command import Commands, command, say
from libwheel.console import Console
from libwheel.errors import BuildError, RecipeError
from libwheel.files import writing_to
from libwheel.plan import Workspace
from libwheel.task import Task, read
from libwheel.toolchains import native

_SETTINGS = "\n".join(f"  -C {name}=...".ljust(24) + text for name, text in settings.HELP.items())


def add(commands: Commands) -> None:
    """Add the commands to the command line."""
    for one in (_add_check, _add_plan, _add_fetch, _add_build, _add_show):
        one(commands)


def _add_check(commands: Commands) -> None:
    text = "validate recipes; show every mistake at once"
    check = command(commands, "check", _check, text, "libwheel check recipes/*/")
    check.add_argument("recipe", nargs="+", type=Path, help="a recipe's folder")


def _add_plan(commands: Commands) -> None:
    text = "print the commands of a build as a shell script"
    example = "libwheel plan -C version=2.0.0 recipes/hdf5"
    _one_recipe(command(commands, "plan", _plan, text, example))


def _add_fetch(commands: Commands) -> None:
    text = "fill the cache with the upstream archives of recipes and of those they require"
    example = "libwheel fetch recipes/hdf5 recipes/zlib"
    fetch = command(commands, "fetch", _fetch, text, example)
    fetch.add_argument("recipe", nargs="+", type=Path, help="a recipe's folder")
    fetch.add_argument("--unpack", type=Path, metavar="FOLDER", help="unpack and patch them there")
    _settings(fetch)


def _add_build(commands: Commands) -> None:
    text = "build a recipe's wheel in this environment"
    example = "libwheel build --timings -o wheels recipes/hdf5"
    build = command(commands, "build", _build, text, example)
    _one_recipe(build)
    build.add_argument("-o", "--outdir", type=Path, default=Path("dist"), help="default: dist")
    build.add_argument("--sdist", action="store_true", help="build the sdist instead")
    build.add_argument("--timings", action="store_true", help="print where the time went")


def _add_show(commands: Commands) -> None:
    text = "show what is in a recipe or a library wheel"
    example = "libwheel show dist/hdf5-1.14.5-0-py3-none-manylinux_2_34_x86_64.whl"
    shown = command(commands, "show", _show, text, example)
    shown.add_argument("path", type=Path, help="a recipe's folder, or a wheel")


def _one_recipe(command: argparse.ArgumentParser) -> None:
    command.add_argument("recipe", type=Path, help="the recipe's folder")
    _settings(command)


def _settings(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "-C",
        dest="config",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a setting, as the build frontends take it",
    )
    own = "  the options of a recipe are given alike; `libwheel show RECIPE` lists them"
    command.epilog = f"settings:\n{_SETTINGS}\n{own}\n\n{command.epilog}"


def _task(folder: Path, options: argparse.Namespace) -> Task:
    config: dict[str, list[str]] = {}
    for item in options.config:
        name, equals, value = item.partition("=")
        if not equals:
            raise BuildError(f"-C {item}: settings are given as KEY=VALUE")
        here = name in settings.PATHS and value
        config.setdefault(name, []).append(str(Path(value).absolute()) if here else value)
    single = {name: v[0] if len(v) == 1 else v for name, v in config.items()}
    return pipeline.load(folder, single)


def _check(options: argparse.Namespace) -> int:
    console, failed = Console(), 0
    for folder in options.recipe:
        try:
            recipe, identity = read(folder)
        except (BuildError, RecipeError) as error:
            console.error(str(error))
            failed += 1
        else:
            versions = ", ".join(release.version for release in recipe.releases)
            say(f"{folder}: no mistakes; {identity.name} {versions}")
    return 1 if failed else 0


def _plan(options: argparse.Namespace) -> int:
    task = _task(options.recipe, options)
    root = task.settings.work_dir or settings.spaceless("work-dir", Path.cwd() / "work")
    space = Workspace(root, root / "logs")
    wanted = plan.make(building.request(task, native.find(task.environment)), space)
    chosen = [word for item in options.config for word in ("-C", item)]
    fetch = ("libwheel", "fetch", *chosen, "--unpack", str(space.source), str(options.recipe))
    head = f"# {task.tag} for {task.target}"
    say(f"{head}\n# first: {shlex.join(fetch)}\n{_of_others(task, space)}{wanted.as_shell()}")
    return 0


def _of_others(task: Task, space: Workspace) -> str:
    """Return comments that say how the library wheels get into a plan's folder."""
    goal = shlex.quote(str(space.requires))
    lines = []
    for text in task.resolved.requires:
        locator = naming.import_name(naming.canonical(Requirement(text).name))
        copy = f'cp -aL "$(python -m {locator} prefix)"/. {goal}'
        lines.append(f"# with {text} installed: mkdir -p {goal} && {copy}\n")
    return "".join(lines)


def _fetch(options: argparse.Namespace) -> int:
    if options.unpack and len(options.recipe) > 1:
        raise BuildError("--unpack takes one recipe")
    if options.unpack and options.unpack.exists() and any(options.unpack.iterdir()):
        raise BuildError(f"--unpack: {options.unpack} is not empty")
    tasks = [_task(folder, options) for folder in options.recipe]
    wanted = (one for task in tasks for one in pipeline.with_siblings(task))
    for task in {(one.resolved.folder, one.tag): one for one in wanted}.values():
        fetched = pipeline.fetch_sources(task)
        for item in fetched:
            say(f"{item.archive.sha256}  {item.archive.file_names[0]}")
        if options.unpack and task in tasks:
            building.prepare_source(task, fetched, options.unpack)
    return 0


def _build(options: argparse.Namespace) -> int:
    task = _task(options.recipe, options)
    build = pipeline.build_sdist if options.sdist else pipeline.build_wheel
    with writing_to(options.outdir):
        options.outdir.mkdir(parents=True, exist_ok=True)
    try:
        say(str(options.outdir / build(task, options.outdir)))
    finally:
        if options.timings:
            for timing in task.console.timings:
                task.console.line(f"{timing.seconds:8.2f} s  {timing.step}")
    return 0


def _show(options: argparse.Namespace) -> int:
    path: Path = options.path
    if not path.exists():
        raise BuildError(f"{path} is not there")
    if path.is_dir():
        say(show.recipe_text(pipeline.load(path, None)))
    else:
        say(show.wheel_text(path))
    return 0
