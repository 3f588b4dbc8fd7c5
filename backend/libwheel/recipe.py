"""A recipe: what `recipe.toml` may say, and what it says for one release and target."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path
from types import MappingProxyType
from typing import Any

from packaging.licenses import canonicalize_license_expression
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from libwheel import recipe_checks as checks
from libwheel.errors import BuildError, Problem, nearest
from libwheel.schema import Reader, key
from libwheel.target import Target, known

FILE = "recipe.toml"

Value = str | int | bool


@dataclass(frozen=True, kw_only=True)
class When:
    """The conditions of a `when` table; all that are given must hold."""

    version: str = key("A version specifier, as in `>= 2`.", check=checks.specifier, default="")
    os: str = key("The operating system: `linux`.", check=checks.operating_system, default="")
    arch: str = key("The machine, as in `x86_64`.", check=checks.architecture, default="")
    libc: str = key("The C library, `glibc` or `musl`.", check=checks.libc, default="")
    option: Mapping[str, str] = key(
        'What `[[option]]` settings are, as in `{ threads = "openmp" }`.', default_factory=dict
    )

    def fits_version(self, version: str) -> bool:
        try:
            return SpecifierSet(self.version).contains(version, prereleases=True)
        except InvalidSpecifier:  # a mistake, which is reported
            return True

    def fits_target(self, target: Target) -> bool:
        pairs = ((self.os, target.os), (self.arch, target.arch), (self.libc, target.libc))
        return all(wanted in ("", found) for wanted, found in pairs)

    def fits_options(self, choices: Mapping[str, str]) -> bool:
        return all(choices.get(name) == value for name, value in self.option.items())

    def fits(self, version: str, target: Target, choices: Mapping[str, str]) -> bool:
        return (
            self.fits_options(choices) and self.fits_target(target) and self.fits_version(version)
        )


@dataclass(frozen=True, kw_only=True)
class Option:
    """What whoever builds may choose: `-C NAME=VALUE`."""

    name: str = key("The setting's name.", check=checks.setting_name)
    description: str = key("One line for `libwheel show` and messages.", check=checks.description)
    values: tuple[str, ...] = key(
        "What it may be. The first is the default; any other becomes a part of the wheel's "
        "version, its local label: `0.3.29+pthreads`.",
        check=checks.local_label,
    )

    @property
    def default(self) -> str:
        return self.values[0]

    @property
    def others(self) -> tuple[str, ...]:
        """The values that become a part of the wheel's version."""
        return self.values[1:]


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
    programs: tuple[str, ...] = key(
        "Programs of the machine that building these bytes needs, beyond a C compiler, as in "
        "`gfortran`; where one lacks, the next source is tried.",
        check=checks.program,
        default=(),
    )

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
class Configuration:
    """One of several builds of the same source tree, each in a build folder of its own."""

    name: str = key("Its name, in logs.", check=checks.setting_name)
    options: Mapping[str, Value] = key("Laid over those of `[build]`.", default_factory=dict)
    targets: tuple[str, ...] = key("In place of those of `[build]`, if given.", default=())
    when: When = key("The conditions under which it is built.", default_factory=When)


@dataclass(frozen=True, kw_only=True)
class Build:
    """How upstream's own build system is called."""

    system: str = key("`cmake`, `make`, `meson` or `autotools`.", check=checks.system)
    folder: str = key(
        "The folder of the source tree that holds the build files.",
        check=checks.inside,
        default=".",
    )
    options: Mapping[str, Value] = key(
        "CMake cache entries, make variables, Meson options, or configure's `--` options.",
        default_factory=dict,
    )
    targets: tuple[str, ...] = key("What to build; upstream's default if empty.", default=())
    cflags: tuple[str, ...] = key("Further flags for the C and C++ compilers.", default=())
    ldflags: tuple[str, ...] = key("Further flags for the linker.", default=())
    configuration: tuple[Configuration, ...] = key(
        "Several builds, one after another, all installed into one prefix (`cmake`, `meson`).",
        default=(),
    )

    @property
    def configured(self) -> Mapping[str, Build]:
        """What is built one after another: by the configuration's name, nothing where none is."""
        return {one.name: self._laid_under(one) for one in self.configuration} or {"": self}

    def _laid_under(self, one: Configuration) -> Build:
        return replace(
            self,
            options={**self.options, **one.options},
            targets=one.targets or self.targets,
            configuration=(),
        )


