"""The Debian mirrors that the host's own apt configuration names (sources.list(5))."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from libwheel.settings import Environment

APT = Path("/etc/apt")

_NO = {"no", "false", "without", "off", "disable", "0"}  # apt's StringToBool
_ONE_LINE = re.compile(r"(?P<types>deb|deb-src)\s+(?:\[[^\]]*\]\s*)?(?P<uris>\S+)\s+(?P<rest>.+)")


@dataclass(frozen=True)
class _Entry:
    types: tuple[str, ...]
    uris: tuple[str, ...]
    suites: tuple[str, ...]
    components: tuple[str, ...]

    @property
    def serves_sources(self) -> bool:
        """Tell whether the archive's pool may hold what a release was made from."""
        fixes_only = all(suite.endswith("-security") for suite in self.suites)
        return not fixes_only and bool({"deb", "deb-src"} & set(self.types))


def mirrors(environment: Environment, apt: Path = APT) -> tuple[str, ...]:
    """Return the mirrors' URLs, the likeliest first."""
    if environment.debian_mirror:
        return (environment.debian_mirror,)
    uris = [uri for entry in _entries(apt) if entry.serves_sources for uri in _usable(entry)]
    return tuple(sorted(dict.fromkeys(uris), key=lambda uri: _archive(uri) != "debian"))


def _usable(entry: _Entry) -> Iterator[str]:
    for uri in entry.uris:
        name = _archive(uri)
        has_main = "main" in entry.components and not name.endswith("-security")
        if uri.startswith(("http://", "https://", "file:/")) and (name == "debian" or has_main):
            yield uri.rstrip("/")


def _archive(uri: str) -> str:
    """Return the last part of the URI's path: ``debian``, ``debian-security``."""
    return uri.rstrip("/").rpartition("/")[2]


def _entries(apt: Path) -> Iterator[_Entry]:
    folder = apt / "sources.list.d"
    for path in (apt / "sources.list", *sorted(folder.glob("*.list"))):
        yield from _one_line_entries(_text(path))
    for path in sorted(folder.glob("*.sources")):
        yield from _deb822_entries(_text(path))


def _text(path: Path) -> str:
    """Return nothing for a file that is missing or private: it may hold passwords."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _one_line_entries(text: str) -> Iterator[_Entry]:
    for line in text.splitlines():
        if match := _ONE_LINE.fullmatch(line.partition("#")[0].strip()):
            suite, *components = match["rest"].split()
            yield _Entry((match["types"],), (match["uris"],), (suite,), tuple(components))


def _deb822_entries(text: str) -> Iterator[_Entry]:
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    for stanza in re.split(r"\n(?:[ \t]*\n)+", "\n".join(lines)):
        fields = _fields(stanza)
        if fields.get("enabled", "yes").strip().lower() not in _NO:
            types, uris, suites, components = (
                tuple(fields.get(name, "").split())
                for name in ("types", "uris", "suites", "components")
            )
            yield _Entry(types, uris, suites, components)


def _fields(stanza: str) -> Mapping[str, str]:
    joined = re.sub(r"\n[ \t]+", " ", stanza)
    pairs = (line.partition(":") for line in joined.splitlines())
    return {name.strip().lower(): value for name, _, value in pairs}
