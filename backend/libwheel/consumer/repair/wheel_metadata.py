"""Edits of METADATA and WHEEL that leave every byte but their own as it was."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from email import message_from_bytes

from packaging.requirements import InvalidRequirement, Requirement
from packaging.tags import Tag, parse_tag
from packaging.utils import canonicalize_name

_REQUIRES, _TAG = b"requires-dist:", b"tag:"
_HEADER = re.compile(rb"[!-9;-~]+:|[ \t]")  # or more of the one above


def requirements(metadata: bytes) -> tuple[Requirement, ...]:
    """Return the requirements that hold everywhere: those without extra and marker."""
    texts = message_from_bytes(metadata).get_all("Requires-Dist", [])
    return tuple(found for text in texts for found in _parsed(str(text)) if not found.marker)


def _parsed(text: str) -> Iterator[Requirement]:
    try:
        yield Requirement(" ".join(text.split()))  # a long one goes over several lines
    except InvalidRequirement:
        return  # installers have their own word for it


def lacking(metadata: bytes, wanted: Iterable[Requirement]) -> tuple[Requirement, ...]:
    """Return the requirements that are not there yet."""
    there = [found for found in requirements(metadata) if not found.url]
    return tuple(one for one in wanted if not any(_is_met(one, found) for found in there))


def _is_met(wanted: Requirement, there: Requirement) -> bool:
    if canonicalize_name(wanted.name) != canonicalize_name(there.name):
        return False
    version = _only_version(there)
    allowed = version and wanted.specifier.contains(version, prereleases=True)
    return bool(allowed) or there.specifier == wanted.specifier


def _only_version(requirement: Requirement) -> str | None:
    """Return the one version that is allowed, if it is one, as in ``hdf5==1.14.5``."""
    specifiers = list(requirement.specifier)
    if len(specifiers) != 1 or specifiers[0].operator != "==":
        return None
    version = specifiers[0].version
    return None if version.endswith("*") else version


def with_requirements(metadata: bytes, added: Sequence[Requirement]) -> bytes:
    """Add a Requires-Dist line for each, behind those that there are."""
    if not added:
        return metadata
    lines = metadata.splitlines(keepends=True)
    place = _place(lines)
    before, after = b"".join(lines[:place]), b"".join(lines[place:])
    ending = _ending(before)
    joint = b"" if before.endswith((b"\n", b"\r")) else ending
    new = b"".join(b"Requires-Dist: " + str(r).encode() + ending for r in added)
    result = before + joint + new + after
    assert not lacking(result, added), "they are among the headers"
    return result


def _ending(text: bytes) -> bytes:
    """Return what ends a line there."""
    return b"\r\n" if b"\r\n" in text else b"\n"


def _place(lines: Sequence[bytes]) -> int:
    """Return the number of the line that is to stand behind a new Requires-Dist.

    To installers the headers end at the first line that is none, be it blank or not.
    """
    headers = next((n for n, line in enumerate(lines) if not _HEADER.match(line)), len(lines))
    last = max((n for n in range(headers) if lines[n].lower().startswith(_REQUIRES)), default=None)
    if last is None:
        return headers
    behind = range(last + 1, headers)
    return next((n for n in behind if not lines[n].startswith((b" ", b"\t"))), headers)


def with_platforms(wheel: bytes, platforms: frozenset[str]) -> bytes:
    """Return WHEEL with a Tag line for each expansion; itself where it has just those."""
    found = tags(wheel)
    if {tag.platform for tag in found} == platforms:
        return wheel
    pairs = dict.fromkeys((tag.interpreter, tag.abi) for tag in found)
    new = [
        f"Tag: {'-'.join(pair)}-{platform}".encode() + _ending(wheel)
        for pair in pairs
        for platform in sorted(platforms)
    ]
    lines = wheel.splitlines(keepends=True)
    place = next((n for n, line in enumerate(lines) if _is_tag(line)), len(lines))
    rest = [line for line in lines[place:] if not _is_tag(line)]
    return b"".join([*lines[:place], *new, *rest])


def tags(wheel: bytes) -> list[Tag]:
    """Return every expansion of WHEEL's Tag lines."""
    texts = message_from_bytes(wheel).get_all("Tag", [])
    return [tag for text in texts for tag in sorted(parse_tag(str(text)), key=str)]


def _is_tag(line: bytes) -> bool:
    return line.lower().startswith(_TAG)
