"""A recipe: what `recipe.toml` may say, and what it says for one release and target."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

from packaging.licenses import canonicalize_license_expression
from packaging.specifiers import SpecifierSet

from libwheel import recipe_checks as checks
from libwheel.errors import BuildError, Problem, RecipeError, nearest
from libwheel.schema import Reader, key
from libwheel.target import Target, known

FILE = "recipe.toml"

Option = str | int | bool


@dataclass(frozen=True, kw_only=True)
class Archive:
    """Bytes with a hash, the places they can be had from, and where they are unpacked."""

    sha256: str = key("The archive's SHA-256.", check=checks.sha256)
    urls: tuple[str, ...] = key("https or file URLs, tried in order.", check=checks.url, default=())
    debian: str = key(
        "A path below a Debian mirror, tried after `urls`.", check=checks.inside, default=""
    )
    into: str = key(
        "The folder of the source tree it is unpacked into.", check=checks.inside, default="."
    )
    only: tuple[str, ...] = key(
        "Patterns: unpack these folders and files alone.", check=checks.inside, default=()
    )
    patches: tuple[str, ...] = key(
        "Patches for these bytes alone, in order.", check=checks.inside, default=()
    )

    @property
    def file_names(self) -> tuple[str, ...]:
        """The names that the archive is known by, the first place's first."""
        places = (*self.urls, *([self.debian] if self.debian else []))
        return tuple(dict.fromkeys(place.rpartition("/")[2] for place in places))


@dataclass(frozen=True, kw_only=True)
class Source(Archive):
    """One way to get a source tree: an archive, and the further parts that it needs."""

    part: tuple[Archive, ...] = key("Further archives that this source needs.", default=())

    @property
    def archives(self) -> tuple[Archive, ...]:
        return (self, *self.part)


@dataclass(frozen=True, kw_only=True)
class Release:
    """One upstream version."""

    version: str = key("Upstream's version, as PEP 440 writes it.", check=checks.version)
    licenses: tuple[str, ...] = key(
        "Licence files in the source tree; they go into the wheel.", check=checks.inside
    )
    source: tuple[Source, ...] = key("Where it can be had: the same release, tried in order.")
    patches: tuple[str, ...] = key(
        "Patches for this release, in order.", check=checks.inside, default=()
    )


@dataclass(frozen=True, kw_only=True)
class Bundled:
    """A library that is linked in statically: a further part of every release's source."""

    name: str = key("Its name.", check=checks.library_name)
    version: str = key("Its version.")
    license: str = key("Its licence, an SPDX expression.", check=checks.license_expression)
    licenses: tuple[str, ...] = key("Its licence files, in its own folder.", check=checks.inside)
    into: str = key("The folder of the source tree it is unpacked into.", check=checks.inside)
    source: tuple[Source, ...] = key("Where it can be had, tried in order.")

    @property
    def placed(self) -> tuple[Source, ...]:
        """The sources, each archive's `into` below this library's own folder."""
        return tuple(
            replace(
                source,
                into=_below(self.into, source.into),
                part=tuple(replace(p, into=_below(self.into, p.into)) for p in source.part),
            )
            for source in self.source
        )


@dataclass(frozen=True, kw_only=True)
class Build:
    """How upstream's own build system is called."""

    system: str = key("`cmake`, `make`, `meson` or `autotools`.", check=checks.system)
    folder: str = key(
        "The folder of the source tree that holds the build files.",
        check=checks.inside,
        default=".",
    )
    options: Mapping[str, Option] = key(
        "CMake cache entries, make variables, Meson options, or configure's `--` options.",
        default_factory=dict,
    )
    targets: tuple[str, ...] = key("What to build; upstream's default if empty.", default=())
    cflags: tuple[str, ...] = key("Further flags for the C and C++ compilers.", default=())
    ldflags: tuple[str, ...] = key("Further flags for the linker.", default=())


