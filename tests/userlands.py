"""C libraries of other machines and other times: the loader and what a program needs with it.

glibc is 2.17, the oldest that wheels are made for: the sysroots of two cross compilers, built for
CentOS 7's C library, that the npm registry has. musl is Debian's.
"""

from __future__ import annotations

import hashlib
import os
import tarfile
from dataclasses import dataclass
from pathlib import Path

from environments import run
from libwheel.console import Console
from libwheel.recipe import Source
from libwheel.settings import environment
from libwheel.source.fetch import fetch_all, places_for
from libwheel.target import Libc


@dataclass(frozen=True)
class Userland:
    """A C library; below `root` it lies as it does below the root of its own machine."""

    name: str
    root: Path
    libraries: Path
    loader: Path


@dataclass(frozen=True)
class _Sysroot:
    """A package of the npm registry, and what is in it."""

    package: str
    sha256: str
    folder: str
    loader: str


_GLIBC = {
    "x86_64": _Sysroot(
        "@napi-rs/cross-toolchain-x64-target-x86_64@1.0.0",
        "351f6ee9bc8e444dfb8ac6eddfe9daed02c9508399bd20c511e3f9e027d6e988",
        "x86_64-unknown-linux-gnu",
        "ld-linux-x86-64.so.2",
    ),
    "aarch64": _Sysroot(
        "@napi-rs/cross-toolchain-x64-target-aarch64@1.0.3",
        "8ec59a37c2a8cac720d0f92e9c19b2940a427ef1f32ddde43e800a8043301e51",
        "aarch64-unknown-linux-gnu",
        "ld-linux-aarch64.so.1",
    ),
}
_MUSL = {
    "x86_64": (
        "pool/main/m/musl/musl_1.2.3-1_amd64.deb",
        "4fc1e3d9b579f5c682ca99a4d45aec08d72a2e6b82b4c2e1bbcb7095466ae96d",
    ),
    "aarch64": (
        "pool/main/m/musl/musl_1.2.3-1_arm64.deb",
        "6ccf2bf0f479b00411cb8e1eeb048e648718170db5d63bbb4bf4a89350b81468",
    ),
}


def userland(libc: Libc, arch: str, folder: Path) -> Userland:
    """Fetch and unpack one into an empty folder."""
    return {Libc.GLIBC: _glibc, Libc.MUSL: _musl}[libc](arch, folder)


def _glibc(arch: str, folder: Path) -> Userland:
    sysroot = _GLIBC[arch]
    run("npm", "pack", "--silent", sysroot.package, cwd=folder)
    [archive] = folder.glob("*.tgz")
    assert hashlib.sha256(archive.read_bytes()).hexdigest() == sysroot.sha256, sysroot.package
    with tarfile.open(archive) as package:
        package.extract(f"package/{sysroot.folder}.tar.xz", folder, filter="data")
    root = f"{sysroot.folder}/sysroot"
    with tarfile.open(folder / "package" / f"{sysroot.folder}.tar.xz") as whole:
        wanted = (one for one in whole if one.name.startswith(f"./{root}/lib/"))
        whole.extractall(folder, wanted, filter="data")
    libraries = folder / root / "lib"
    return Userland("glibc 2.17", folder / root, libraries, libraries / sysroot.loader)


def _musl(arch: str, folder: Path) -> Userland:
    """Debian's package, of whatever architecture, from the host's own mirror."""
    path, sha256 = _MUSL[arch]
    places = places_for(environment(os.environ), Console(), ())
    [fetched] = fetch_all([[Source(sha256=sha256, debian=path)]], places)
    run("dpkg-deb", "--extract", fetched.path, folder)
    return Userland("musl 1.2.3", folder, folder / "lib", folder / "lib" / f"ld-musl-{arch}.so.1")
