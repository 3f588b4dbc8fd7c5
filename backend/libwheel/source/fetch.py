"""Fetch the archives that a release needs, from wherever they can be had."""

from __future__ import annotations

import shutil
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from libwheel.console import Console
from libwheel.errors import BuildError
from libwheel.files import sha256_of
from libwheel.recipe import Archive, Source
from libwheel.settings import Environment
from libwheel.source import cache, debian, extracts
from libwheel.source.download import PATIENCE, DownloadError, Fault, Patience, discard, download
from libwheel.source.locations import Kind, Location, locations
from libwheel.words import listed

_HERE = {Kind.BUNDLED}
_MIRRORED = {Kind.BUNDLED, Kind.MIRROR}
_EVERYWHERE = set(Kind)

_HINT = (
    "hint: the network seems to be out of reach; LIBWHEEL_MIRRORS names folders or URLs that "
    "hold these files, -C source= a local folder or archive to build instead"
)


@dataclass(frozen=True)
class Fetched:
    """A verified archive on this machine, or the extract of it that `only` chooses."""

    archive: Archive
    path: Path

    @property
    def name(self) -> str:
        return self.archive.file_names[0]


@dataclass(frozen=True)
class Attempt:
    """A place that did not give the archive, and why; `fault` is None where none was asked.

    Where a program of the machine's lacks there is no place; `instead` are then the names of
    the sources that need none. `is_unfit`: it is the toolchain that lacks it.
    """

    archive: Archive
    place: str
    reason: str
    fault: Fault | None
    instead: tuple[str, ...] = ()
    is_unfit: bool = False


class SourceError(BuildError):
    """Archives that could be had from nowhere; `attempts` are all that was tried.

    `others` are the recipe's other releases by their version, with the place where each could
    be had, or None.
    """

    def __init__(
        self, attempts: Iterable[Attempt], others: Mapping[str, str | None] = MappingProxyType({})
    ) -> None:
        self.attempts = tuple(dict.fromkeys(attempts))
        self.others = others
        attempts = self.attempts
        if self.unfit:
            lines = (*_of_toolchain(attempts), *_instead(others), *_giving(attempts))
        else:
            lines = (
                *_listing(attempts),
                *_needing_none(attempts),
                *_instead(others),
                *_hints(attempts),
            )
        super().__init__("\n".join(lines))

    @property
    def unfit(self) -> str:
        """Which source the toolchain cannot build, and why; nothing where it can build all."""
        of_it = (one for one in self.attempts if one.is_unfit)
        return next((f"{one.archive.file_names[0]} {one.reason}" for one in of_it), "")


@dataclass(frozen=True)
class Network:
    """What is taken from the machine: apt's configuration folder, and how long to wait."""

    apt: Path = debian.APT
    patience: Patience = PATIENCE


NETWORK = Network()


@dataclass(frozen=True)
class Places:
    """Where to look for archives, and for how long; `bundled` are folders to look in first.

    `to_build`: a source is of use only where the programs that it needs are there. `whole`:
    archives are wanted as they are, not what `only` chooses of them. `unfit` are programs that
    are of no use even where they are there: compilers beside the toolchain's.
    """

    environment: Environment
    console: Console
    bundled: tuple[Path, ...]
    debian: tuple[str, ...]
    patience: Patience
    to_build: bool
    whole: bool = False
    unfit: frozenset[str] = frozenset()

    def usable(self, need: Sequence[Source]) -> list[Source]:
        """Return the sources that may be used, those that this machine can build first."""
        able = [source for source in need if not self.lacking(source)]
        return able if self.to_build else able + [source for source in need if source not in able]

    def lacking(self, source: Source) -> list[str]:
        """Return the programs that the source needs and a build does not have."""
        path = self.environment.path
        return [
            name
            for name in source.programs
            if name in self.unfit or not shutil.which(name, path=path)
        ]

    def caches(self, archive: Archive) -> bool:
        """Tell whether the cache has what is wanted of an archive."""
        folder = self.environment.cache
        as_extract = self.is_extracted(archive) and extracts.holds(folder, archive)
        return as_extract or cache.holds(folder, archive.sha256)

    def is_extracted(self, archive: Archive) -> bool:
        return bool(archive.only) and not self.whole

    def locations(self, archive: Archive) -> tuple[Location, ...]:
        return locations(archive, self.bundled, self.environment.mirrors, self.debian)


