"""How sentences list and count things, and say sizes."""

from __future__ import annotations

from collections.abc import Sequence


def listed(items: Sequence[str], shown: int = 3) -> str:
    """Return ``a, b and c``, or the first that are to be shown: ``a, b, c and 4 more``."""
    rest = len(items) - shown
    if rest > 1:
        return f"{', '.join(items[:shown])} and {rest} more"
    return " and ".join(part for part in (", ".join(items[:-1]), *items[-1:]) if part)


def counted(number: int, one: str, several: str) -> str:
    """Return ``1 library`` or ``2 libraries``."""
    return f"{number} {one if number == 1 else several}"


def sized(size: int) -> str:
    """Return ``6.1 MB`` or ``34 kB``."""
    return f"{size / 1e6:.1f} MB" if size >= 1e6 / 2 else f"{max(1, round(size / 1e3))} kB"
