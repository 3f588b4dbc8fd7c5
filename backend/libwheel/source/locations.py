"""Where an archive can be had from, in the order to try."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from urllib.parse import quote, unquote

from libwheel.recipe import Archive


class Kind(Enum):
    """Who names a location."""

    BUNDLED = "the sdist's own sources"
    MIRROR = "LIBWHEEL_MIRRORS"
    UPSTREAM = "the recipe"
    DEBIAN = "a Debian mirror"

    @property
    def may_lack_files(self) -> bool:
        """Tell whether it is asked by file name, and need not have each file."""
        return self in (Kind.BUNDLED, Kind.MIRROR)


@dataclass(frozen=True)
class Location:
    """An http, https or file URL, ready to be asked for and to be shown.

    `credentials` are the ``user:password`` that stood in it.
    """

    url: str
    kind: Kind
    credentials: str = field(default="", repr=False)

    @property
    def is_remote(self) -> bool:
        return not self.url.startswith("file:")

    @property
    def secret_headers(self) -> Mapping[str, str]:
        """What this host alone is sent (RFC 7617)."""
        if not self.credentials:
            return {}
        return {"Authorization": f"Basic {base64.b64encode(self.credentials.encode()).decode()}"}


def locations(
    archive: Archive, bundled: Sequence[Path], mirrors: Sequence[str], debian: Sequence[str]
) -> tuple[Location, ...]:
    """Return every place to try; `mirrors` are folders or URLs, `debian` URLs."""
    return tuple(dict.fromkeys(_locations(archive, bundled, mirrors, debian)))


def _locations(
    archive: Archive, bundled: Sequence[Path], mirrors: Sequence[str], debian: Sequence[str]
) -> Iterator[Location]:
    for folder in bundled:
        for name in archive.file_names:
            yield _location((folder.absolute() / name).as_uri(), Kind.BUNDLED)
    for mirror in mirrors:
        for name in archive.file_names:
            yield _location(_below(mirror, name), Kind.MIRROR)
    for url in archive.urls:
        yield _location(_encoded(url), Kind.UPSTREAM)
    if archive.debian:
        for mirror in debian:
            yield _location(_below(mirror, archive.debian), Kind.DEBIAN)


def _location(url: str, kind: Kind) -> Location:
    match = re.fullmatch(r"(https?://)([^/?#]*)@(.*)", url)
    if not match:
        return Location(url, kind)
    scheme, credentials, rest = match.groups()
    return Location(scheme + rest, kind, unquote(credentials))


def _below(base: str, path: str) -> str:
    """Return the URL of `path` below a folder or URL.

    A plus becomes %2B, as apt writes it: mirrors on S3 take a bare one for a space.
    """
    is_url = "://" in base or base.startswith("file:")
    url = _encoded(base) if is_url else Path(base).as_uri()
    return f"{url.rstrip('/')}/{quote(path)}"


def _encoded(url: str) -> str:
    """Encode what a URL cannot hold, and nothing else."""
    return quote(url, safe="/%:?#[]@!$&'()*+,;=~")
