"""What is wrong with a recipe's options, and with the conditions of its `when` tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from libwheel import settings
from libwheel.errors import nearest
from libwheel.recipe import Body, Option, When
from libwheel.recipe_resolution import Recipe


def option_mistakes(options: Sequence[Option]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the options themselves: each label must tell what was chosen."""
    yield from repeated("option", [option.name for option in options])
    owners: dict[str, str] = {}
    for number, option in enumerate(options, 1):
        where = f"option[{number}]"
        if option.name in settings.HELP:
            yield f"{where}.name", f"{option.name!r} is a setting of libwheel's own"
        if not option.others:
            yield f"{where}.values", "must be two or more; the first is the default"
        yield from repeated(f"{where}.values", option.values)
        for value in dict.fromkeys(option.others):
            owner = owners.setdefault(value, option.name)
            if owner != option.name:
                text = f"{value!r} is also a value of {owner!r}: the version could mean either"
                yield f"{where}.values", text


def unknown(recipe: Recipe, body: Body) -> Iterator[tuple[str, str]]:
    """Yield the options and values that a condition asks for and the recipe does not have."""
    known = {option.name: option.values for option in recipe.options}
    for where, when in _conditions(recipe, body):
        for name, value in when.option.items():
            if name not in known:
                yield f"{where}.option.{name}", f"is not an [[option]]{nearest(name, known)}"
            elif value not in known[name]:
                text = f"must be one of {', '.join(known[name])}, not {value!r}"
                yield f"{where}.option.{name}", f"{text}{nearest(value, known[name])}"


def idle(recipe: Recipe) -> Iterator[tuple[str, str]]:
    """Yield the conditions whose version no release has."""
    bodies = [(r.version, body) for r in recipe.releases for body in recipe.bodies(r)]
    asked = {
        (f"{where}.version", when.version)
        for _, body in bodies
        for where, when in _conditions(recipe, body)
    }
    fitting = {
        (f"{where}.version", when.version)
        for version, body in bodies
        for where, when in _conditions(recipe, body)
        if when.fits_version(version)
    }
    for where, version in sorted(asked - fitting):
        yield where, f"{version!r} fits no release"


def repeated(where: str, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the names that are there more than once."""
    for name in dict.fromkeys(name for name in names if name and names.count(name) > 1):
        yield where, f"{name!r} is there {names.count(name)} times"


def _conditions(recipe: Recipe, body: Body) -> Iterator[tuple[str, When]]:
    """Yield every `when` of the recipe and of one of its bodies, with its key."""
    for overlay in recipe.overlays:
        yield overlay.where, overlay.when
    yield from body.conditions.items()
