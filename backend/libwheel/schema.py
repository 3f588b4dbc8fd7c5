"""Read TOML tables into frozen dataclasses, collecting every mistake on the way.

A field made by `key` is a key of the table: underscores become hyphens, the type says what
may stand there, and the text is its documentation (the recipe reference is made from it).
"""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Callable, Mapping
from dataclasses import MISSING
from typing import Any, TypeVar

from libwheel.errors import Problem, nearest

T = TypeVar("T")

# Says what is wrong with a value, or nothing.
Check = Callable[[Any], str | None]

_WORDS = {
    str: "a string",
    int: "an integer",
    bool: "true or false",
    tuple: "an array",
    list: "an array",
    dict: "a table",
}


def key(doc: str, *, check: Check | None = None, **default: Any) -> Any:  # noqa: ANN401 (as dataclasses.field)
    """Return a dataclass field that is a key of a TOML table.

    `check` is applied to the value, or to each item of an array; `default` is the
    ``default`` or ``default_factory`` of `dataclasses.field`.
    """
    return dataclasses.field(metadata={"doc": doc, "check": check}, **default)


def key_name(field: dataclasses.Field[Any]) -> str:
    """Return the field's name as a recipe spells it."""
    return field.name.replace("_", "-")


def is_required(field: dataclasses.Field[Any]) -> bool:
    """Tell whether a table must have the field's key."""
    return field.default is MISSING and field.default_factory is MISSING


@dataclasses.dataclass
class Reader:
    """Reads the tables of the file `path`; `problems` grows.

    What cannot be used is reported and left out, and a blank stands where something must,
    so that one pass finds every mistake: use no result while there are problems.
    """

    path: str
    problems: list[Problem] = dataclasses.field(default_factory=list)

    def table(
        self, cls: type[T], table: Mapping[str, Any], where: str = "", *, partial: bool = False
    ) -> T:
        """Return `table` as an instance of the dataclass `cls`.

        `where` is the table's own key; `partial` is for a table that is laid over another,
        where nothing has to be there.
        """
        fields = {key_name(field): field for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
        for name in [name for name in table if name not in fields]:
            self.report(_join(where, name), f"is not a known key{nearest(name, fields)}")
        hints = typing.get_type_hints(cls)
        values: dict[str, Any] = {}
        for name, field in fields.items():
            if name in table:
                value = self._value(hints[field.name], table[name], _join(where, name), partial)
                if value is not None:
                    values[field.name] = value
                    self._check(field, value, _join(where, name))
            elif is_required(field) and not partial:
                self.report(_join(where, name), "is missing")
            if field.name not in values and is_required(field):
                values[field.name] = self._blank(hints[field.name])
        return cls(**values)

    def report(self, where: str, text: str) -> None:
        self.problems.append(Problem(self.path, where, text))

    def _value(self, hint: Any, value: object, where: str, partial: bool) -> Any:  # noqa: ANN401
        origin, arguments = typing.get_origin(hint), typing.get_args(hint)
        if origin is tuple:
            return self._array(arguments[0], value, where)
        if origin is Mapping:
            return self._free_table(arguments[1], value, where)
        if dataclasses.is_dataclass(hint):
            if isinstance(value, dict):
                return self.table(typing.cast("type[Any]", hint), value, where, partial=partial)
            return self._wrong((dict,), value, where)
        kinds = arguments or (hint,)
        return value if type(value) in kinds else self._wrong(kinds, value, where)

    def _array(self, hint: Any, value: object, where: str) -> tuple[Any, ...] | None:  # noqa: ANN401
        if not isinstance(value, list):
            self._wrong((tuple,), value, where)
            return None
        items = [self._value(hint, item, f"{where}[{n}]", False) for n, item in enumerate(value, 1)]
        return tuple(item for item in items if item is not None)

    def _free_table(self, hint: Any, value: object, where: str) -> dict[str, Any] | None:  # noqa: ANN401
        if not isinstance(value, dict):
            self._wrong((dict,), value, where)
            return None
        items = {name: self._value(hint, v, _join(where, name), False) for name, v in value.items()}
        return {name: item for name, item in items.items() if item is not None}

    def _check(self, field: dataclasses.Field[Any], value: object, where: str) -> None:
        check: Check | None = field.metadata["check"]
        if check is None:
            return
        for item in value if isinstance(value, tuple) else (value,):
            if text := check(item):
                self.report(where, text)

    def _blank(self, hint: Any) -> Any:  # noqa: ANN401
        if dataclasses.is_dataclass(hint):
            return Reader(self.path).table(typing.cast("type[Any]", hint), {})
        return (typing.get_origin(hint) or hint)()

    def _wrong(self, kinds: tuple[type, ...], value: object, where: str) -> Any:  # noqa: ANN401
        wanted = " or ".join(_WORDS[kind] for kind in kinds)
        self.report(where, f"must be {wanted}, not {_found(value)}")


def _found(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return _WORDS[type(value)] if isinstance(value, dict | list) else repr(value)


def _join(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name
