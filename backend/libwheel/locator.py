"""The locator: the importable package that tells where a library wheel's files are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.resources import files
from pathlib import PurePosixPath

from libwheel.naming import Tag
from libwheel.staging import StagedLibrary

# The installation prefix, seen from a folder in the package: .../lib/pythonX.Y/site-packages/
# NAME_pywheel/FOLDER in a virtual environment, with --user and --prefix, in pip's overlay.
PREFIX = "../../../../.."


def modules(
    tag: Tag, compatible: str, libraries: tuple[StagedLibrary, ...]
) -> Mapping[PurePosixPath, str]:
    """Return the package's modules; `libraries` come with what they need before them."""
    constants = {
        "DISTRIBUTION": repr(tag.wheel),
        "PYWHEEL": repr(tag.pywheel),
        "EXACT": repr(tag.exact),
        "COMPATIBLE": repr(compatible),
        "LIBRARIES": repr(tuple(library.file.path.name for library in libraries)),
    }
    folder = PurePosixPath(tag.import_name)
    return {
        folder / "__init__.py": _filled(_template("__init__.py"), constants),
        folder / "__main__.py": _template("__main__.py"),
    }


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


def _filled(text: str, constants: Mapping[str, str]) -> str:
    """Return `text` with other values for the constants at its top."""
    names = "|".join(constants)
    pattern = re.compile(rf"(?m)^({names})((?:: [^=]+)? = )[^#\n]*?(  #.*)?$")
    filled, count = pattern.subn(lambda m: f"{m[1]}{m[2]}{constants[m[1]]}{m[3] or ''}", text)
    assert count == len(constants), "the template has other constants"
    return filled
