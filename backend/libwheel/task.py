"""One task: a recipe, read and resolved, with everything that was set for this call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from pathlib import Path

from libwheel import metadata, recipe_file, sdist, settings, target
from libwheel.console import Console
from libwheel.errors import BuildError, Problem, RecipeError
from libwheel.metadata import Identity
from libwheel.naming import Tag
from libwheel.recipe import Recipe, Resolved, Source, same_version
from libwheel.recipe_mistakes import requires_itself
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

    @property
    def epoch(self) -> int:
        """The time of every file, in seconds since 1970."""
        return file_time(self.environment.epoch)

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
    """Return the task for a recipe and an environment that were read before; see `load`."""
    chosen = settings.parse(config, recipe.options)
    native = target.native()
    version, choices = _choice(recipe, chosen)
    resolved = recipe.resolve(version, native, choices)
    tag = Tag(
        identity.name,
        resolved.release.version,
        resolved.abi,
        resolved.build_number,
        resolved.variant,
    )
    return Task(recipe, resolved, identity, tag, native, chosen, environment, console)


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
