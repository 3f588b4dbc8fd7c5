"""What is in a recipe or in a library wheel, for a person to read."""

from __future__ import annotations

import json
import re
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from libwheel import naming
from libwheel.binaries import reading
from libwheel.binaries.binary import LINKER_MADE, Binary
from libwheel.errors import BuildError
from libwheel.recipe import Option, Source
from libwheel.target import Format, Os
from libwheel.task import Task

_PLACES = tuple((one.runtime, one.file_suffix) for one in map(naming.layout, Os))
_LIBRARY = re.compile(
    r"[^/]+\.data/data/"
    f"(?:{'|'.join(rf'{folder}/[^/]+{re.escape(suffix)}' for folder, suffix in _PLACES)})"
)


def recipe_text(task: Task) -> str:
    """Return what a recipe offers: options, releases and their places, libraries, and the like."""
    lines = [f"{task.tag.wheel}: {task.identity.project.get('description', '')}", "", "releases"]
    for release in task.recipe.releases:
        resolved = task.recipe.resolve(release.version, task.target)
        default = ", the default" if release is task.recipe.releases[0] else ""
        lines.append(f"  {release.version} (ABI {resolved.abi}{default})")
        lines += [f"    warning: {release.warning}"] if release.warning else []
        lines += [f"    {place}" for source in release.source for place in _places(source)]
    if task.recipe.options:
        lines += ["", "options", *map(_option, task.recipe.options)]
    lines += ["", f"libraries of {task.tag.full_version}"]
    for library in task.resolved.library:
        tagged = task.tag.library_file(library.stem)
        lines.append(f"  {task.tag.package(library.name)}: {tagged}, {library.description}")
    if task.resolved.requires:
        lines += ["", "built on and run with", *(f"  {one}" for one in task.resolved.requires)]
    if task.resolved.bundled:
        lines += ["", "linked in statically"]
        lines += [f"  {b.name} {b.version} ({b.license})" for b in task.resolved.bundled]
    lines += ["", f"built by {task.resolved.build.system}; {task.resolved.license_expression}"]
    return "\n".join(lines)


def wheel_text(path: Path) -> str:
    """Return what a library wheel holds.

    Raises BuildError where `path` is not a library wheel.
    """
    tag_of_build, platforms = _names(path)
    with tempfile.TemporaryDirectory() as folder, _opened(path) as archive:
        libraries = [name for name in archive.namelist() if _LIBRARY.fullmatch(name)]
        if not libraries:
            wanted = ", ".join(f"data/{folder}/*{suffix}" for folder, suffix in _PLACES)
            raise BuildError(f"{path} is not a library wheel: it has none of {wanted}")
        binaries = {
            Path(name).name: reading.read(Path(archive.extract(name, folder))) for name in libraries
        }
        sizes = {Path(name).name: archive.getinfo(name).file_size for name in libraries}
        sources = list(_sources(archive))
    rows: list[tuple[str, ...]] = [
        ("library", "SONAME", "ABI", "exports", "size", "floor", "needs")
    ]
    rows += [_row(name, binary, sizes[name], platforms) for name, binary in binaries.items()]
    head = f"{tag_of_build}, for {platforms}, {path.stat().st_size / 1e6:.1f} MB"
    return "\n".join([head, "", *_table(rows), "", "made of", *sources])


def _places(source: Source) -> Iterator[str]:
    needs = f" (needs {', '.join(source.programs)})" if source.programs else ""
    for archive in source.archives:
        yield from (f"{url}{needs}" for url in archive.urls)
        if archive.debian:
            yield f"Debian: {archive.debian}{needs}"


def _option(option: Option) -> str:
    values = "|".join(option.values)
    return f"  -C {option.name}={values}: {option.description}; default: {option.default}"


def _names(path: Path) -> tuple[str, str]:
    try:
        name, version, build, tags = parse_wheel_filename(path.name)
    except InvalidWheelFilename as error:
        raise BuildError(f"{path} is not a wheel: {error}") from None
    number = f" build {build[0]}" if build else ""
    return f"{name} {version}{number}", ", ".join(sorted(tag.platform for tag in tags))


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except (zipfile.BadZipFile, zlib.error) as error:
        raise BuildError(f"{path} is not a wheel: {error}") from None


def _row(name: str, binary: Binary, size: int, platforms: str) -> tuple[str, ...]:
    tagged = naming.tagged_file(name)
    return (
        name,
        binary.soname or "-",
        tagged.abi if tagged else "-",
        f"{sum(symbol.name not in LINKER_MADE for symbol in binary.exports):,}",
        f"{size / 1e6:.2f} MB",
        _floor(binary, platforms) or "-",
        " ".join(binary.needed),
    )


def _floor(binary: Binary, platforms: str) -> str:
    """Return the oldest system that it runs on; nothing where it asks nothing of any.

    The wheel's platform tag alone tells which musl that is.
    """
    if binary.format is Format.PE:
        return "Windows 10" if _is_for_windows_10(binary) else "Windows"
    if binary.format is Format.MACHO:
        return f"macOS {'.'.join(map(str, binary.minimum_os))}" if binary.minimum_os else ""
    if musl := re.search(r"\bmusllinux_(\d+)_(\d+)_", platforms):
        return f"musl {musl[1]}.{musl[2]}"
    glibc = _glibc(binary)
    return f"glibc {glibc}" if glibc else ""


def _is_for_windows_10(binary: Binary) -> bool:
    """Tell whether it says so, or needs the C runtime that no older Windows comes with."""
    names = [name.lower() for name in binary.needed]
    has_runtime = any(name.startswith(("api-ms-win-crt-", "ucrtbase.")) for name in names)
    return has_runtime or (binary.minimum_os or (0, 0)) >= (10, 0)


def _glibc(binary: Binary) -> str:
    """Return the newest glibc version that a symbol asks for, or nothing."""
    found = (re.fullmatch(r"GLIBC_(\d+)\.(\d+).*", i.version or "") for i in binary.imports)
    versions = [(int(match[1]), int(match[2])) for match in found if match]
    return ".".join(map(str, max(versions))) if versions else ""


def _table(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()


def _sources(archive: zipfile.ZipFile) -> Iterator[str]:
    """Yield a line for each component of the bill of materials."""
    for name in archive.namelist():
        if re.search(r"\.dist-info/sboms/[^/]+\.cdx\.json$", name):
            for component in json.loads(archive.read(name)).get("components", ()):
                hashes = (h["content"] for h in component.get("hashes", ()) if "content" in h)
                digest = "".join(f", sha256 {value}" for value in hashes)
                version = component.get("version", "of no version")
                is_wheel = str(component.get("purl", "")).startswith("pkg:pypi/")
                where = ", in a wheel of its own" if is_wheel else ""
                title = component.get("name", "something without a name")
                yield f"  {title} {version}{digest}{where}"
