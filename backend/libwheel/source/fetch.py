"""Fetch the archives that a release needs, from wherever they can be had."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from libwheel.console import Console
from libwheel.errors import BuildError
from libwheel.files import sha256_of
from libwheel.recipe import Archive, Source
from libwheel.settings import Environment
from libwheel.source import cache, debian
from libwheel.source.download import PATIENCE, DownloadError, Fault, Patience, discard, download
from libwheel.source.locations import Location, locations

_HINT = (
    "hint: the network seems to be out of reach; LIBWHEEL_MIRRORS names folders or URLs that "
    "hold these files, -C source= a local folder or archive to build instead"
)


@dataclass(frozen=True)
class Fetched:
    """A verified archive on this machine."""

    archive: Archive
    path: Path

    @property
    def name(self) -> str:
        return self.archive.file_names[0]


@dataclass(frozen=True)
class Attempt:
    """A place that did not give the archive, and why; `fault` is None where none was asked."""

    archive: Archive
    place: str
    reason: str
    fault: Fault | None


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
        lines = (*_listing(self.attempts), *_instead(others), *_hints(self.attempts))
        super().__init__("\n".join(lines))


@dataclass(frozen=True)
class Network:
    """What is taken from the machine: apt's configuration folder, and how long to wait."""

    apt: Path = debian.APT
    patience: Patience = PATIENCE


NETWORK = Network()


@dataclass(frozen=True)
class Places:
    """Where to look for archives, and for how long."""

    environment: Environment
    console: Console
    bundled: tuple[Path, ...]
    debian: tuple[str, ...]
    patience: Patience

    def locations(self, archive: Archive) -> tuple[Location, ...]:
        return locations(archive, self.bundled, self.environment.mirrors, self.debian)


def places_for(
    environment: Environment,
    console: Console,
    bundled: Sequence[Path],
    network: Network = NETWORK,
) -> Places:
    mirrors = debian.mirrors(environment, network.apt)
    return Places(environment, console, tuple(bundled), mirrors, network.patience)


def fetch_all(
    needs: Sequence[Sequence[Source]],
    environment: Environment,
    console: Console,
    bundled: Sequence[Path] = (),
    network: Network = NETWORK,
) -> tuple[Fetched, ...]:
    """Return the archives of one alternative of each need, in order.

    `bundled` are folders to look in first. An alternative that is on this machine already is
    preferred; else they are tried in order. Raises SourceError where none can be had.
    """
    places = places_for(environment, console, bundled, network)
    fetched: list[Fetched] = []
    attempts: list[Attempt] = []
    for need in needs:
        try:
            fetched += _one_of(need, places)
        except SourceError as error:
            attempts += error.attempts
    if attempts:
        raise SourceError(attempts)
    return tuple(fetched)


def _one_of(need: Sequence[Source], places: Places) -> tuple[Fetched, ...]:
    attempts: list[Attempt] = []
    for source in sorted(need, key=lambda source: not _is_here(source, places)):
        try:
            return tuple(_fetched(archive, places) for archive in source.archives)
        except SourceError as error:
            attempts += error.attempts
    raise SourceError(attempts)


def _is_here(source: Source, places: Places) -> bool:
    return all(
        cache.entry(places.environment.cache, archive.sha256).is_file()
        or any(
            (folder / name).is_file() for folder in places.bundled for name in archive.file_names
        )
        for archive in source.archives
    )


def _fetched(archive: Archive, places: Places) -> Fetched:
    path = cache.obtain(
        places.environment.cache,
        archive.sha256,
        archive.file_names[0],
        lambda part: _fill(part, archive, places),
        places.console,
    )
    return Fetched(archive, path)


def _fill(part: Path, archive: Archive, places: Places) -> None:
    attempts = []
    for location in places.locations(archive):
        try:
            _get(location, archive, part, places)
        except DownloadError as error:
            attempts.append(Attempt(archive, location.url, str(error), error.fault))
            _say(location, error, places.console)
        else:
            return
    raise SourceError([*attempts, *_unasked(archive, places)])


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
    elif not (location.kind.may_lack_files and error.fault is Fault.ABSENT):
        console.note(f"{location.url}: {error}")


def _unasked(archive: Archive, places: Places) -> Iterator[Attempt]:
    if archive.debian and not places.debian:
        reason = "no Debian mirror is known: set LIBWHEEL_DEBIAN_MIRROR"
        yield Attempt(archive, archive.debian, reason, None)


def _listing(attempts: Sequence[Attempt]) -> Iterator[str]:
    yield "the source could be had from nowhere:"
    for archive in dict.fromkeys(attempt.archive for attempt in attempts):
        yield f"  {archive.file_names[0]} (sha256 {archive.sha256})"
        for attempt in attempts:
            if attempt.archive == archive:
                yield f"    {attempt.place}: {attempt.reason}"


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
