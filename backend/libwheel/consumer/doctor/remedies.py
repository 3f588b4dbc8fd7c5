"""What to do, where several rules say the same."""

from __future__ import annotations

import shlex

from libwheel import naming
from libwheel.consumer.doctor.report import Copy
from libwheel.consumer.packages import Package


def install(file: str, requirement: str = "") -> str:
    """Say how to get the library `file`: with pip only where something says of which wheel it is.

    A name that is merely like the file's may be anybody's.
    """
    if requirement:
        return f"pip install {shlex.quote(requirement)}"
    return f"install the library wheel that has {file}"


def reinstall(package: Package) -> str:
    """Say how to install it anew; pip refuses to remove what has no RECORD."""
    over = "--ignore-installed" if package.problem else "--force-reinstall"
    return _anew(package.name, package.version, over)


def reinstall_copy(copy: Copy) -> str:
    """Say the same of the distribution whose RECORD lists the file."""
    return _anew(copy.owner, copy.version, "--force-reinstall")


def _anew(name: str, version: str, over: str) -> str:
    return f"pip install {over} --no-deps {shlex.quote(f'{name}=={version}')}"


def load(wheel: str) -> str:
    """Say what makes a library wheel's libraries the ones that an extension gets."""
    locator = naming.import_name(wheel)
    return f"call {locator}.load() in the package's __init__.py, before it imports the extension"


def load_in_users(wheel: str) -> str:
    """Say the same of the packages that use a library wheel."""
    locator = naming.import_name(wheel)
    return f"call {locator}.load() in the __init__.py of each package that uses {wheel}"


def put_right(wheel: str, rule: str) -> str:
    return f"put {wheel} right first: see {rule}"


def repair(owner: str) -> str:
    return f"run `libwheel repair` on the wheel of {owner} and install what it makes"
