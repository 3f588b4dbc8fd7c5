"""The bill of materials: a CycloneDX 1.6 document of what went into the wheel."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from libwheel.naming import Tag
from libwheel.recipe import Archive
from libwheel.version import __version__


@dataclass(frozen=True)
class Patch:
    """A patch that was applied: its name in the recipe, and its text."""

    name: str
    text: str


@dataclass(frozen=True)
class Component:
    """A library whose code is in the wheel.

    `archives` are the bytes it was built from; none where a local source took their place.
    """

    name: str
    version: str
    license: str
    archives: tuple[Archive, ...]
    patches: tuple[Patch, ...] = ()


def path(tag: Tag) -> PurePosixPath:
    """Return the document's place below dist-info/sboms."""
    return PurePosixPath(f"{tag.wheel}.cdx.json")


@dataclass(frozen=True)
class Other:
    """A library wheel that the wheel runs with, in the version that it was built against."""

    name: str
    version: str


def text(
    tag: Tag, upstream: Component, static: Sequence[Component], others: Sequence[Other] = ()
) -> str:
    """Return the document: the wheel contains `upstream`, which contains `static`.

    `others` are no part of it: they are named as what it depends on.
    """
    wheel = _pypi(tag.wheel, tag.full_version)
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "library",
                "bom-ref": wheel,
                "name": tag.wheel,
                "version": tag.full_version,
                "purl": wheel,
                "properties": [{"name": "libwheel:build", "value": str(tag.build)}],
            },
            "tools": {
                "components": [{"type": "application", "name": "libwheel", "version": __version__}]
            },
        },
        "components": [
            _component(upstream, "dynamic"),
            *(_component(library, "static") for library in static),
            *map(_other, others),
        ],
        "dependencies": [
            {"ref": wheel, "dependsOn": sorted([_ref(upstream), *map(_other_ref, others)])},
            {"ref": _ref(upstream), "dependsOn": sorted(_ref(library) for library in static)},
            *({"ref": _ref(library)} for library in static),
            *({"ref": _other_ref(other)} for other in others),
        ],
    }
    return json.dumps(document, indent=2) + "\n"


def _pypi(name: str, version: str) -> str:
    return f"pkg:pypi/{name}@{quote(version)}"


def _other_ref(other: Other) -> str:
    return _pypi(other.name, other.version)


def _other(other: Other) -> dict[str, Any]:
    return {
        "type": "library",
        "bom-ref": _other_ref(other),
        "name": other.name,
        "version": other.version,
        "scope": "required",
        "purl": _other_ref(other),
        "properties": [{"name": "libwheel:linkage", "value": "dynamic, in a wheel of its own"}],
    }


def _ref(component: Component) -> str:
    """Return the component's package URL, of the generic type."""
    place = f"pkg:generic/{quote(component.name)}@{quote(component.version)}"
    if not component.archives:
        return place
    main = component.archives[0]
    qualifiers = [f"checksum=sha256:{main.sha256}"]
    qualifiers += [f"download_url={quote(url, safe=':/')}" for url in main.urls[:1]]
    return f"{place}?{'&'.join(qualifiers)}"


def _component(component: Component, linkage: str) -> dict[str, Any]:
    places = [_reference(a, url) for a in component.archives for url in _places(a)]
    properties = [{"name": "libwheel:linkage", "value": linkage}]
    if not component.archives:
        properties.append({"name": "libwheel:source", "value": "local, not verified"})
    found: dict[str, Any] = {
        "type": "library",
        "bom-ref": _ref(component),
        "name": component.name,
        "version": component.version,
        "licenses": [{"expression": component.license}],
        "purl": _ref(component),
        "properties": properties,
    }
    if component.archives:
        found["hashes"] = _hashes(component.archives[0])
        found["externalReferences"] = places
    if component.patches:
        found["pedigree"] = {"patches": [_patch(patch) for patch in component.patches]}
    return found


def _places(archive: Archive) -> tuple[str, ...]:
    return (*archive.urls, *([quote(archive.debian)] if archive.debian else []))


def _reference(archive: Archive, url: str) -> dict[str, Any]:
    comment = {"comment": "below any Debian mirror"} if url == quote(archive.debian) else {}
    return {"type": "distribution", "url": url, **comment, "hashes": _hashes(archive)}


def _hashes(archive: Archive) -> list[dict[str, str]]:
    return [{"alg": "SHA-256", "content": archive.sha256}]


def _patch(patch: Patch) -> dict[str, Any]:
    content = {"contentType": "text/x-diff", "content": patch.text}
    return {"type": "unofficial", "diff": {"text": content, "url": patch.name}}
