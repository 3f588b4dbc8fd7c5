"""What is wrong with a recipe that no single key shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet

from libwheel import policy
from libwheel import recipe_checks as checks
from libwheel import recipe_conditions as conditions
from libwheel.errors import Problem, nearest
from libwheel.naming import canonical
from libwheel.recipe import (
    FILE,
    Archive,
    Body,
    Bundled,
    Expectation,
    Library,
    Release,
    Source,
)
from libwheel.recipe_conditions import repeated
from libwheel.recipe_resolution import Case, Recipe

# Those that build in the source tree cannot build it twice.
_SYSTEMS_OF_CONFIGURATIONS = ("cmake", "meson")


def mistakes(recipe: Recipe) -> Iterator[tuple[str, str]]:
    """Yield key and text of every mistake, for each release on any target with any options."""
    releases = recipe.releases
    yield from _release_mistakes(releases)
    yield from conditions.option_mistakes(recipe.options)
    usable = {n: r for n, r in enumerate(releases, 1) if not checks.version(r.version)}
    if releases and len(usable) == len(releases):
        yield from conditions.idle(recipe)
    for number, release in usable.items():
        cases = recipe.cases(release)
        for body in {id(case.whole): case.whole for case in cases}.values():
            yield from _body_mistakes(body, release)
            yield from conditions.unknown(recipe, body)
            yield from _missing_patches(recipe, number, release, body)
        for case in cases:
            yield from _case_mistakes(case)


def named_patches(recipe: Recipe) -> set[str]:
    """Return every patch that the recipe names, for any release on any target."""
    return {
        name
        for number, release in enumerate(recipe.releases, 1)
        for body in recipe.bodies(release)
        for _, names in _patch_lists(number, release, body)
        for name in names
    }


def requires_itself(recipe: Recipe, name: str) -> Iterator[Problem]:
    """Yield the mistake of a recipe that requires the wheel `name`, which it makes."""
    for release in recipe.releases:
        for body in recipe.bodies(release):
            if name in _required(body):
                text = f"{name!r} is the wheel that this recipe makes"
                yield Problem(str(recipe.folder / FILE), "requires", text)


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
    yield from repeated("release", [release.version for release in releases])
    for number, release in enumerate(releases, 1):
        yield from _source_mistakes(f"release[{number}].source", release.source)
        if not release.licenses:
            yield f"release[{number}].licenses", "must name at least one file"


def _body_mistakes(body: Body, release: Release) -> Iterator[tuple[str, str]]:
    yield from _range_mistakes(body.compatible, release.version)
    if not body.library:
        yield "library", "there must be at least one [[library]]"
    yield from repeated("bundled", [bundled.name for bundled in body.bundled])
    yield from repeated("requires", _required(body))
    for number, library in enumerate(body.library, 1):
        yield from _library_mistakes(f"library[{number}]", library, body)
    for number, bundled in enumerate(body.bundled, 1):
        yield from _source_mistakes(f"bundled[{number}].source", bundled.source)
        yield from _license_mistakes(f"bundled[{number}].licenses", bundled, release)
    system = body.build.system
    if body.build.configuration and system not in _SYSTEMS_OF_CONFIGURATIONS:
        yield "build.configuration", f"{system} builds in the source tree: it cannot build it twice"


def _library_mistakes(where: str, library: Library, body: Body) -> Iterator[tuple[str, str]]:
    for count, expected in enumerate(library.expect, 1):
        yield from _expectation_mistakes(f"{where}.expect[{count}]", library, expected)
    yield from _libs_mistakes(f"{where}.libs", library)
    names = [one.name for one in body.library if one.name != library.name]
    for name in library.conflicts:
        if name == library.name:
            yield f"{where}.conflicts", f"{name!r} is the library itself"
        elif name not in names:
            text = f"{name!r} is not a library of this recipe{nearest(name, names)}"
            yield f"{where}.conflicts", text


def _libs_mistakes(where: str, library: Library) -> Iterator[tuple[str, str]]:
    """Yield the libraries that no consumer's linker finds by their plain name."""
    known = [f"-l{name}" for name in (library.stem, *policy.SYSTEM_LIBRARIES)]
    for word in library.libs:
        if word.startswith("-l") and word not in known:
            text = f"{word!r} is neither the library itself nor one of the system's"
            yield where, f"{text}{nearest(word, known)}"


def _expectation_mistakes(
    where: str, library: Library, expected: Expectation
) -> Iterator[tuple[str, str]]:
    wanted = checks.INSTRUCTION_SETS.get(expected.instructions)
    if wanted and wanted not in (expected.when.arch, library.when.arch):
        yield (
            f"{where}.instructions",
            f'{expected.instructions!r} is of {wanted} alone: say `when = {{ arch = "{wanted}" }}`',
        )
    if bool(expected.symbol) == bool(expected.header):
        yield where, "must be either of a `symbol` or of a `line` in a `header`"
    elif bool(expected.header) != bool(expected.line):
        yield where, "`header` and `line` go together: which line must it have?"
    if expected.instructions and expected.header:
        yield f"{where}.instructions", "are a symbol's: a header has none"


def _case_mistakes(case: Case) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the libraries and configurations that one case has together."""
    body, whole = case.body, case.whole
    yield from repeated("library", [library.name for library in body.library])
    if whole.library and not body.library:
        yield "library", f"no [[library]] is left for {case}"
    yield from repeated("build.configuration", [one.name for one in body.build.configuration])
    if whole.build.configuration and not body.build.configuration:
        yield "build.configuration", f"no [[build.configuration]] is left for {case}"
    first: dict[str, Library] = {}
    for library in body.library:
        where = f"library[{_number(library, whole)}]"
        if first.setdefault(library.stem, library) is not library:
            yield from _same_file_mistakes(where, library, first[library.stem])
        elif body.bundled and not library.exports:
            text = "is missing: what is linked in statically must not be exported as well"
            yield f"{where}.exports", text


def _same_file_mistakes(where: str, library: Library, first: Library) -> Iterator[tuple[str, str]]:
    for name in ("suffix", "exports", "expect"):
        if getattr(library, name):
            text = f"is said of a file that {first.name!r} has already: put it there"
            yield f"{where}.{name}", text


def _number(library: Library, whole: Body) -> int:
    """Return which of the libraries it is, as the recipe writes them."""
    return [(one.name, one.when) for one in whole.library].index((library.name, library.when)) + 1


def _required(body: Body) -> list[str]:
    return [name for name in map(_wheel_name, body.requires) if name]


def _wheel_name(requirement: str) -> str:
    """Return the wheel's canonical name; nothing for what is no requirement."""
    try:
        return canonical(Requirement(requirement).name)
    except InvalidRequirement:
        return ""


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
