"""A recipe: what `recipe.toml` may say, and what it says for one release and target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from packaging.licenses import canonicalize_license_expression
from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from libwheel import recipe_checks as checks
from libwheel.errors import BuildError, Problem, nearest
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
        places = [*(url.partition("?")[0] for url in self.urls), self.debian]
        return tuple(dict.fromkeys(place.rpartition("/")[2] for place in places if place))


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
    warning: str = key("What whoever builds this release is told.", default="")
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
    def license_files(self) -> Mapping[str, str]:
        """Its licence files: the path below dist-info/licenses and in the source tree."""
        return {f"{self.name}/{name}": _below(self.into, name) for name in self.licenses}

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

    name: str = key(
        "Its name in pkg-config, CMake and Meson. Wheels for one environment must differ in the "
        "names of their libraries, since the .pc files share a folder; `file` may be the same.",
        check=checks.library_name,
    )
    description: str = key("One line for the .pc file.", check=checks.description)
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
        "The versions that a consumer built against this one may run with; told by the locator as "
        "`COMPATIBLE`, for tools that write a consumer's requirement.",
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
        for library in self.bundled:
            own |= library.license_files
        return own

    def problem(self, key: str, text: str) -> Problem:
        """Return a problem of recipe.toml."""
        return Problem(str(self.folder / FILE), key, text)


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
        for release in self.releases:
            if same_version(release.version, version):
                return release
        versions = [release.version for release in self.releases]
        raise BuildError(
            f"{self.folder / FILE} has no release {version!r}{nearest(version, versions)}; "
            f"it has {', '.join(versions)}"
        )

    def resolve(self, version: str | None, target: Target) -> Resolved:
        """Return the recipe for one release and target."""
        release = self.release(version)
        body = self._body(self._fitting(release, target))
        return Resolved(**vars(body), folder=self.folder, release=release)

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

    def bodies(self, release: Release) -> list[Body]:
        """Return every body that the release has on some target."""
        choices = (self._fitting(release, target) for target in known())
        distinct = {tuple(overlay.where for overlay in choice): choice for choice in choices}
        return [self._body(choice) for choice in distinct.values()]


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


def _below(folder: str, name: str) -> str:
    return folder if name == "." else f"{folder}/{name}"
