"""What the values of a recipe must look like; each check says what is wrong, or nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from libwheel.errors import nearest
from libwheel.target import ARCHITECTURES, Libc, Os

SYSTEMS = ("autotools", "cmake", "make", "meson")
# With the machine that has each.
INSTRUCTION_SETS = {"avx": "x86_64", "avx512": "x86_64", "sve": "aarch64"}


def sha256(value: str) -> str | None:
    if re.fullmatch(r"[0-9a-f]{64}", value):
        return None
    return f"must be 64 lower-case hexadecimal digits, not {value!r}"


def url(value: str) -> str | None:
    try:
        parts = urlsplit(value)
    except ValueError:
        parts = urlsplit("")
    whole = (parts.scheme, bool(parts.netloc)) in (("https", True), ("file", False))
    if not whole or not re.fullmatch("/.*[^/]", parts.path):
        return f"must be an https or file URL of a file, not {value!r}"
    if "@" in parts.netloc or "#" in value:
        return f"must have no user and no fragment, not {value!r}"
    return _unfilled(value)


def inside(value: str) -> str | None:
    """Paths and patterns that must stay below a folder."""
    path = PurePosixPath(value)
    if not value or path.is_absolute() or ".." in path.parts or "\\" in value:
        return f"must be a relative path without '..', not {value!r}"
    return _unfilled(value)


def version(value: str) -> str | None:
    try:
        normal = str(Version(value))
    except InvalidVersion:
        return f"must be a version as PEP 440 writes it, not {value!r}"
    if "+" in normal:
        return f"must have no local label, which is for the values of options, not {value!r}"
    return None if normal == value else f"must be in its normal form, {normal!r}, not {value!r}"


def specifier(value: str) -> str | None:
    try:
        SpecifierSet(value)
    except InvalidSpecifier:
        return f"must be a version specifier as in '>= 2', not {value!r}"
    return None


def compatible(value: str) -> str | None:
    filled = value.replace("{version}", "1.0")
    if specifier(filled):
        return f"must be a version specifier as in '~= {{version}}', not {value!r}"
    return _unfilled(filled)


def license_expression(value: str) -> str | None:
    try:
        canonicalize_license_expression(value)
    except InvalidLicenseExpression:
        return f"must be an SPDX licence expression, not {value!r}"
    return None


def abi(value: str) -> str | None:
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._]*", value):
        return None
    return f"must be letters, digits, '.' and '_', not {value!r}"


def library_name(value: str) -> str | None:
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._+-]*", value):
        return None
    return f"must be a library's name without 'lib' and suffix, not {value!r}"


def setting_name(value: str) -> str | None:
    if re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", value):
        return None
    return f"must be lower-case words joined by '-', not {value!r}"


def local_label(value: str) -> str | None:
    """Take a segment of a local version label in its normal form (PEP 440), no mere number."""
    if re.fullmatch(r"[a-z0-9]*[a-z][a-z0-9]*", value):
        return None
    return f"must be lower-case letters and digits, as in a local version label, not {value!r}"


def program(value: str) -> str | None:
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._+-]*", value):
        return None
    return f"must be a program's name, not {value!r}"


def optional_symbol(value: str) -> str | None:
    if not value or re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.$]*", value):
        return None
    return f"must be a symbol's name, not {value!r}"


def symbol_suffix(value: str) -> str | None:
    if re.fullmatch(r"[A-Za-z0-9_]*", value):
        return None
    return f"must be letters, digits and '_', not {value!r}"


def instruction_set(value: str) -> str | None:
    return _one_of(INSTRUCTION_SETS, value) if value else None


def optional_path(value: str) -> str | None:
    return inside(value) if value else None


def header_line(value: str) -> str | None:
    if value == value.strip() and (not value or value.isprintable()):
        return None
    return f"must be one line without white space around it, not {value!r}"


def flag(value: str) -> str | None:
    """Keep to what .pc files, CMake's lists and generator expressions, and shells take as it is."""
    if re.fullmatch(r"[A-Za-z0-9_./,=:+@%-]+", value):
        return None
    return f"must be one flag of letters, digits and any of '_./,=:+@%-', not {value!r}"


def wheel_requirement(value: str) -> str | None:
    """Take a name with a version specifier: no extras, URL or marker."""
    try:
        found = Requirement(value)
    except InvalidRequirement:
        return f"must be a library wheel's name with a version specifier, not {value!r}"
    if found.extras or found.url or found.marker:
        return f"must be a name with a version specifier and nothing else, not {value!r}"
    return None


def system(value: str) -> str | None:
    return _one_of(SYSTEMS, value)


def operating_system(value: str) -> str | None:
    return _one_of(Os, value)


def architecture(value: str) -> str | None:
    return _one_of(ARCHITECTURES, value)


def libc(value: str) -> str | None:
    return _one_of(Libc, value)


def description(value: str) -> str | None:
    """Keep to what a .pc file takes: a hash begins a comment there, a dollar a variable."""
    if value and value.isprintable() and not {"#", "$"} & set(value):
        return None
    return f"must be one line without '#' and '$', not {value!r}"


def not_negative(value: int) -> str | None:
    return None if value >= 0 else f"must not be negative, not {value}"


def schema(value: int) -> str | None:
    return None if value == 1 else f"must be 1, the only version of this format, not {value}"


def _one_of(known: Iterable[str], value: str) -> str | None:
    words = [str(word) for word in known]
    if value in words:
        return None
    return f"must be one of {', '.join(words)}, not {value!r}{nearest(value, words)}"


def _unfilled(value: str) -> str | None:
    """Find what looks like a place to fill in, and is none."""
    if "{" in value or "}" in value:
        filled = "'{version}' of a release or bundled library"
        return f"only the {filled} is filled in, not what {value!r} has"
    return None
