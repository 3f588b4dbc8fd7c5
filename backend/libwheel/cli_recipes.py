"""The commands for recipes and what they make: check, plan, fetch, build and show."""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement

from libwheel import building, buildsystems, naming, pipeline, plan, settings, several, show
from libwheel.cli_command import Commands, command, say
from libwheel.console import Console
from libwheel.errors import BuildError, RecipeError
from libwheel.files import writing_to
from libwheel.recipe_file import none_there
from libwheel.settings import OUTPUT_HINT
from libwheel.several.asking import Asked
from libwheel.target import NATIVE
from libwheel.task import Task, read
from libwheel.toolchains.toolchain import Toolchain
from libwheel.tools import find_toolchain
from libwheel.workspace import Workspace

_SEVERAL = """several wheels, each by a process of its own, within the machine's cores and memory:
  libwheel build recipes/zlib recipes/hdf5
  libwheel build --target x86_64-linux-gnu.2.17 --target aarch64-macos.11 recipes/zlib
  libwheel build --keep-going --target x86_64-windows -o wheels recipes/*/
-C jobs= is how many compilers run in all then; a wheel waits for those that it is built on."""

_Config = dict[str, str | list[str]]

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
    text = "build the wheels of recipes, for one target or several, in this environment"
    example = "libwheel build --timings -o wheels recipes/hdf5"
    build = command(commands, "build", _build, text, example)
    build.add_argument("recipe", nargs="+", type=Path, help="a recipe's folder")
    _settings(build)
    build.epilog = f"{_SEVERAL}\n\n{build.epilog}"
    build.add_argument(
        "--target",
        dest="targets",
        action="append",
        default=[],
        metavar="TARGET",
        help="what the wheels are for, as -C target= has it; may be given several times",
    )
    build.add_argument("-o", "--outdir", type=Path, default=Path("dist"), help="default: dist")
    going = "where one of several wheels fails, build all that do not need it"
    build.add_argument("--keep-going", action="store_true", help=going)
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
    return pipeline.load(folder, _config(options))


def _config(options: argparse.Namespace) -> _Config:
    config: dict[str, list[str]] = {}
    for item in options.config:
        name, equals, value = item.partition("=")
        if not equals:
            raise BuildError(f"-C {item}: settings are given as KEY=VALUE")
        here = name in settings.PATHS and value
        config.setdefault(name, []).append(str(Path(value).absolute()) if here else value)
    return {name: v[0] if len(v) == 1 else v for name, v in config.items()}


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
    toolchain = find_toolchain(task)
    wanted = plan.make(building.request(task, toolchain), space)
    chosen = [word for item in options.config for word in ("-C", item)]
    fetch = ("libwheel", "fetch", *chosen, "--unpack", str(space.source), str(options.recipe))
    head = f"# {task.tag} for {task.target}, in {space.root}"
    before = f"{_of_others(task, space)}{_of_system(task)}{_of_machine(toolchain)}"
    say(f"{head}\n# first: {shlex.join(fetch)}\n{before}{wanted.as_shell()}")
    return 0


def _of_system(task: Task) -> str:
    """Return a comment that says how the build system comes to be on PATH."""
    wanted = buildsystems.SYSTEMS[task.resolved.build.system].requires
    install = shlex.join(("python3", "-m", "pip", "install", *wanted))
    return f"# on PATH: what this brings: {install}\n" if wanted else ""


def _of_machine(toolchain: Toolchain) -> str:
    """Return lines for what a toolchain's own programs need beside the plan."""
    programs = (f"{one.path.name} {one.version}".rstrip() for one in toolchain.programs)
    lines = [f"# on PATH: {', '.join(programs)}; where it is not:"] if toolchain.programs else []
    lines += [f"#   {line}" for line in toolchain.on_path]
    lines += [f"export {name}={shlex.quote(v)}" for name, v in toolchain.variables.items()]
    return "".join(f"{line}\n" for line in lines)


def _of_others(task: Task, space: Workspace) -> str:
    """Return comments that say how the library wheels get into a plan's folder."""
    goal = shlex.quote(str(space.requires))
    lines = []
    for text in task.resolved.requires:
        if not task.is_native:
            lines.append(f"# and what is in the data of {text} for {task.target}: in {goal}\n")
            continue
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
    config = _config(options)
    is_one = len(options.recipe) == 1 and len(options.targets) <= 1
    if mistakes := [*_about_target(config, options), *(() if is_one else _of_one(config, options))]:
        raise BuildError("\n".join(mistakes))
    targets = options.targets or [str(config.get("target", NATIVE))]
    if is_one:
        return _build_one(
            pipeline.load(options.recipe[0], {**config, "target": targets[0]}), options
        )
    asked = Asked(options.recipe, targets, config, settings.environment(os.environ))
    several.build(asked, options.outdir, keep_going=options.keep_going)
    return 0


def _about_target(config: _Config, options: argparse.Namespace) -> Iterator[str]:
    """Yield what is wrong with how targets are given."""
    given = config.get("target", NATIVE)
    if options.targets and "target" in config:
        yield "--target and -C target= say the same: give one of them"
    elif not isinstance(given, str):
        yield f"-C target is given {len(given)} times: give each as --target"


def _of_one(config: _Config, options: argparse.Namespace) -> Iterator[str]:
    """Yield what is given and speaks of one build."""
    given = [f"--{name}" for name in ("sdist", "timings") if getattr(options, name)]
    given += [f"-C {name}" for name in ("work-dir", "source") if name in config]
    yield from (f"{name} is for one build: name one recipe and one target" for name in given)


def _build_one(task: Task, options: argparse.Namespace) -> int:
    build = pipeline.build_sdist if options.sdist else pipeline.build_wheel
    with writing_to(options.outdir, OUTPUT_HINT):
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
        raise BuildError(none_there(path))
    if path.is_dir():
        say(show.recipe_text(pipeline.load(path, None)))
    else:
        say(show.wheel_text(path))
    return 0
