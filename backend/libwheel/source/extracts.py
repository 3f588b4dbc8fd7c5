"""The cache of extracts: what `only` chooses of an archive, so that the whole need not be kept."""

from __future__ import annotations

import hashlib
import io
import json
import lzma
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

from libwheel import files
from libwheel.console import Console
from libwheel.recipe import Archive
from libwheel.settings import CACHE_HINT
from libwheel.source import cache as archives
from libwheel.source.choice import Choice, choose
from libwheel.source.dangers import Placed
from libwheel.source.entries import Kind, opened
from libwheel.words import listed, sized

_FORMAT = 1  # counts up where what is written for the same archive changes
_TOP = "source"  # unpacking takes a single top folder away, as it does from an archive
_BLOCK = 1 << 20


def entry(cache: Path, archive: Archive) -> Path:
    """Return where the extract of an archive is, or would be: one for each `only`."""
    key = json.dumps([_FORMAT, sorted(archive.only)])
    digest = hashlib.sha256(key.encode()).hexdigest()[:16]
    name = f"{archive.sha256}-{digest}.tar.xz"
    return cache / "extracts" / archive.sha256[:2] / name


def holds(cache: Path, archive: Archive) -> bool:
    """Tell whether the extract is in the cache, and whole."""
    return _is_whole(entry(cache, archive))


def obtain(cache: Path, archive: Archive, fill: Callable[[Path], None], console: Console) -> Path:
    """Return the extract, an archive itself.

    Where it is not in the cache, it is made from the whole archive, which is the cache's or comes
    by `fill` (as in `cache.obtain`) and does not stay then. One process does so at a time. Raises
    BuildError where the cache cannot be written to or the archive is not safe to unpack,
    RecipeError where `only` names what is not there.
    """
    goal, name = entry(cache, archive), archive.file_names[0]
    if _is_whole(goal):
        return goal
    with archives.alone(cache, archive.sha256, name, console):
        if _is_whole(goal):
            return goal
        if goal.exists():
            console.warn(f"{goal} is corrupted; it is deleted, and made again from {name}")
            goal.unlink()
        with archives.lent(cache, archive.sha256, name, fill, console) as whole:
            _make(goal, whole, archive, console)
    return goal


def _is_whole(path: Path) -> bool:
    """Read the extract to its end; xz holds the SHA-256 of what it has packed."""
    try:
        with lzma.open(path) as stream:
            while stream.read(_BLOCK):
                pass
    except (OSError, EOFError, lzma.LZMAError):
        return False
    return True


def _make(goal: Path, whole: Path, archive: Archive, console: Console) -> None:
    name = archive.file_names[0]
    size = sized(whole.stat().st_size)
    console.note(f"looking for {listed(archive.only)} in the {size} of {name}")
    with (
        files.writing_to(goal.parent, CACHE_HINT),
        files.replacing(goal) as stream,
        opened(whole, name, scratch=goal.parent, hint=CACHE_HINT) as entries,
    ):
        _pack(choose(entries, archive.only, name), stream)
    console.note(f"the {sized(goal.stat().st_size)} that is needed is kept")


def _pack(choice: Choice, stream: IO[bytes]) -> None:
    with (
        lzma.open(stream, "wb", check=lzma.CHECK_SHA256) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as goal,
    ):
        for item in choice.placed.values():
            _add(item, choice, goal)


def _add(item: Placed, choice: Choice, goal: tarfile.TarFile) -> None:
    content = choice.content(item)
    info = tarfile.TarInfo("/".join((_TOP, *item.parts)))
    info.mode, info.mtime = content.mode, content.mtime
    if content.kind is Kind.FILE:
        with content.open() as stream:
            data = stream.read()
        info.size = len(data)
        goal.addfile(info, io.BytesIO(data))
        return
    info.type = tarfile.DIRTYPE if content.kind is Kind.FOLDER else tarfile.SYMTYPE
    info.linkname = content.target
    goal.addfile(info)
