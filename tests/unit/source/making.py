"""Archives and environments for the tests of sources."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pytest

import libwheel
from libwheel import settings
from libwheel.console import Console
from libwheel.recipe import Archive, Source
from libwheel.settings import Environment
from libwheel.source.download import Patience
from libwheel.source.fetch import Network

PATIENCE = Patience(timeout=5, delays=(0, 0))


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def environment(cache: Path, mirrors: str = "", debian_mirror: str = "") -> Environment:
    return settings.environment(
        {
            "LIBWHEEL_CACHE": str(cache),
            "LIBWHEEL_MIRRORS": mirrors,
            "LIBWHEEL_DEBIAN_MIRROR": debian_mirror,
        }
    )


def network(apt: Path = Path("/nonexistent")) -> Network:
    return Network(apt, PATIENCE)


def quiet() -> Console:
    return Console(io.StringIO())


def said(console: Console) -> str:
    assert isinstance(console.stream, io.StringIO)
    return console.stream.getvalue()


def source(
    data: bytes, *urls: str, debian: str = "", part: Sequence[Archive] = (), into: str = "."
) -> Source:
    return Source(sha256=sha256(data), urls=urls, debian=debian, part=tuple(part), into=into)


def member(
    name: str, content: bytes = b"", kind: bytes = tarfile.REGTYPE, **attributes: object
) -> tuple[tarfile.TarInfo, bytes]:
    """Return an entry; `attributes` are those of TarInfo."""
    info = tarfile.TarInfo(name)
    info.type, info.mtime, info.size = kind, 1_700_000_000, len(content)
    for key, value in attributes.items():
        setattr(info, key, value)
    return info, content


def folder(name: str) -> tuple[tarfile.TarInfo, bytes]:
    return member(name, kind=tarfile.DIRTYPE, mode=0o700)


def link(name: str, target: str) -> tuple[tarfile.TarInfo, bytes]:
    return member(name, kind=tarfile.SYMTYPE, linkname=target)


def tar(members: Iterable[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for info, content in members:
            archive.addfile(info, io.BytesIO(content))
    return stream.getvalue()


def zipped(files: Mapping[str, bytes], modes: Mapping[str, int] | None = None) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name, (2024, 5, 6, 7, 8, 10))
            info.external_attr = (modes or {}).get(name, 0o100644) << 16
            archive.writestr(info, content)
    return stream.getvalue()


def listing(tree: Path) -> list[str]:
    """Return every file, link and folder below, folders with a slash."""
    return sorted(
        f"{path.relative_to(tree)}{'/' if path.is_dir() and not path.is_symlink() else ''}"
        for path in tree.rglob("*")
    )


def python(script: str, *arguments: str, before: Sequence[str] = ()) -> subprocess.Popen[str]:
    """Start a script that can import libwheel; its output is one stream."""
    backend = Path(libwheel.__file__).parents[1]
    return subprocess.Popen(
        [*before, sys.executable, "-W", "error", "-c", script, *arguments],
        env={"PYTHONPATH": str(backend), "PATH": os.defpath, "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


MOUNT = 'mount -t tmpfs -o "$1" tmpfs "$2" || exit 99; shift 2; "$@"; exit 0'


def on_small_disk(options: str, folder: Path, script: str) -> str:
    """Run a script on a small file system of its own, which needs root or user namespaces."""
    tried = []
    for unshare in (["unshare", "-rm"], ["unshare", "-m"]):
        if shutil.which(unshare[0]):
            before = [*unshare, "sh", "-c", MOUNT, "sh", options, str(folder)]
            with python(script, str(folder), before=before) as process:
                try:
                    output, _ = process.communicate(timeout=20)
                except subprocess.TimeoutExpired:
                    process.kill()
                    raise
            if process.returncode == 0:
                return output
            tried.append(f"{' '.join(unshare)}: status {process.returncode}: {output}")
    pytest.fail(f"this test needs unshare(1) with user namespaces, or root: {tried}")
