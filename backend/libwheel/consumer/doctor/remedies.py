"""What to do, where several rules say the same."""

from __future__ import annotations

import shlex


def install(file: str, requirement: str = "") -> str:
    """Say how to get the library `file`: with pip only where something says of which wheel it is.

    A name that is merely like the file's may be anybody's.
    """
    if requirement:
        return f"pip install {shlex.quote(requirement)}"
    return f"install the library wheel that has {file}"


def repair(owner: str) -> str:
    return f"run `libwheel repair` on the wheel of {owner} and install what it makes"
