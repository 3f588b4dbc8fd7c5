"""A recipe as written, and what it says for one release, target and choice of options.

`[[when]]` tables are laid over the others in order; then the conditions of single libraries,
configurations and expectations decide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from types import MappingProxyType
from typing import Any

from packaging.version import InvalidVersion, Version

from libwheel.errors import BuildError, nearest
from libwheel.recipe import FILE, Body, Option, Release, Resolved, When
from libwheel.schema import Reader
from libwheel.target import Target, known

Holds = Callable[[When], bool]  # tells whether a condition holds


@dataclass(frozen=True)
class Overlay:
    """A `[[when]]` table: its key, its conditions, and the tables to lay over the recipe's."""

    where: str
    when: When
    tables: Mapping[str, Any]


@dataclass(frozen=True)
class Case:
    """What a release is on some target, with some choice of options.

    `whole` has every library and configuration, `body` those whose conditions hold.
    """

    whole: Body
    body: Body
    target: Target
    choices: Mapping[str, str]

    def __str__(self) -> str:
        return ", ".join([str(self.target), *(f"{n}={v}" for n, v in self.choices.items())])


@dataclass(frozen=True)
class Recipe:
    """A recipe as written: `tables` hold what `overlays` may change."""

    folder: Path
    releases: tuple[Release, ...]
    tables: Mapping[str, Any]
    overlays: tuple[Overlay, ...]
    options: tuple[Option, ...] = ()

    def release(self, version: str | None) -> Release:
        """Return the release of that version, the default one for None.

        Raises BuildError for a version that the recipe does not have.
        """
        if version is None:
            return self.releases[0]
        for release in self.releases:
            if same_version(release.version, version):
                return release
        versions = [release.version for release in self.releases]
        raise BuildError(
            f"{self.folder / FILE} has no release {version!r}{nearest(version, versions)}; "
            f"it has {', '.join(versions)}"
        )

    def resolve(
        self,
        version: str | None,
        target: Target,
        chosen: Mapping[str, str] = MappingProxyType({}),
    ) -> Resolved:
        """Return the recipe for one release, target and choice of options.

        `chosen` are values of options; the others have their default.
        """
        release = self.release(version)
        choices = {option.name: chosen.get(option.name, option.default) for option in self.options}
        body = self._chosen_body(release, target, choices)
        usual = self._chosen_body(release, target, {o.name: o.default for o in self.options})
        return Resolved(
            **vars(body),
            folder=self.folder,
            release=release,
            choices=choices,
            variant=self._variant(choices),
            left_out=tuple(name for name in _names(usual) if name not in _names(body)),
        )

    def choices_of(self, variant: str) -> Mapping[str, str]:
        """Return the values that are not the default, from the local version label they make.

        Raises BuildError for a label that the recipe's options do not make.
        """
        parts = variant.split(".") if variant else []
        choices = {o.name: part for o in self.options for part in parts if part in o.others}
        if self._variant(choices) != variant:
            raise BuildError(f"{self.folder / FILE} has no options that make a '+{variant}'")
        return choices

    def cases(self, release: Release) -> list[Case]:
        """Return every case of the release that differs from the others."""
        wholes: dict[tuple[str, ...], Body] = {}
        cases: dict[tuple[object, ...], Case] = {}
        for target, choices in product(known(), self._all_choices()):
            holds = _conditions(release, target, choices)
            overlays = self._fitting(holds)
            names = tuple(overlay.where for overlay in overlays)
            whole = wholes.get(names) or wholes.setdefault(names, self._body(overlays))
            same = (names, *map(holds, whole.conditions.values()))
            if same not in cases:
                cases[same] = Case(whole, _decided(whole, holds), target, choices)
        return list(cases.values())

    def bodies(self, release: Release) -> list[Body]:
        """Return every body that the release has on some target with some options, as written."""
        return list({id(case.whole): case.whole for case in self.cases(release)}.values())

    def _all_choices(self) -> Iterator[Mapping[str, str]]:
        names = [option.name for option in self.options]
        for values in product(*(option.values or ("",) for option in self.options)):
            yield dict(zip(names, values, strict=True))

    def _variant(self, choices: Mapping[str, str]) -> str:
        given = ((option, choices.get(option.name)) for option in self.options)
        return ".".join(value for option, value in given if value in option.others)

    def _chosen_body(self, release: Release, target: Target, choices: Mapping[str, str]) -> Body:
        holds = _conditions(release, target, choices)
        return _decided(self._body(self._fitting(holds)), holds)

    def _fitting(self, holds: Holds) -> tuple[Overlay, ...]:
        return tuple(overlay for overlay in self.overlays if holds(overlay.when))

    def _body(self, overlays: Sequence[Overlay]) -> Body:
        tables = self.tables
        for overlay in overlays:
            tables = _laid_over(tables, overlay.tables)
        return Reader(str(self.folder / FILE)).table(Body, tables)


def _conditions(release: Release, target: Target, choices: Mapping[str, str]) -> Holds:
    return lambda when: when.fits(release.version, target, choices)


def _decided(body: Body, holds: Holds) -> Body:
    """Leave the libraries, configurations and expectations whose conditions hold."""
    libraries = [library for library in body.library if holds(library.when)]
    names = {library.name for library in libraries}
    libraries = [
        replace(
            one,
            conflicts=tuple(name for name in one.conflicts if name in names),
            expect=tuple(expected for expected in one.expect if holds(expected.when)),
        )
        for one in libraries
    ]
    configurations = tuple(one for one in body.build.configuration if holds(one.when))
    build = replace(body.build, configuration=configurations)
    return replace(body, library=tuple(libraries), build=build)


def _names(body: Body) -> list[str]:
    return [library.name for library in body.library]


def _laid_over(base: Mapping[str, Any], over: Mapping[str, Any]) -> Mapping[str, Any]:
    """Merge tables key by key; anything else in `over` takes the place of what was there."""
    merged = dict(base)
    for name, value in over.items():
        both = isinstance(value, dict) and isinstance(merged.get(name), dict)
        merged[name] = _laid_over(merged[name], value) if both else value
    return merged


def same_version(one: str, other: str) -> bool:
    """Compare as PEP 440 does: 2.0 is 2.0.0."""
    try:
        return Version(one) == Version(other)
    except InvalidVersion:
        return False