def places_for(
    environment: Environment,
    console: Console,
    bundled: Sequence[Path],
    network: Network = NETWORK,
    *,
    to_build: bool = False,
) -> Places:
    mirrors = debian.mirrors(environment, network.apt)
    folders = tuple(folder for folder in bundled if folder.is_dir())
    return Places(environment, console, folders, mirrors, network.patience, to_build)


def fetch_all(needs: Sequence[Sequence[Source]], places: Places) -> tuple[Fetched, ...]:
    """Return the archives of one alternative of each need, in order.

    Of a need's alternatives, the first that is on this machine already is taken, else the first
    that the mirrors hold, else the first that can be had at all. One that needs a program which
    lacks comes last, or not at all where the places say so. What was taken is told. Raises
    SourceError where none can be had.
    """
    search = _Search(places)
    fetched: list[Fetched] = []
    attempts: list[Attempt] = []
    for need in needs:
        try:
            fetched += search.one_of(need)
        except SourceError as error:
            attempts += error.attempts
    if attempts:
        raise SourceError(attempts)
    for item in fetched:
        places.console.note(f"source: {item.name} (sha256 {item.archive.sha256[:12]}...)")
    return tuple(fetched)


@dataclass(frozen=True)
class _Search:
    """Remembers which places did not give an archive: none is asked for it twice."""

    places: Places
    failed: dict[tuple[Archive, Location], Attempt] = field(default_factory=dict)

    def one_of(self, need: Sequence[Source]) -> tuple[Fetched, ...]:
        usable = self.places.usable(need)
        here = [(source, _HERE) for source in usable if _is_here(source, self.places)]
        mirrored = [(source, _MIRRORED) for source in usable if self.places.environment.mirrors]
        for source, kinds in (*here, *mirrored):
            with suppress(SourceError):
                return self._all_of(source, kinds)
        attempts: list[Attempt] = []
        for source in usable:
            try:
                return self._all_of(source, _EVERYWHERE)
            except SourceError as error:
                attempts += error.attempts
        raise SourceError([*attempts, *_lacks(need, self.places)])

    def _all_of(self, source: Source, kinds: Container[Kind]) -> tuple[Fetched, ...]:
        found = tuple(self._fetched(archive, kinds) for archive in source.archives)
        if self.places.lacking(source):
            lack = _lack(source, self.places)
            self.places.console.warn(f"{found[0].name} {lack}: it cannot be built here")
        return found

    def _fetched(self, archive: Archive, kinds: Container[Kind]) -> Fetched:
        def fill(part: Path) -> None:
            self._fill(part, archive, kinds)

        folder, console = self.places.environment.cache, self.places.console
        if self.places.is_extracted(archive):
            return Fetched(archive, extracts.obtain(folder, archive, fill, console))
        name = archive.file_names[0]
        return Fetched(archive, cache.obtain(folder, archive.sha256, name, fill, console))

    def _fill(self, part: Path, archive: Archive, kinds: Container[Kind]) -> None:
        chosen = [place for place in self.places.locations(archive) if place.kind in kinds]
        for location in chosen:
            if (archive, location) not in self.failed and self._gets(location, archive, part):
                return
        attempts = [self.failed[archive, location] for location in chosen]
        raise SourceError([*attempts, *_unasked(archive, self.places)])

    def _gets(self, location: Location, archive: Archive, part: Path) -> bool:
        try:
            _get(location, archive, part, self.places)
        except DownloadError as error:
            attempt = Attempt(archive, location.url, str(error), error.fault)
            self.failed[archive, location] = attempt
            _say(location, error, self.places.console)
            return False
        return True


def _is_here(source: Source, places: Places) -> bool:
    return all(
        places.caches(archive)
        or any(
            (folder / name).is_file() for folder in places.bundled for name in archive.file_names
        )
        for archive in source.archives
    )


