"""What is wrong with a recipe that no single key shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

from packaging.specifiers import SpecifierSet

from libwheel import recipe_checks as checks
from libwheel.recipe import Archive, Body, Bundled, Recipe, Release, Source


def mistakes(recipe: Recipe) -> Iterator[tuple[str, str]]:
    """Yield key and text of every mistake, for each release on any target."""
    releases = recipe.releases
    yield from _release_mistakes(releases)
    usable = {n: r for n, r in enumerate(releases, 1) if not checks.version(r.version)}
    if releases and len(usable) == len(releases):
        yield from _idle_overlays(recipe)
    for number, release in usable.items():
        for body in recipe.bodies(release):
            yield from _body_mistakes(body, release)
            yield from _missing_patches(recipe, number, release, body)


def named_patches(recipe: Recipe) -> set[str]:
    """Return every patch that the recipe names, for any release on any target."""
    return {
        name
        for number, release in enumerate(recipe.releases, 1)
        for body in recipe.bodies(release)
        for _, names in _patch_lists(number, release, body)
        for name in names
    }


def _idle_overlays(recipe: Recipe) -> Iterator[tuple[str, str]]:
    for overlay in recipe.overlays:
        if not any(overlay.when.fits_version(release.version) for release in recipe.releases):
            yield f"{overlay.where}.version", f"{overlay.when.version!r} fits no release"


def _missing_patches(
    recipe: Recipe, number: int, release: Release, body: Body
) -> Iterator[tuple[str, str]]:
    for where, names in _patch_lists(number, release, body):
        for name in names:
            if not (recipe.folder / name).is_file():
                yield where, f"{name!r} is not a file in the recipe"


def _release_mistakes(releases: Sequence[Release]) -> Iterator[tuple[str, str]]:
    if not releases:
        yield "release", "there must be at least one [[release]]"
    yield from _repeated("release", [release.version for release in releases])
    for number, release in enumerate(releases, 1):
        yield from _source_mistakes(f"release[{number}].source", release.source)
        if not release.licenses:
            yield f"release[{number}].licenses", "must name at least one file"


def _body_mistakes(body: Body, release: Release) -> Iterator[tuple[str, str]]:
    yield from _range_mistakes(body.compatible, release.version)
    if not body.library:
        yield "library", "there must be at least one [[library]]"
    yield from _repeated("library", [library.name for library in body.library])
    yield from _repeated("bundled", [bundled.name for bundled in body.bundled])
    for number, library in enumerate(body.library, 1):
        if body.bundled and not library.exports:
            yield (
                f"library[{number}].exports",
                "is missing: what is linked in statically must not be exported as well",
            )
    for number, bundled in enumerate(body.bundled, 1):
        yield from _source_mistakes(f"bundled[{number}].source", bundled.source)
        yield from _license_mistakes(f"bundled[{number}].licenses", bundled, release)


def _license_mistakes(where: str, bundled: Bundled, release: Release) -> Iterator[tuple[str, str]]:
    if not bundled.licenses:
        yield where, "must name at least one file"
    for name in bundled.license_files.keys() & set(release.licenses):
        yield where, f"{name!r} is also the path of a licence file of the release"


def _range_mistakes(compatible: str, version: str) -> Iterator[tuple[str, str]]:
    filled = compatible.replace("{version}", version)
    if checks.specifier(filled):
        yield "compatible", f"becomes {filled!r} for release {version!r}: not a version specifier"
    elif not SpecifierSet(filled).contains(version, prereleases=True):
        yield "compatible", f"{filled!r} leaves out release {version!r} itself"


def _repeated(where: str, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    for name in dict.fromkeys(name for name in names if name and names.count(name) > 1):
        yield where, f"{name!r} is there {names.count(name)} times"


def _source_mistakes(where: str, sources: Sequence[Source]) -> Iterator[tuple[str, str]]:
    if not sources:
        yield where, "there must be at least one"
    for place, archive in _archives(where, sources):
        if not archive.urls and not archive.debian:
            yield place, "has no place: give `urls` or `debian`"


def _archives(where: str, sources: Sequence[Source]) -> Iterator[tuple[str, Archive]]:
    for number, source in enumerate(sources, 1):
        yield f"{where}[{number}]", source
        for count, part in enumerate(source.part, 1):
            yield f"{where}[{number}].part[{count}]", part


def _patch_lists(
    number: int, release: Release, body: Body
) -> Iterator[tuple[str, tuple[str, ...]]]:
    yield "patches", body.patches
    yield f"release[{number}].patches", release.patches
    archives = chain(
        _archives(f"release[{number}].source", release.source),
        *(_archives(f"bundled[{n}].source", b.source) for n, b in enumerate(body.bundled, 1)),
    )
    for where, archive in archives:
        yield f"{where}.patches", archive.patches
