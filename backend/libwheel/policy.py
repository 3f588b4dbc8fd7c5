"""What platforms promise: system libraries, and for manylinux the versions of their symbols.

The rule of manylinux is PEP 600's: a wheel tagged ``manylinux_X_Y`` runs on every mainstream
distribution with glibc X.Y or newer. Which versions of GCC's libraries those distributions have is
taken from auditwheel 6.8 (`auditwheel/policy/manylinux-policy.json`); tests/unit/test_policy.py
compares. ``musllinux_X_Y`` is PEP 656's, and promises musl alone; what a release of musl added is
from the notes in its source (`WHATSNEW`).

Of macOS we take libSystem, the runtimes of C++ and Objective-C, the resolver and the public
frameworks: what every SDK links with. Of Windows, DLLs that every release from 7 on has (delvewheel
1.13 lists all of them, in `_dll_list.py`), and the Universal C Runtime, which is a part of
Windows 10 (https://learn.microsoft.com/cpp/windows/universal-crt-deployment).

We allow fewer libraries than auditwheel, delocate and delvewheel do: zlib, X11, GLib and expat of
the host, or macOS's libz, are none that a library for everybody should lean on.
"""

from __future__ import annotations

import re

from libwheel.target import Libc, Os, Target

Floor = tuple[int, int]

# The newest version of each library's symbols on the distributions of a floor, where it is
# newer than at the floor before.  glibc's is the floor itself.
_NEWEST: dict[Floor, dict[str, tuple[int, ...]]] = {
    (2, 5): {"GLIBCXX": (3, 4, 8), "CXXABI": (1, 3, 1), "GCC": (4, 2, 0)},
    (2, 12): {"GLIBCXX": (3, 4, 13), "CXXABI": (1, 3, 3), "GCC": (4, 5, 0)},
    (2, 17): {"GLIBCXX": (3, 4, 19), "CXXABI": (1, 3, 7), "GCC": (4, 8, 0), "LIBATOMIC": (1, 0)},
    (2, 24): {"GLIBCXX": (3, 4, 22), "CXXABI": (1, 3, 10), "LIBATOMIC": (1, 2)},
    (2, 26): {"GLIBCXX": (3, 4, 24), "CXXABI": (1, 3, 11), "GCC": (7, 0, 0)},
    (2, 27): {},
    (2, 28): {},
    (2, 31): {"GLIBCXX": (3, 4, 28), "CXXABI": (1, 3, 12)},
    (2, 34): {"GLIBCXX": (3, 4, 29), "CXXABI": (1, 3, 13), "GCC": (11, 0)},
    (2, 35): {"GLIBCXX": (3, 4, 30), "GCC": (12, 0, 0)},
    (2, 36): {},
    (2, 37): {},
    (2, 38): {},
    (2, 39): {"GLIBCXX": (3, 4, 33), "CXXABI": (1, 3, 15), "GCC": (14, 0, 0)},
    (2, 40): {},
    (2, 41): {},
}
FLOORS = tuple(_NEWEST)

# The first words of the version nodes that are the system's, as auditwheel has them.
FAMILIES = frozenset(("CXXABI", "GCC", "GLIBC", "GLIBCXX", "LIBATOMIC", "ZLIB"))

# The first floor that an architecture has.
LOWEST: dict[str, Floor] = {
    "x86_64": (2, 5),
    "i686": (2, 5),
    "aarch64": (2, 17),
    "armv7l": (2, 17),
    "ppc64le": (2, 17),
    "s390x": (2, 17),
    "riscv64": (2, 31),
    "loongarch64": (2, 36),
}

# Version nodes whose names hold no number to go by.
_NAMED: dict[str, Floor] = {
    "CXXABI_TM_1": (2, 17),
    "CXXABI_FLOAT128": (2, 24),
    "GLIBC_ABI_DT_RELR": (2, 36),  # relocations of `-z pack-relative-relocs`
}

# Where an architecture's distributions differ.
_EXCEPTIONS: dict[str, dict[str, Floor]] = {
    "x86_64": {
        "LIBATOMIC_1.0": (2, 24),
        "CXXABI_1.3.11": (2, 27),
        "GCC_7.0.0": (2, 27),
        "GLIBCXX_3.4.23": (2, 27),
        "GLIBCXX_3.4.24": (2, 27),
    },
    "aarch64": {"GLIBC_2.18": (2, 17)},
    "s390x": {"LIBATOMIC_1.0": (2, 24)},
    "riscv64": {"GLIBC_ABI_DT_RELR": (2, 38)},
    "loongarch64": {"GLIBCXX_3.4.33": (2, 40)},
}

_SINCE_EVER: Floor = FLOORS[0]
_LIBRARIES: dict[str, Floor] = {
    "libanl.so.1": _SINCE_EVER,
    "libatomic.so.1": _SINCE_EVER,
    "libc.so.6": _SINCE_EVER,
    "libdl.so.2": _SINCE_EVER,
    "libgcc_s.so.1": _SINCE_EVER,
    "libm.so.6": _SINCE_EVER,
    "libmvec.so.1": (2, 24),
    "libnsl.so.1": _SINCE_EVER,
    "libpthread.so.0": _SINCE_EVER,
    "libresolv.so.2": _SINCE_EVER,
    "librt.so.1": _SINCE_EVER,
    "libstdc++.so.6": _SINCE_EVER,
    "libutil.so.1": _SINCE_EVER,
}
# What musl's loader takes for itself wherever it is: the name that musl's own linker script gives,
# and Alpine's.  GCC's libraries are no part of musl.
_MUSL_LIBRARY = re.compile(r"libc\.(so|musl-\w+\.so\.1)")