@dataclass(frozen=True, kw_only=True)
class Library:
    """What the wheel promises: a shared library with a .pc file and a CMake target."""

    name: str = key("Its name in pkg-config, CMake and Meson.", check=checks.library_name)
    description: str = key("One line for the .pc file.")
    headers: tuple[str, ...] = key(
        "Patterns below upstream's `include/`: what is shipped with it.", check=checks.inside
    )
    file: str = key(
        "Upstream's file is `lib<file>.so`; the name if empty.",
        check=checks.library_name,
        default="",
    )
    exports: tuple[str, ...] = key("Patterns; every exported symbol matches one.", default=())

    @property
    def stem(self) -> str:
        """``z`` of ``libz.so``."""
        return self.file or self.name


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What else there is to say of the wheel's files."""

    drop: tuple[str, ...] = key(
        "Patterns of installed files that are not shipped; each must match.",
        check=checks.inside,
        default=(),
    )


@dataclass(frozen=True, kw_only=True)
class Body:
    """Everything that `[[when]]` may change."""

    abi: str = key(
        "The ABI, usually upstream's SOVERSION: a part of every library's name.",
        check=checks.abi,
    )
    compatible: str = key(
        "The versions that a consumer built against this one may run with.",
        check=checks.compatible,
        default="~= {version}",
    )
    license: str = key("Upstream's licence, an SPDX expression.", check=checks.license_expression)
    build_number: int = key(
        "The wheel's build tag: it counts re-packs.", check=checks.not_negative, default=0
    )
    patches: tuple[str, ...] = key(
        "Patches for every release, in order.", check=checks.inside, default=()
    )
    bundled: tuple[Bundled, ...] = key("Libraries that are linked in statically.", default=())
    build: Build = key("How it is built.")
    library: tuple[Library, ...] = key("The libraries that the wheel promises.")
    wheel: Contents = key("What the wheel does not hold.", default_factory=Contents)


@dataclass(frozen=True, kw_only=True)
class When:
    """The conditions of a `[[when]]` table; all that are given must hold."""

    version: str = key("A version specifier, as in `>= 2`.", check=checks.specifier, default="")
    os: str = key("The operating system: `linux`.", check=checks.operating_system, default="")
    arch: str = key("The machine, as in `x86_64`.", check=checks.architecture, default="")
    libc: str = key("The C library, `glibc` or `musl`.", check=checks.libc, default="")

    def fits_version(self, version: str) -> bool:
        return SpecifierSet(self.version).contains(version, prereleases=True)

    def fits_target(self, target: Target) -> bool:
        pairs = ((self.os, target.os), (self.arch, target.arch), (self.libc, target.libc))
        return all(wanted in ("", found) for wanted, found in pairs)


@dataclass(frozen=True, kw_only=True)
class WhenTable(When, Body):
    """The keys of a `[[when]]` table: conditions, and what to lay over the recipe."""


@dataclass(frozen=True, kw_only=True)
class File(Body):
    """The keys of recipe.toml; `[[when]]` tables stand beside them."""

    schema: int = key("The version of this format: 1.", check=checks.schema)
    release: tuple[Release, ...] = key("Upstream's versions; the first is the default.")


@dataclass(frozen=True, kw_only=True)
class Resolved(Body):
    """A recipe for one release and target: nothing is left to decide."""

    folder: Path
    release: Release

    @property
    def compatible_range(self) -> str:
        return self.compatible.replace("{version}", self.release.version)

    @property
    def needs(self) -> tuple[tuple[Source, ...], ...]:
        """The sources of the release, then of each bundled library: one of each is needed."""
        return (self.release.source, *(library.placed for library in self.bundled))

    @property
    def license_expression(self) -> str:
        """The licence of all that the wheel holds, an SPDX expression."""
        parts = dict.fromkeys([self.license, *(library.license for library in self.bundled)])
        joined = " AND ".join(f"({part})" if " OR " in part else part for part in parts)
        return str(canonicalize_license_expression(joined))

    @property
    def license_files(self) -> Mapping[str, str]:
        """Every licence file to ship: its path below dist-info/licenses and in the source tree."""
        own = {name: name for name in self.release.licenses}
        bundled = {f"{b.name}/{n}": _below(b.into, n) for b in self.bundled for n in b.licenses}
        return own | bundled


@dataclass(frozen=True)
class Overlay:
    """A `[[when]]` table: its key, its conditions, and the tables to lay over the recipe's."""

    where: str
    when: When
    tables: Mapping[str, Any]


