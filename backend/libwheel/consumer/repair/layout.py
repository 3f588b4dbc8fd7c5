"""Where installers put a wheel's files, and the way from one of them to another.

Folders are tuples of names below the environment's prefix. That of site-packages is three
folders deep wherever it is: in a virtual environment, with ``--user`` and ``--prefix``, in
``lib64``, and as Debian's ``dist-packages``. Its names are not known: nothing outside can be led
into it.
"""

from __future__ import annotations

from collections.abc import Sequence

Folder = tuple[str, ...]

_UNKNOWN = "?"
_SITE: Folder = (f"lib{_UNKNOWN}", f"python{_UNKNOWN}", f"site-packages{_UNKNOWN}")
_SCHEMES: dict[str, Folder] = {
    "data": (),
    "headers": ("include", f"python{_UNKNOWN}", f"name{_UNKNOWN}"),
    "platlib": _SITE,
    "purelib": _SITE,
    "scripts": ("bin",),
}
LIBRARIES: Folder = ("lib",)  # of library wheels

_ORIGIN = ("$ORIGIN", "${ORIGIN}")


def folder_of(member: str) -> Folder:
    """Return the folder that a file of the wheel is installed into."""
    top, *folders = member.split("/")[:-1] or [""]
    if top.endswith(".data") and folders and folders[0] in _SCHEMES:
        return (*_SCHEMES[folders[0]], *folders[1:])
    return (*_SITE, *filter(None, [top]), *folders)


def top_level(folder: Folder) -> Folder | None:
    """Return the folder of site-packages that this one is in; None: it is not in there."""
    depth = len(_SITE)
    return folder[: depth + 1] if folder[:depth] == _SITE else None


def way(start: Folder, goal: Folder) -> str | None:
    """Return the RPATH entry that leads from a folder to another; None where none can."""
    while start and goal and start[0] == goal[0]:
        start, goal = start[1:], goal[1:]
    if any(name.endswith(_UNKNOWN) for name in goal):
        return None
    return "/".join([_ORIGIN[0], *[".."] * len(start), *goal])


def led_to(start: Folder, entry: str) -> Folder | None:
    """Return where an RPATH entry of a file in `start` leads; None: out of the environment."""
    origin, *names = entry.split("/")
    return _walked(start, names) if origin in _ORIGIN else None


def _walked(start: Folder, names: Sequence[str]) -> Folder | None:
    place = list(start)
    for name in names:
        if name == ".." and not place:
            return None
        if name == "..":
            place.pop()
        elif name not in ("", "."):
            place.append(name)
    return tuple(place)
