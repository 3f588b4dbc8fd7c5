"""Glob patterns over relative paths: ``*`` and ``?`` stay in one folder, ``**`` does not."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

_WILD = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    pieces = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    return re.compile("".join(_WILD.get(piece) or re.escape(piece) for piece in pieces))


def matches(path: str, pattern: str) -> bool:
    """Tell whether the whole of `path` fits `pattern`."""
    return _compiled(pattern).fullmatch(path) is not None


def matches_any(path: str, patterns: Iterable[str]) -> bool:
    return any(matches(path, pattern) for pattern in patterns)


def unmatched(patterns: Iterable[str], paths: Iterable[str]) -> list[str]:
    """Return the patterns that fit none of `paths`."""
    known = list(paths)
    return [pattern for pattern in patterns if not any(matches(path, pattern) for path in known)]