@dataclass(frozen=True)
class Recipe:
    """A recipe as written: `tables` hold what `overlays` may change."""

    folder: Path
    releases: tuple[Release, ...]
    tables: Mapping[str, Any]
    overlays: tuple[Overlay, ...]

    def release(self, version: str | None) -> Release:
        """Return the release of that version, the default one for None.

        Raises BuildError for a version that the recipe does not have.
        """
        if version is None:
            return self.releases[0]
        known = {release.version: release for release in self.releases}
        if version not in known:
            raise BuildError(
                f"{self.folder / FILE} has no release {version!r}{nearest(version, known)}; "
                f"it has {', '.join(known)}"
            )
        return known[version]

    def resolve(self, version: str | None, target: Target) -> Resolved:
        """Return the recipe for one release and target."""
        release = self.release(version)
        body = self._body(self._fitting(release, target))
        return Resolved(**vars(body), folder=self.folder, release=release)

    def mistakes(self) -> Iterator[tuple[str, str]]:
        """Yield key and text of what no single key shows, for each release on any target."""
        yield from _release_mistakes(self.releases)
        usable = {n: r for n, r in enumerate(self.releases, 1) if not checks.version(r.version)}
        if len(usable) == len(self.releases):
            yield from self._idle_overlays()
        for number, release in usable.items():
            for body in self._bodies(release):
                yield from _body_mistakes(body, release)
                yield from self._missing_patches(number, release, body)

    def _fitting(self, release: Release, target: Target) -> tuple[Overlay, ...]:
        return tuple(
            overlay
            for overlay in self.overlays
            if overlay.when.fits_version(release.version) and overlay.when.fits_target(target)
        )

    def _body(self, overlays: Sequence[Overlay]) -> Body:
        tables = self.tables
        for overlay in overlays:
            tables = _laid_over(tables, overlay.tables)
        return Reader(str(self.folder / FILE)).table(Body, tables)

    def _bodies(self, release: Release) -> list[Body]:
        """Return every body that the release has on some target."""
        choices = (self._fitting(release, target) for target in known())
        distinct = {tuple(overlay.where for overlay in choice): choice for choice in choices}
        return [self._body(choice) for choice in distinct.values()]

    def _idle_overlays(self) -> Iterator[tuple[str, str]]:
        for overlay in self.overlays if self.releases else ():
            if not any(overlay.when.fits_version(release.version) for release in self.releases):
                yield f"{overlay.where}.version", f"{overlay.when.version!r} fits no release"

    def _missing_patches(
        self, number: int, release: Release, body: Body
    ) -> Iterator[tuple[str, str]]:
        for where, names in _patch_lists(number, release, body):
            for name in names:
                if not (self.folder / name).is_file():
                    yield where, f"{name!r} is not a file in the recipe"


