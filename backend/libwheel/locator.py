"""The locator: the importable package that tells where a library wheel's files are."""

from __future__ import annotations

import re
from ast import literal_eval
from collections.abc import Mapping
from dataclasses import dataclass, fields
from importlib.resources import files
from pathlib import PurePosixPath
from typing import Any, TypedDict, get_args, get_origin, get_type_hints, is_typeddict

from libwheel.naming import Tag
from libwheel.staging import StagedLibrary
from libwheel.target import Os


class Offer(TypedDict):
    """What a locator says of one library.

    `file` is its file name; two libraries may have the same. `link` is what follows ``-l`` to link
    with the library alone. `include` is the folder for ``-I``, below the wheel's own. `requires`
    names the libraries of this wheel that come with it. `cflags` is what consumers compile with
    beyond that, `libs` all that they link with; `conflicts` names the libraries of this wheel that
    no consumer may use beside it.
    """

    file: str
    link: str
    include: str
    requires: list[str]
    cflags: list[str]
    libs: list[str]
    conflicts: list[str]


@dataclass(frozen=True)
class Constants:
    """What a library wheel's locator says of it, in the constants at its top.

    `compatible` is the range of versions, a PEP 440 specifier, that a consumer built against
    this one may run with. `libraries` are file names, dependencies first. `plain` are the paths in
    a conventional prefix of what has another name below the layout's top. `offers` has the
    libraries by name, dependencies first, and `requires` the library wheels that this one runs
    with: of each the versions, a PEP 440 specifier. `system` is what the libraries are for, as
    `target.Os` has it.
    """

    distribution: str
    pywheel: str
    exact: str
    compatible: str
    libraries: tuple[str, ...]
    plain: Mapping[str, str]
    offers: Mapping[str, Offer]
    requires: Mapping[str, str]
    system: str = Os.LINUX.value

    @property
    def together(self) -> tuple[str, ...]:
        """The names of the libraries that conflict with none before them, as the locator says."""
        found: list[str] = []
        for name in self.offers:
            if not any(self._conflict(name, other) for other in found):
                found.append(name)
        return tuple(found)

    def _conflict(self, one: str, other: str) -> bool:
        return other in self.offers[one]["conflicts"] or one in self.offers[other]["conflicts"]


def way_to_top(tag: Tag) -> str:
    """Return the way to the layout's top from a folder in the package.

    In virtual environments, with --user and --prefix, in pip's overlay alike.
    """
    return f"../../{tag.layout.top_from_site}"


def modules(
    tag: Tag,
    compatible: str,
    libraries: tuple[StagedLibrary, ...],
    requires: Mapping[str, str],
) -> Mapping[PurePosixPath, str]:
    """Return the package's modules; `libraries` come with what they need before them.

    `requires` are the library wheels that this one runs with: of each the versions.
    """
    constants = Constants(
        tag.wheel,
        tag.pywheel,
        tag.exact,
        compatible,
        tuple(dict.fromkeys(library.file.path.name for library in libraries)),
        _plain_names(tag, libraries),
        {library.name: _offer(tag, library) for library in libraries},
        dict(requires),
        str(tag.os),
    )
    folder = PurePosixPath(tag.import_name)
    return {
        folder / "__init__.py": _filled(_template("__init__.py"), constants),
        **{folder / name: _template(name) for name in ("__main__.py", "_prefix.py")},
    }


def read(text: str) -> Constants:
    """Read the constants of a locator's ``__init__.py`` without running it.

    A newer locator may have more of them, an older one lack some of `_LATER`. Raises ValueError
    where it is no locator's.
    """
    found = {name.lower(): value for name, value in _CONSTANT.findall(text)}
    names = [one.name for one in fields(Constants) if one.name in found or one.name not in _LATER]
    try:
        constants = Constants(**{name: literal_eval(found[name]) for name in names})
        _stop_for_odd(constants)
    except (KeyError, SyntaxError, TypeError, ValueError) as error:
        raise ValueError(f"not a library wheel's locator: {error}") from None
    return constants


def entry_points(tag: Tag) -> str:
    """Return entry_points.txt.

    `pkg_config` is read by pkgconf-pypi: a package whose folder holds .pc files.
    `cmake.root` is read by scikit-build-core: a package that becomes `<name>_ROOT`.
    """
    return (
        f"[cmake.root]\n{tag.pywheel} = {tag.import_name}\n\n"
        f"[pkg_config]\n{tag.pywheel} = {tag.import_name}.pkgconfig\n"
    )


_LATER = frozenset({"system", "link"})  # what the first locators do not say: they are for Linux


def _stop_for_odd(constants: Constants) -> None:
    """Raise ValueError for constants that are not what `Constants` says."""
    shapes = get_type_hints(Constants)
    odd = [name for name, shape in shapes.items() if not _fits(getattr(constants, name), shape)]
    if odd:
        raise ValueError(f"{', '.join(odd)}: of another shape")
    if constants.system not in tuple(Os):
        raise ValueError(f"system: {constants.system}")


def _fits(value: object, shape: Any) -> bool:  # noqa: ANN401 (an annotation)
    """Tell whether a value, and all that is in it, is of the type that an annotation names."""
    if is_typeddict(shape):
        return isinstance(value, dict) and all(
            _fits(value[name], part) if name in value else name in _LATER
            for name, part in get_type_hints(shape).items()
        )
    kind, parts = get_origin(shape) or shape, get_args(shape)
    if not isinstance(value, kind):
        return False
    if isinstance(value, Mapping):
        return all(_fits(n, parts[0]) and _fits(one, parts[1]) for n, one in value.items())
    return not parts or all(_fits(one, parts[0]) for one in value)


def _template(name: str) -> str:
    return (files("libwheel") / "locator_template" / name).read_text(encoding="utf-8")


# A constant of the template: its name, maybe a type, its value, maybe a comment.
_CONSTANT = re.compile(r"(?m)^([A-Z]+)(?:: [^=\n]+)? = ([^#\n]*[^# \n])")


def _filled(text: str, constants: Constants) -> str:
    """Return `text` with other values for the constants at its top."""

    def other(match: re.Match[str]) -> str:
        value = repr(getattr(constants, match[1].lower()))
        return match[0].removesuffix(match[2]) + value

    return _CONSTANT.sub(other, text)


def _offer(tag: Tag, library: StagedLibrary) -> Offer:
    return {
        "file": library.file.path.name,
        "link": tag.link_name(library.stem),
        "include": library.include,
        "requires": list(library.requires),
        "cflags": list(library.cflags),
        "libs": list(library.link_words(tag.link_name(library.stem))),
        "conflicts": list(library.conflicts),
    }


def _plain_names(tag: Tag, libraries: tuple[StagedLibrary, ...]) -> Mapping[str, str]:
    below_top = tag.layout.below_top
    folder, described = below_top(tag.layout.library), below_top(tag.pkgconfig_folder)
    names = {
        f"{folder}/{tag.plain_library_file(library.stem)}": below_top(str(library.files[-1].path))
        for library in libraries
    }
    packages = {
        f"{described}/{library.name}.pc": f"{described}/{tag.package(library.name)}.pc"
        for library in libraries
    }
    return names | packages