def _get(location: Location, archive: Archive, part: Path, places: Places) -> None:
    """Download the archive and verify it; one put together from pieces gets a second chance."""
    if location.is_remote:
        places.console.note(f"fetching {location.url}")
    found = ""
    for _ in range(2):
        resumed = download(location, part, places.console, places.patience)
        found = sha256_of(part)
        if found == archive.sha256:
            return
        discard(part)
        if not resumed:
            break
    reason = f"wrong SHA-256: wanted {archive.sha256}, found {found}"
    raise DownloadError(Fault.WRONG_BYTES, reason)


def _say(location: Location, error: DownloadError, console: Console) -> None:
    if error.fault is Fault.WRONG_BYTES:
        console.warn(f"{location.url}: {error}; the file is not kept")
    elif location.is_remote or not location.kind.may_lack_files or error.fault is not Fault.ABSENT:
        console.note(f"{location.url}: {error}")


def _lacks(need: Sequence[Source], places: Places) -> Iterator[Attempt]:
    """Yield the sources that cannot be built for lack of a program: no place was asked for them."""
    instead = tuple(source.file_names[0] for source in need if not source.programs)
    usable = places.usable(need)
    for source in need:
        if source not in usable:
            is_unfit = not places.unfit.isdisjoint(source.programs)
            yield Attempt(source, "", _lack(source, places), None, instead, is_unfit)


def _lack(source: Source, places: Places) -> str:
    lacking = places.lacking(source)
    unfit = [name for name in lacking if name in places.unfit]
    names = unfit or lacking
    needs = f"needs {listed(names, len(names))}, which"
    if unfit:
        return f"{needs} zig does not have"
    verb = "is" if len(names) == 1 else "are"
    return f"{needs} {verb} not on PATH (Debian: apt install {' '.join(names)})"


def _unasked(archive: Archive, places: Places) -> Iterator[Attempt]:
    if archive.debian and not places.debian:
        reason = "no Debian mirror is known: set LIBWHEEL_DEBIAN_MIRROR"
        yield Attempt(archive, archive.debian, reason, None)


def _listing(attempts: Sequence[Attempt]) -> Iterator[str]:
    yield "the source could be had from nowhere:"
    for archive in dict.fromkeys(attempt.archive for attempt in attempts):
        yield f"  {archive.file_names[0]} (sha256 {archive.sha256})"
        yield from (f"    {line}" for line in _tried(archive, attempts))


def _of_toolchain(attempts: Sequence[Attempt]) -> Iterator[str]:
    """Yield which sources zig can build, and why none of them was had."""
    fit = [attempt for attempt in attempts if not attempt.is_unfit]
    for archive in dict.fromkeys(attempt.archive for attempt in fit):
        name = archive.file_names[0]
        yield f"zig can build {name} (sha256 {archive.sha256}), which could not be had:"
        yield from (f"  {line}" for line in _tried(archive, fit))
    if not fit:
        yield "the release has no source that zig can build"


def _giving(attempts: Sequence[Attempt]) -> Iterator[str]:
    if not all(attempt.is_unfit for attempt in attempts):
        yield (
            "to give it: LIBWHEEL_MIRRORS=FOLDER, a folder that has the file under that name, or "
            "-C source=FILE"
        )


def _tried(archive: Archive, attempts: Sequence[Attempt]) -> Iterator[str]:
    for attempt in attempts:
        if attempt.archive == archive:
            place = f"{attempt.place}: " if attempt.place else ""
            yield f"{place}{attempt.reason}"


def _needing_none(attempts: Sequence[Attempt]) -> Iterator[str]:
    names = list(dict.fromkeys(name for attempt in attempts for name in attempt.instead))
    if names:
        verb = "needs" if len(names) == 1 else "need"
        yield f"{listed(names, len(names))} {verb} no such program"


def _instead(others: Mapping[str, str | None]) -> Iterator[str]:
    can = [f"{version} ({place})" for version, place in others.items() if place]
    if can:
        yield f"other releases that can be had: {', '.join(can)}; choose one with -C version="
    elif others:
        yield f"none of the other releases can be had either: {', '.join(others)}"


def _hints(attempts: Sequence[Attempt]) -> Iterator[str]:
    asked = [a for a in attempts if a.fault is not None and not a.place.startswith("file:")]
    if asked and all(attempt.fault is Fault.UNREACHABLE for attempt in asked):
        yield _HINT
