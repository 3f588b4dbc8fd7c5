"""Which other releases could be had, where one cannot: found out without fetching anything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from libwheel.recipe import Archive, Source
from libwheel.source.download import DownloadError, Fault, Patience, probe
from libwheel.source.fetch import Attempt, Places
from libwheel.source.locations import Location

Needs = Sequence[Sequence[Source]]

PATIENCE = Patience(timeout=5.0, delays=())
LIMIT = 20  # questions to hosts

_HOST_ANSWERS = (Fault.ABSENT, Fault.WRONG_BYTES)


def others(
    attempts: Iterable[Attempt], releases: Mapping[str, Needs], places: Places
) -> dict[str, str | None]:
    """Return where the source of each release can be had, None where nowhere, by its version.

    `releases` are what each of them needs. Hosts that failed in `attempts` are not asked again,
    nor is any host that does not answer at once.
    """
    failed = {_host(a.place) for a in attempts if a.fault and a.fault not in _HOST_ANSWERS}
    search = _Search(places, failed)
    return {version: search.place_of(needs) for version, needs in releases.items()}


@dataclass
class _Search:
    """Remembers what it was told: the releases have hosts and archives in common."""

    places: Places
    failed: set[str]
    answers: dict[Location, bool] = field(default_factory=dict)

    def place_of(self, needs: Needs) -> str | None:
        """Return where the first need's archive is, if the others' are anywhere, too."""
        found = [self._place_of_one(need) for need in needs]
        return found[0] if all(found) else None

    def _place_of_one(self, need: Sequence[Source]) -> str | None:
        usable = self.places.usable(need)
        found = ([self._place(archive) for archive in source.archives] for source in usable)
        return next((places[0] for places in found if all(places)), None)

    def _place(self, archive: Archive) -> str | None:
        if self.places.caches(archive):
            return "in the cache"
        found = (place.url for place in self.places.locations(archive) if self._is_there(place))
        return next(found, None)

    def _is_there(self, location: Location) -> bool:
        if location not in self.answers:
            self.answers[location] = self._asked(location)
        return self.answers[location]

    def _asked(self, location: Location) -> bool:
        host = _host(location.url)
        if host in self.failed or len(self.answers) >= LIMIT:
            return False
        try:
            probe(location, PATIENCE)
        except DownloadError as error:
            if error.fault not in _HOST_ANSWERS and host:
                self.failed.add(host)
            return False
        return True


def _host(url: str) -> str:
    """Return the host and port of a URL, nothing for a file's."""
    return urlsplit(url).netloc