# Functions that musl got after 1.2.0: an installer that takes musllinux_1_2 knows no third number.
_NEWER_IN_MUSL = {
    **dict.fromkeys(("_Fork", "gettid", "reallocarray", "tcgetwinsize", "tcsetwinsize"), "1.2.2"),
    **dict.fromkeys(("pthread_getname_np", "qsort_r"), "1.2.3"),
    **dict.fromkeys(("preadv2", "pwritev2", "statx"), "1.2.5"),
}

_MACOS_LIBRARY = re.compile(
    r"/usr/lib/(libSystem\.B|libc\+\+\.1|libc\+\+abi|libobjc\.A|libresolv\.9)\.dylib"
    r"|/System/Library/Frameworks/[^/]+\.framework/.+"
)
_WINDOWS_LIBRARIES = frozenset(
    (
        *("advapi32", "bcrypt", "crypt32", "dbghelp", "gdi32", "iphlpapi", "kernel32", "msvcrt"),
        *("ntdll", "ole32", "oleaut32", "psapi", "rpcrt4", "secur32", "shell32", "shlwapi"),
        *("ucrtbase", "user32", "userenv", "version", "winmm", "ws2_32"),
    )
)
_WINDOWS_RUNTIME = re.compile(r"api-ms-win-crt-[a-z]+-l1-1-0")

# What the linker calls them: `m` of libm.so.6, `ws2_32` of ws2_32.dll.
SYSTEM_LIBRARIES = (
    *(name.partition(".so")[0].removeprefix("lib") for name in _LIBRARIES),
    *sorted(_WINDOWS_LIBRARIES),
)
_LOADER = re.compile(r"ld-linux.*|ld64\.so\.[12]")

# Symbols that some distributions of older floors lack although they have the version.
_MISSING_BELOW: dict[str, Floor] = dict.fromkeys(
    (
        "__cxa_thread_atexit_impl",
        "__issignaling",
        "__issignalingf",
        "__issignalingl",
        "pthread_getattr_default_np",
        "pthread_setattr_default_np",
    ),
    (2, 24),
)


def is_loader(soname: str) -> bool:
    """Tell whether a NEEDED file is the dynamic loader, which is there whatever the floor."""
    return bool(_LOADER.fullmatch(soname))


def is_system_library(soname: str) -> bool:
    """Tell whether every manylinux platform has a library that ours may need."""
    return soname in _LIBRARIES or is_loader(soname)


def is_promised(name: str, target: Target) -> bool:
    """Tell whether every machine that the target is for has a library, by the name in `needed`."""
    if target.os is Os.MACOS:
        return bool(_MACOS_LIBRARY.fullmatch(name))
    if target.os is Os.WINDOWS:
        stem = name.lower().removesuffix(".dll")  # Windows does not tell case
        return stem in _WINDOWS_LIBRARIES or bool(_WINDOWS_RUNTIME.fullmatch(stem))
    if target.libc is Libc.MUSL:
        return bool(_MUSL_LIBRARY.fullmatch(name))
    return is_system_library(name)


def floor_of_library(soname: str) -> Floor | None:
    return _SINCE_EVER if is_loader(soname) else _LIBRARIES.get(soname)


def floor_of_symbol(name: str) -> Floor:
    """Return the first floor whose distributions all have a symbol, its version aside."""
    return _MISSING_BELOW.get(name, _SINCE_EVER)


def musl_of_symbol(name: str) -> str | None:
    """Return the release of musl that a function came with; None: musl 1.2.0 has it, or none."""
    return _NEWER_IN_MUSL.get(name)


def floor_of_node(node: str, arch: str) -> Floor | None:
    """Return the first floor that has a version node such as ``GLIBC_2.17``; None: none has.

    A glibc that is newer than the table is a floor itself: PEP 600 has no last one.
    """
    special = _EXCEPTIONS.get(arch, {}).get(node) or _NAMED.get(node)
    if special:
        return special
    match = re.fullmatch(r"(GLIBC|GLIBCXX|CXXABI|GCC|LIBATOMIC)_(?:[A-Z0-9]+_)?([\d.]+)", node)
    if not match:
        return None
    version = tuple(int(part) for part in match[2].split("."))
    if match[1] == "GLIBC" and version > FLOORS[-1]:
        return version[0], version[1]
    return next((floor for floor in FLOORS if version <= _newest(match[1], floor)), None)


def has_node(node: str, arch: str, floor: Floor) -> bool:
    """Tell whether every glibc system of a floor, which need not be in the table, has a node."""
    first = floor_of_node(node, arch)
    version = re.fullmatch(r"GLIBC_(\d+)\.(\d+)(?:\.\d+)?", node)
    is_own = version is not None and (int(version[1]), int(version[2])) <= floor
    return is_own or (first is not None and first <= floor)


def _newest(prefix: str, floor: Floor) -> tuple[int, ...]:
    if prefix == "GLIBC":
        return floor
    return max((_NEWEST[f].get(prefix, (0,)) for f in FLOORS if f <= floor), default=(0,))
