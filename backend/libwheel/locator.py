"""The locator: the importable package that tells where a library wheel's files are."""

from __future__ import annotations

import re
from ast import literal_eval
from collections.abc import Mapping
from dataclasses import dataclass, fields
from importlib.resources import files
from pathlib import PurePosixPath
from typing import TypedDict

from libwheel.naming import Tag
from libwheel.staging import StagedLibrary

# The installation prefix, seen from a folder in the package: .../lib/pythonX.Y/site-packages/
# NAME_pywheel/FOLDER in a virtual environment, with --user and --prefix, in pip's overlay.
PREFIX = "../../../../.."


class Offer(TypedDict):
    """What a locator says of one library.

    `file` is its file name; two libraries may have the same. `include` is the folder for ``-I``,
    below the wheel's own. `requires` names the libraries of this wheel that come with it.
    `cflags` is what consumers compile with beyond that, `libs` all that they link with;
    `conflicts` names the libraries of this wheel that no consumer may use beside it.
    """

    file: str
    include: str
    requires: list[str]
    cflags: list[str]
    libs: list[str]
    conflicts: list[str]


@dataclass(frozen=True)
class Constants:
    """What a library wheel's locator says of it, in the constants at its top.

    `compatible` is the range of versions, a PEP 440 specifier, that a consumer built against
    this one may run with. `libraries` are file names, dependencies first. `plain` are the paths
    in a conventional prefix of what has another name in an environment's. `offers` has the
    libraries by name, dependencies first, and `requires` the library wheels that this one runs
    with: of each the versions, a PEP 440 specifier.
    """

    distribution: str
    pywheel: str
    exact: str
    compatible: str
    libraries: tuple[str, ...]
    plain: Mapping[str, str]
    offers: Mapping[str, Offer]
    requires: Mapping[str, str]

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
    )
    folder = PurePosixPath(tag.import_name)
    return {
        folder / "__init__.py": _filled(_template("__init__.py"), constants),
        **{folder / name: _template(name) for name in ("__main__.py", "_prefix.py")},
    }


def read(text: str) -> Constants:
    """Read the constants of a locator's ``__init__.py`` without running it.

    A newer locator may have more of them. Raises ValueError where it is no locator's.
    """
    found = {name.lower(): value for name, value in _CONSTANT.findall(text)}
    try:
        return Constants(**{one.name: literal_eval(found[one.name]) for one in fields(Constants)})
    except (KeyError, SyntaxError, TypeError, ValueError) as error:
        raise ValueError(f"not a library wheel's locator: {error}") from None


def entry_points(tag: Tag) -> str:
    """Return entry_points.txt.

    `pkg_config` is read by pkgconf-pypi: a package whose folder holds .pc files.
    `cmake.root` is read by scikit-build-core: a package that becomes `<name>_ROOT`.
    """
    return (
        f"[cmake.root]\n{tag.pywheel} = {tag.import_name}\n\n"
        f"[pkg_config]\n{tag.pywheel} = {tag.import_name}.pkgconfig\n"
    )


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
        "include": library.include,
        "requires": list(library.requires),
        "cflags": list(library.cflags),
        "libs": list(library.link_words(tag.link_name(library.stem))),
        "conflicts": list(library.conflicts),
    }


def _plain_names(tag: Tag, libraries: tuple[StagedLibrary, ...]) -> Mapping[str, str]:
    names = {
        f"lib/{tag.plain_library_file(library.stem)}": library.file.path.as_posix()
        for library in libraries
    }
    packages = {
        f"lib/pkgconfig/{library.name}.pc": f"lib/pkgconfig/{tag.package(library.name)}.pc"
        for library in libraries
    }
    return names | packages