def load(folder: Path) -> Recipe:
    """Read the recipe in `folder`.

    Raises RecipeError with every mistake in it, BuildError where there is no recipe.
    """
    path = folder / FILE
    data = _read_toml(path)
    reader = Reader(str(path))
    overlays = _overlays(reader, data.pop("when", []))
    releases = reader.table(File, _filled_in(data)).release
    tables = {name: value for name, value in data.items() if name not in ("schema", "release")}
    recipe = Recipe(folder, releases, tables, overlays)
    said = {problem.key for problem in reader.problems}
    for where, text in recipe.mistakes():
        if where not in said:
            reader.report(where, text)
    if reader.problems:
        raise RecipeError(reader.problems)
    return recipe


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise BuildError(f"{path.parent} is not a recipe: it has no {path.name}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecipeError([Problem(str(path), "", f"is not TOML: {error}")]) from None


def _overlays(reader: Reader, tables: object) -> tuple[Overlay, ...]:
    """Read the `[[when]]` tables; one whose version no release can be held against is left out."""
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        reader.report("when", "must be tables: [[when]]")
        return ()
    conditions = When.__dataclass_fields__.keys()
    overlays = []
    for number, table in enumerate(tables, 1):
        where = f"when[{number}]"
        when = reader.table(WhenTable, table, where, partial=True)
        rest = {name: value for name, value in table.items() if name not in conditions}
        if len(rest) == len(table):
            reader.report(where, f"has no condition: one of {', '.join(conditions)}")
        if not checks.specifier(when.version):
            overlays.append(Overlay(where, when, rest))
    return tuple(overlays)


def _filled_in(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """Fill ``{version}`` into the places of each release."""

    def fill(value: Any, version: str) -> Any:  # noqa: ANN401
        if isinstance(value, str):
            return value.replace("{version}", version)
        if isinstance(value, list):
            return [fill(item, version) for item in value]
        if isinstance(value, dict):
            return {name: fill(item, version) for name, item in value.items()}
        return value

    releases = data.get("release")
    if not isinstance(releases, list):
        return data
    filled = [
        fill(release, str(release.get("version"))) if isinstance(release, dict) else release
        for release in releases
    ]
    return {**data, "release": filled}


def _laid_over(base: Mapping[str, Any], over: Mapping[str, Any]) -> Mapping[str, Any]:
    """Merge tables key by key; anything else in `over` takes the place of what was there."""
    merged = dict(base)
    for name, value in over.items():
        both = isinstance(value, dict) and isinstance(merged.get(name), dict)
        merged[name] = _laid_over(merged[name], value) if both else value
    return merged


def _release_mistakes(releases: Sequence[Release]) -> Iterator[tuple[str, str]]:
    if not releases:
        yield "release", "there must be at least one [[release]]"
    yield from _repeated("release", [release.version for release in releases])
    for number, release in enumerate(releases, 1):
        yield from _source_mistakes(f"release[{number}].source", release.source)
        if not release.licenses:
            yield f"release[{number}].licenses", "must name at least one file"


def _body_mistakes(body: Body, release: Release) -> Iterator[tuple[str, str]]:
    yield from _range_mistakes(body.compatible, release.version)
    if not body.library:
        yield "library", "there must be at least one [[library]]"
    yield from _repeated("library", [library.name for library in body.library])
    yield from _repeated("bundled", [bundled.name for bundled in body.bundled])
    for number, library in enumerate(body.library, 1):
        if body.bundled and not library.exports:
            yield (
                f"library[{number}].exports",
                "is missing: what is linked in statically must not be exported as well",
            )
    for number, bundled in enumerate(body.bundled, 1):
        yield from _source_mistakes(f"bundled[{number}].source", bundled.source)
        if not bundled.licenses:
            yield f"bundled[{number}].licenses", "must name at least one file"


def _range_mistakes(compatible: str, version: str) -> Iterator[tuple[str, str]]:
    filled = compatible.replace("{version}", version)
    if checks.specifier(filled):
        yield "compatible", f"becomes {filled!r} for release {version!r}: not a version specifier"
    elif not SpecifierSet(filled).contains(version, prereleases=True):
        yield "compatible", f"{filled!r} leaves out release {version!r} itself"


def _repeated(where: str, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    for name in dict.fromkeys(name for name in names if name and names.count(name) > 1):
        yield where, f"{name!r} is there {names.count(name)} times"


def _source_mistakes(where: str, sources: Sequence[Source]) -> Iterator[tuple[str, str]]:
    if not sources:
        yield where, "there must be at least one"
    for place, archive in _archives(where, sources):
        if not archive.urls and not archive.debian:
            yield place, "has no place: give `urls` or `debian`"


def _archives(where: str, sources: Sequence[Source]) -> Iterator[tuple[str, Archive]]:
    for number, source in enumerate(sources, 1):
        yield f"{where}[{number}]", source
        for count, part in enumerate(source.part, 1):
            yield f"{where}[{number}].part[{count}]", part


def _patch_lists(
    number: int, release: Release, body: Body
) -> Iterator[tuple[str, tuple[str, ...]]]:
    yield "patches", body.patches
    yield f"release[{number}].patches", release.patches
    archives = chain(
        _archives(f"release[{number}].source", release.source),
        *(_archives(f"bundled[{n}].source", b.source) for n, b in enumerate(body.bundled, 1)),
    )
    for where, archive in archives:
        yield f"{where}.patches", archive.patches


def _below(folder: str, name: str) -> str:
    return folder if name == "." else f"{folder}/{name}"
