"""The tables of `recipe.toml`: what each key may say, and a recipe with nothing left to decide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from packaging.licenses import canonicalize_license_expression
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from libwheel import recipe_checks as checks
from libwheel.errors import Problem
from libwheel.schema import key
from libwheel.target import Target

FILE = "recipe.toml"

Value = str | int | bool


@dataclass(frozen=True, kw_only=True)
class When:
    """The conditions of a `when` table; all that are given must hold."""

    version: str = key("A version specifier, as in `>= 2`.", check=checks.specifier, default="")
    os: str = key(
        "The operating system: `linux`, `macos` or `windows`.",
        check=checks.operating_system,
        default="",
    )
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
    """What a library must hold, as upstream made it, on every target and with every toolchain.

    Builds degrade in silence: each is of a `symbol`, or of a `line` in a `header`.
    """

    symbol: str = key(
        "A symbol that the file defines, by upstream's name; on Linux exported or not, elsewhere "
        "exported, for the others' names go when it is linked.",
        check=checks.optional_symbol,
        default="",
    )
    instructions: str = key(
        "An instruction set that the symbol's code must use, on Linux: `avx512`, vectors of 512 "
        "bits; `avx`, of 256 bits; `sve` of aarch64.",
        check=checks.instruction_set,
        default="",
    )
    header: str = key(
        "A header that is shipped, below upstream's `include/`, as in `H5pubconf.h`.",
        check=checks.optional_path,
        default="",
    )
    line: str = key(
        "A line that the header must have, but for white space around it, as in "
        "`#define H5_HAVE_THREADSAFE 1`.",
        check=checks.header_line,
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
        "Upstream's file is `lib<file>.so`, `lib<file>.dylib`, or `<file>.dll` with or without "
        "`lib`; the name if empty.",
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
    expect: tuple[Expectation, ...] = key("What it must hold, as upstream made it.", default=())
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
    unsupported: str = key(
        "Why it cannot be built, and what can be done instead: for a `[[when]]`. A build says so "
        "before it fetches anything.",
        check=checks.description,
        default="",
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


def _below(folder: str, name: str) -> str:
    return folder if name == "." else f"{folder}/{name}"
