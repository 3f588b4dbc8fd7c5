"""One task: a recipe, read and resolved, with everything that was set for this call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from pathlib import Path

from libwheel import metadata, recipe_file, sdist, settings, toolchains
from libwheel.console import Console
from libwheel.errors import BuildError, Problem, RecipeError, RefusedError
from libwheel.metadata import Identity
from libwheel.naming import Tag
from libwheel.recipe import Resolved, Source
from libwheel.recipe_mistakes import requires_itself
from libwheel.recipe_resolution import Recipe, same_version
from libwheel.settings import Environment, Settings
from libwheel.target import Target
from libwheel.wheel import file_time


@dataclass(frozen=True)
class Task:
    """What is to be built, for whom it is named, and how it was asked for."""

    recipe: Recipe
    resolved: Resolved
    identity: Identity
    tag: Tag
    target: Target
    settings: Settings
    environment: Environment
    console: Console
    toolchain: str

    @property
    def epoch(self) -> int:
        """The time of every file, in seconds since 1970."""
        return file_time(self.environment.epoch)

    @property
    def is_native(self) -> bool:
        """The wheel is for this machine: it goes with the library wheels that are installed."""
        return self.settings.target is None

    @property
    def is_of_sdist(self) -> bool:
        """The recipe's folder is an unpacked sdist: for one release, and with nothing beside it."""
        return (self.resolved.folder / sdist.PKG_INFO).is_file()

    @property
    def needs(self) -> Sequence[Sequence[Source]]:
        """What has to be fetched: a local source takes the place of the release's."""
        return self.resolved.needs[1:] if self.settings.source else self.resolved.needs

    @property
    def archive_names(self) -> tuple[str, ...]:
        """The names of all that may have to be unpacked."""
        archives = (a for need in self.needs for source in need for a in source.archives)
        local = [self.settings.source.name] if self.settings.source else []
        return (*local, *(name for archive in archives for name in archive.file_names))

    @property
    def other_needs(self) -> Mapping[str, Sequence[Sequence[Source]]]:
        """What each other release needs; none where the release is settled, as an sdist's is."""
        if self.settings.source or self.is_of_sdist:
            return {}
        versions = [release.version for release in self.recipe.releases]
        versions.remove(self.resolved.release.version)
        resolved = (self.recipe.resolve(v, self.target, self.resolved.choices) for v in versions)
        return {one.release.version: one.needs for one in resolved}


def load(
    folder: Path,
    config: Mapping[str, str | Sequence[str]] | None,
    variables: Mapping[str, str],
    console: Console,
) -> Task:
    """Read the recipe in `folder`; `config` are the frontend's settings.

    Raises RecipeError with every mistake in either of the recipe's files, BuildError for a
    setting or environment variable that cannot be used.
    """
    environment = settings.environment(variables)
    return within(*read(folder), config, environment, console)


def within(
    recipe: Recipe,
    identity: Identity,
    config: Mapping[str, str | Sequence[str]] | None,
    environment: Environment,
    console: Console,
) -> Task:
    """Return the task for a recipe and an environment that were read before; see `load`.

    Raises BuildError where the recipe says that it cannot be built so.
    """
    chosen = settings.parse(config, recipe.options)
    toolchain = toolchains.choose(chosen, environment)
    wanted = chosen.target or toolchains.native_target(toolchain)
    version, choices = _choice(recipe, chosen)
    resolved = recipe.resolve(version, wanted, choices)
    tag = Tag(
        identity.name,
        resolved.release.version,
        resolved.abi,
        resolved.build_number,
        resolved.variant,
        wanted.os,
    )
    if resolved.unsupported:
        raise RefusedError(f"{tag} cannot be built for {wanted}: {resolved.unsupported}")
    return Task(recipe, resolved, identity, tag, wanted, chosen, environment, console, toolchain)


def read(folder: Path) -> tuple[Recipe, Identity]:
    """Read both files of a recipe; raises RecipeError with every mistake in either."""
    folder = folder.resolve()
    try:
        recipe = recipe_file.load(folder)
    except RecipeError as first:
        try:
            metadata.load(folder)
        except RecipeError as second:
            raise RecipeError([*first.problems, *second.problems]) from None
        raise
    identity = metadata.load(folder)
    if problems := [*requires_itself(recipe, identity.name), *_undeclared(recipe, identity)]:
        raise RecipeError(problems)
    return recipe, identity


def _undeclared(recipe: Recipe, identity: Identity) -> list[Problem]:
    bodies = (body for release in recipe.releases for body in recipe.bodies(release))
    return metadata.undeclared_requires(identity) if any(b.requires for b in bodies) else []


def _choice(recipe: Recipe, chosen: Settings) -> tuple[str | None, Mapping[str, str]]:
    """Return the version and the options that are asked for.

    An sdist was made for one version and one choice of options, and holds to them.
    """
    path = recipe.folder / sdist.PKG_INFO
    if not path.is_file():
        return chosen.version, chosen.chosen
    pinned = str(BytesHeaderParser().parsebytes(path.read_bytes())["Version"])
    upstream, _, variant = pinned.partition("+")
    if chosen.version and not same_version(chosen.version, upstream):
        raise BuildError(f"-C version={chosen.version}: this sdist is of {pinned}")
    choices = recipe.choices_of(variant)
    for option in recipe.options:
        value = chosen.chosen.get(option.name, "")
        if value not in ("", choices.get(option.name, option.default)):
            raise BuildError(f"-C {option.name}={value}: this sdist is of {pinned}")
    return upstream, choices
