"""The recipe reference, made from the dataclasses: `python -m libwheel.reference`."""

from __future__ import annotations

import dataclasses
import sys
import textwrap
import typing
from collections.abc import Iterator, Mapping
from typing import Any

from libwheel import recipe
from libwheel.schema import is_required, key_name

_HEAD = """\
# The keys of a recipe

Made by `python -m libwheel.reference`. Paths and patterns are relative; `*` and `?` stay in one
folder, `**` does not. A key in **bold** must be there. `{version}` is filled in, in a release's
or bundled library's places and in `compatible`. Whatever is not a key is an error.
"""

_TABLES: tuple[tuple[str, type[Any], str], ...] = (
    ("The top of recipe.toml", recipe.File, ""),
    ("`[[release]]`", recipe.Release, ""),
    ("`[[release.source]]`, `[[bundled.source]]`", recipe.Source, ""),
    ("`[[release.source.part]]`, `[[bundled.source.part]]`", recipe.Archive, ""),
    ("`[[bundled]]`", recipe.Bundled, ""),
    ("`[[option]]`", recipe.Option, ""),
    ("`[build]`", recipe.Build, ""),
    ("`[[build.configuration]]`", recipe.Configuration, ""),
    ("`[[library]]`", recipe.Library, ""),
    ("`[[library.expect]]`", recipe.Expectation, ""),
    ("`[wheel]`", recipe.Contents, ""),
    (
        "`[[when]]`, and each `when`",
        recipe.When,
        "A `[[when]]` is laid over the tables above, in order, where every condition holds. Beside "
        "its conditions it has any key of the top but `schema`, `release` and `[[option]]`: "
        "a table is merged key by key, anything else takes the place of what was there.",
    ),
)


def text() -> str:
    """Return the reference, as Markdown."""
    sections = ("\n".join(_section(*table)) for table in _TABLES)
    return "\n".join([_HEAD, *sections])


def _section(title: str, cls: type[Any], remark: str) -> Iterator[str]:
    yield f"## {title}\n"
    if remark:
        yield f"{textwrap.fill(remark, 98)}\n"
    yield "| key | type | meaning |\n|---|---|---|"
    hints = typing.get_type_hints(cls)
    for field in sorted(dataclasses.fields(cls), key=lambda field: _rank(cls, field)):
        name = f"`{key_name(field)}`"
        shown = f"**{name}**" if is_required(field) else name
        meaning = f"{field.metadata['doc']}{_default(field)}"
        yield f"| {shown} | {_type(hints[field.name])} | {meaning} |"
    yield ""


def _rank(cls: type[Any], field: dataclasses.Field[Any]) -> int:
    """Return 0 for what must be there and is the table's own, 1 for what must be there."""
    if not is_required(field):
        return 2
    return 0 if field.name in cls.__annotations__ else 1


def _default(field: dataclasses.Field[Any]) -> str:
    value = field.default
    return f" Default: `{value}`." if value not in (dataclasses.MISSING, "", ()) else ""


def _type(hint: Any) -> str:  # noqa: ANN401
    words = {str: "string", int: "integer"}
    if typing.get_origin(hint) is tuple:
        item = typing.get_args(hint)[0]
        return "array of strings" if item is str else "array of tables"
    if typing.get_origin(hint) is Mapping:
        strings = typing.get_args(hint)[1] is str
        return "table of strings" if strings else "table of strings, integers and booleans"
    return words.get(hint, "table")


if __name__ == "__main__":
    sys.stdout.write(text())
