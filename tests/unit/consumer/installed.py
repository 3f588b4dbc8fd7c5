"""Installed distributions, as installers leave them, without an installer."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from libwheel import locator
from libwheel.naming import Tag
from unit.staged import library

SITE = Path("lib/python3.11/site-packages")


def install(
    prefix: Path,
    name: str,
    files: Mapping[str, bytes],
    *,
    version: str = "1.0",
    requires: Iterable[str] = (),
) -> Path:
    """Put `files` (paths below the prefix) and a dist-info there; return the site folder."""
    site = prefix / SITE
    info = site / f"{name.replace('-', '_')}-{version}.dist-info"
    required = "".join(f"Requires-Dist: {line}\n" for line in requires)
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{required}\nName: not\n"
    wheel = "Wheel-Version: 1.0\nTag: py3-none-manylinux_2_17_x86_64\n"
    contents = {
        **{prefix / path: content for path, content in files.items()},
        info / "METADATA": metadata.encode(),
        info / "WHEEL": wheel.encode(),
    }
    write_recorded(info, contents)
    return site


def write_recorded(info: Path, contents: Mapping[Path, bytes]) -> None:
    """Write these files, and RECORD into the dist-info: as pip's, relative to the site folder."""
    for path, content in contents.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    names = {os.path.relpath(path, info.parent): content for path, content in contents.items()}
    rows = [f"{name},{digest(content)},{len(content)}" for name, content in names.items()]
    (info / "RECORD").write_text("\n".join([*rows, f"{info.name}/RECORD,,"]) + "\n")


def digest(content: bytes) -> str:
    found = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    return f"sha256={found}"


def install_library_wheel(  # noqa: PLR0913 - what library wheels differ in
    prefix: Path,
    tag: Tag,
    libraries: Mapping[str, bytes],
    *,
    compatible: str = "~= 1.14.5",
    conflicts: Mapping[str, tuple[str, ...]] | None = None,
    requires: Mapping[str, str] | None = None,
) -> Path:
    """Install a library wheel; `libraries` are the contents by upstream's name.

    `conflicts` names the libraries that one excludes, `requires` library wheels and versions.
    """
    staged = tuple(
        replace(library(name, tag=tag), conflicts=(conflicts or {}).get(name, ()))
        for name in libraries
    )
    modules = locator.modules(tag, compatible, staged, requires or {})
    files = {str(SITE / path): text.encode() for path, text in modules.items()}
    files |= {
        str(one.file.path): content for one, content in zip(staged, libraries.values(), strict=True)
    }
    files[f"include/{tag.pywheel}/header.h"] = b"/* header */\n"
    required = [name + versions for name, versions in (requires or {}).items()]
    return install(prefix, tag.wheel, files, version=tag.version, requires=required)
