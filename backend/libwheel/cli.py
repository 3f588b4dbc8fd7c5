"""The command line: check, plan, fetch, build, show, repair and doctor."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Sequence
from pathlib import Path

from libwheel import building, cli_doctor, cli_repair, pipeline, plan, settings, show
from libwheel.cli_parts import command, say
from libwheel.console import Console
from libwheel.errors import BuildError, RecipeError
from libwheel.files import writing_to
from libwheel.guard import guarded
from libwheel.plan import Workspace
from libwheel.task import Task, read
from libwheel.toolchains import native
from libwheel.version import __version__

_SETTINGS = "\n".join(f"  -C {name}=...".ljust(24) + text for name, text in settings.HELP.items())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    options = parser().parse_args(arguments)
    return guarded(lambda: int(options.run(options)))


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    top = argparse.ArgumentParser(
        prog="libwheel",
        description="Build upstream C libraries into wheels that every Python package can share.",
        epilog="`libwheel COMMAND --help` has the settings and an example of each command.",
    )
    top.add_argument("--version", action="version", version=f"libwheel {__version__}")
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    check = command(
        commands,
        "check",
        _check,
        "validate recipes; show every mistake at once",
        "libwheel check recipes/*/",
    )
    check.add_argument("recipe", nargs="+", type=Path, help="a recipe's folder")
    planned = command(
        commands,
        "plan",
        _plan,
        "print the commands of a build as a shell script",
        "libwheel plan -C version=2.0.0 recipes/hdf5",
    )
    _one_recipe(planned)
    fetch = command(
        commands,
        "fetch",
        _fetch,
        "fill the cache with a recipe's upstream archives",
        "libwheel fetch recipes/hdf5 recipes/zlib",
    )
    fetch.add_argument("recipe", nargs="+", type=Path, help="a recipe's folder")
    fetch.add_argument("--unpack", type=Path, metavar="FOLDER", help="unpack and patch them there")
    _settings(fetch)
    build = command(
        commands,
        "build",
        _build,
        "build a recipe's wheel in this environment",
        "libwheel build --timings -o wheels recipes/hdf5",
    )
    _one_recipe(build)
    build.add_argument("-o", "--outdir", type=Path, default=Path("dist"), help="default: dist")
    build.add_argument("--sdist", action="store_true", help="build the sdist instead")
    build.add_argument("--timings", action="store_true", help="print where the time went")
    shown = command(
        commands,
        "show",
        _show,
        "show what is in a recipe or a library wheel",
        "libwheel show dist/hdf5-1.14.5-0-py3-none-manylinux_2_34_x86_64.whl",
    )
    shown.add_argument("path", type=Path, help="a recipe's folder, or a wheel")
    cli_repair.add(commands)
    cli_doctor.add(commands)
    return top


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
    command.epilog = f"settings:\n{_SETTINGS}\n\n{command.epilog}"


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
    head = f"# {task.tag.wheel} {task.tag.version} for {task.target}"
    say(f"{head}\n# first: {shlex.join(fetch)}\n{wanted.as_shell()}")
    return 0


def _fetch(options: argparse.Namespace) -> int:
    if options.unpack and len(options.recipe) > 1:
        raise BuildError("--unpack takes one recipe")
    if options.unpack and options.unpack.exists() and any(options.unpack.iterdir()):
        raise BuildError(f"--unpack: {options.unpack} is not empty")
    for folder in options.recipe:
        task = _task(folder, options)
        fetched = pipeline.fetch_sources(task)
        for item in fetched:
            say(f"{item.archive.sha256}  {item.archive.file_names[0]}")
        if options.unpack:
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
