"""A library wheel as an installer leaves it, and its locator as a program."""

from __future__ import annotations

import struct
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from libwheel import cmake_config, locator, pkgconfig
from libwheel.naming import Tag
from libwheel.staging import Role, StagedLibrary
from unit.consumer.installed import SITE, write_recorded
from unit.staged import TAG, two
from unit.staged import site as site_of

HEADERS = ("hdf5.h", "sub/more.h")


@dataclass(frozen=True)
class Installed:
    """An installed library wheel: `site` below `prefix`, and its RECORD."""

    prefix: Path
    site: Path

    def command(self, *words: str) -> tuple[str, ...]:
        """Return how Python is called where nothing is to be imported from but `site`."""
        return (sys.executable, "-S", *words)

    def variables(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        return {"PYTHONPATH": str(self.site), "PYTHONDONTWRITEBYTECODE": "1", **(more or {})}

    def run(
        self, *words: str, variables: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*words),
            cwd=self.prefix,
            env=self.variables(variables),
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            check=False,
        )

    def ask(
        self, *words: str, variables: Mapping[str, str] | None = None, of: str = "hdf5_pywheel"
    ) -> str:
        done = self.run("-m", of, *words, variables=variables)
        assert not done.returncode, done.stderr
        return done.stdout.rstrip("\n")


def data(tag: Tag = TAG, headers: tuple[str, ...] = HEADERS) -> tuple[str, ...]:
    """Return the paths of the data files, relative to the prefix."""
    return (
        *(str(file.path) for one in two(tag) for file in one.files),
        *(f"{tag.include_folder}/{header}" for header in headers),
        f"{tag.pkgconfig_folder}/hdf5-pywheel.pc",
        f"{tag.pkgconfig_folder}/hdf5_hl-pywheel.pc",
        f"{tag.pkgconfig_folder}/{tag.exact}.pc",
        f"{tag.cmake_folder}/hdf5-pywheel-config.cmake",
    )


def info(tag: Tag = TAG) -> str:
    return f"{tag.release_stem}.dist-info"


def install(
    prefix: Path, site: str | Path = "", tag: Tag = TAG, headers: tuple[str, ...] = HEADERS
) -> Installed:
    """Install the wheel with data files that are empty; RECORD lists byte code, as pip's does.

    `site` is the folder of packages below `prefix`, if not that of a virtual environment.
    """
    installed = Installed(prefix, prefix / (site or site_of(tag)))
    made = locator.modules(tag, "~= 1.14.5", two(tag), {})
    metadata = f"Metadata-Version: 2.4\nName: hdf5\nVersion: {tag.version}\n"
    described = installed.site / info(tag)
    texts = {installed.site / path: text for path, text in made.items()}
    texts |= {prefix / name: "" for name in data(tag, headers)}
    texts[described / "METADATA"] = metadata
    texts[described / "entry_points.txt"] = locator.entry_points(tag)
    write_recorded(described, {path: text.encode() for path, text in texts.items()})
    with (described / "RECORD").open("a") as record:
        record.write("hdf5_pywheel/__pycache__/__init__.cpython-311.pyc,,\n")
    return installed


def install_described(
    prefix: Path,
    tag: Tag,
    libraries: tuple[StagedLibrary, ...],
    requires: Mapping[str, str],
    contents: Mapping[str, bytes] | None = None,
) -> Installed:
    """Install a wheel with its discovery files.

    `contents` are the libraries by file name, empty ones if not given. Each library has a header.
    """
    site = prefix / SITE
    texts: dict[Path, bytes] = {}
    for (role, path), text in {
        **pkgconfig.texts(pkgconfig.packages(tag, "", libraries), tag),
        **cmake_config.texts(tag, libraries, struct.calcsize("P")),
    }.items():
        texts[(site if role is Role.LOCATOR else prefix) / path] = text.encode()
    for path, text in locator.modules(tag, f"~= {tag.version}", libraries, requires).items():
        texts[site / path] = text.encode()
    for one in libraries:
        texts[prefix / one.file.path] = (contents or {}).get(one.file.path.name, b"")
        header = prefix / tag.include_folder / one.include / f"{tag.wheel}.h"
        texts[header] = f"int {tag.wheel}_answer{one.suffix}(void);\n".encode()
    described = site / info(tag)
    metadata = f"Metadata-Version: 2.4\nName: {tag.wheel}\nVersion: {tag.full_version}\n"
    texts[described / "METADATA"] = metadata.encode()
    texts[described / "entry_points.txt"] = locator.entry_points(tag).encode()
    write_recorded(described, texts)
    return Installed(prefix, site)