@dataclass(frozen=True, kw_only=True)
class Expectation:
    """What a library must hold, as upstream linked it: builds degrade in silence."""

    symbol: str = key(
        "A symbol that the file defines, exported or not, by upstream's name.", check=checks.symbol
    )
    instructions: str = key(
        "An instruction set that the symbol's code must use: `avx512`, vectors of 512 bits.",
        check=checks.instruction_set,
        default="",
    )
    when: When = key("The conditions under which it must.", default_factory=When)


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
    exports: tuple[str, ...] = key(
        "Patterns; every exported symbol matches one, by upstream's name, without `suffix`.",
        default=(),
    )
    include: str = key(
        "The folder below `include/` that consumers' `-I` names; `headers` may be below it.",
        check=checks.inside,
        default=".",
    )
    suffix: str = key(
        "What libwheel appends to the name of every symbol that upstream's file exports, as in "
        "`64_`: in the library, in its siblings' use of it, and wherever its headers have the name "
        "as a word, be it that of a field or a parameter; the names of included files stay. A name "
        "that a macro pastes together (`name##_`) is for a patch.",
        check=checks.symbol_suffix,
        default="",
    )
    cflags: tuple[str, ...] = key(
        "Further flags that consumers compile with.", check=checks.flag, default=()
    )
    libs: tuple[str, ...] = key(
        "Further flags that consumers link with; `-lFILE` among them is the library itself, which "
        "else comes first. Any other library there is the system's, as `-lm`.",
        check=checks.flag,
        default=(),
    )
    conflicts: tuple[str, ...] = key(
        "Libraries of this wheel that no consumer may use together with this one.",
        check=checks.library_name,
        default=(),
    )
    expect: tuple[Expectation, ...] = key("What it must hold, as upstream linked it.", default=())
    when: When = key("The conditions under which the wheel has it.", default_factory=When)

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
    requires: tuple[str, ...] = key(
        "Library wheels that this one is built on and runs with, as in `openmp >= 19`.",
        check=checks.wheel_requirement,
        default=(),
    )
    bundled: tuple[Bundled, ...] = key("Libraries that are linked in statically.", default=())
    build: Build = key("How it is built.")
    library: tuple[Library, ...] = key("The libraries that the wheel promises.")
    wheel: Contents = key("What the wheel does not hold.", default_factory=Contents)

    @property
    def conditions(self) -> Mapping[str, When]:
        """The `when` of each of its tables that has one, by its key."""
        found = {}
        for number, library in enumerate(self.library, 1):
            found[f"library[{number}].when"] = library.when
            for count, expected in enumerate(library.expect, 1):
                found[f"library[{number}].expect[{count}].when"] = expected.when
        for number, configuration in enumerate(self.build.configuration, 1):
            found[f"build.configuration[{number}].when"] = configuration.when
        return found


@dataclass(frozen=True, kw_only=True)
class WhenTable(When, Body):
    """The keys of a `[[when]]` table: conditions, and what to lay over the recipe."""


@dataclass(frozen=True, kw_only=True)
class File(Body):
    """The keys of recipe.toml; `[[when]]` tables stand beside them."""

    schema: int = key("The version of this format: 1.", check=checks.schema)
    release: tuple[Release, ...] = key("Upstream's versions; the first is the default.")
    option: tuple[Option, ...] = key("What whoever builds may choose.", default=())


@dataclass(frozen=True, kw_only=True)
class Resolved(Body):
    """A recipe for one release, target and choice of options: nothing is left to decide.

    `choices` is the value of every option; `variant` has those that are not the default, as a
    local version label, and `left_out` names the libraries that the wheel lacks because of them.
    """

    folder: Path
    release: Release
    choices: Mapping[str, str] = field(default_factory=dict)
    variant: str = ""
    left_out: tuple[str, ...] = ()

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
            overlays = self._fitting(release, target, choices)
            names = tuple(overlay.where for overlay in overlays)
            whole = wholes.get(names) or wholes.setdefault(names, self._body(overlays))

            def holds(
                when: When, target: Target = target, choices: Mapping[str, str] = choices
            ) -> bool:
                return when.fits(release.version, target, choices)

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
        body = self._body(self._fitting(release, target, choices))
        return _decided(body, lambda when: when.fits(release.version, target, choices))

    def _fitting(
        self, release: Release, target: Target, choices: Mapping[str, str]
    ) -> tuple[Overlay, ...]:
        return tuple(
            overlay
            for overlay in self.overlays
            if overlay.when.fits(release.version, target, choices)
        )

    def _body(self, overlays: Sequence[Overlay]) -> Body:
        tables = self.tables
        for overlay in overlays:
            tables = _laid_over(tables, overlay.tables)
        return Reader(str(self.folder / FILE)).table(Body, tables)


def _decided(body: Body, holds: Callable[[When], bool]) -> Body:
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


def _below(folder: str, name: str) -> str:
    return folder if name == "." else f"{folder}/{name}"
