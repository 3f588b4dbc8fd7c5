"""Where the files of this library wheel are; `load()` loads its libraries.

Nothing runs on import. Every answer comes from the RECORD of the installed distribution, so
that it is right in a virtual environment, with ``--user``, and in isolated builds.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from ctypes import CDLL
    from importlib.metadata import Distribution
    from pathlib import Path
    from types import ModuleType
    from typing import TypedDict

    class Offer(TypedDict):
        """One library: its file, what follows ``-l`` and ``-I`` for it, and what goes with it."""

        file: str
        link: str
        include: str
        requires: list[str]
        cflags: list[str]
        libs: list[str]
        conflicts: list[str]


DISTRIBUTION = "answer"
PYWHEEL = "answer-pywheel"
EXACT = "answer-pywheel-1.0-0"
COMPATIBLE = "~= 1.0"
SYSTEM = "linux"  # what the libraries are for: linux, macos or windows
LIBRARIES: tuple[str, ...] = ("libanswer-pywheel-1.so",)  # dependencies first
PLAIN = {"lib/libanswer.so": "lib/libanswer-pywheel-1.so"}  # plain names, as `prefix()` has them
OFFERS: dict[str, Offer] = {}  # by the library's name, dependencies first
REQUIRES: dict[str, str] = {}  # the library wheels that this one runs with, and which versions

_SITE_DEPTH = 3  # <prefix>/lib/pythonX.Y/site-packages
_ORIGIN = {"linux": "$ORIGIN", "macos": "@loader_path"}  # how an RPATH begins, where there are any


def version() -> str:
    """Return the version of the library wheel."""
    return _distribution().version


def files() -> list[Path]:
    """Return the absolute path of every file that the wheel installed, but for byte code.

    Raises FileNotFoundError where one of them is missing.
    """
    return [_existing(_true(path)) for path in _recorded() if path.suffix != ".pyc"]


def libdir() -> Path:
    """Return the folder of the shared libraries; on Windows of their import libraries."""
    if SYSTEM == "windows":
        return _installed(f"{_link_names([*OFFERS])[0]}.lib").parent
    return _installed(LIBRARIES[0]).parent


def includedir() -> Path:
    """Return the folder of the headers; `cflags` names those of it that a library's are in."""
    for path in _recorded():
        for folder in path.parents:
            if folder.parts[-2:] == ("include", PYWHEEL):
                _existing(_true(path))
                return folder.resolve()
    raise _missing(f"include/{PYWHEEL}")


def pkgconfigdir() -> Path:
    """Return the folder for PKG_CONFIG_PATH."""
    return _installed("pkgconfig", f"{EXACT}.pc").parent


def cmakedir() -> Path:
    """Return the folder of the CMake package, for ``-D<package>_DIR=``."""
    return _installed("cmake", PYWHEEL, f"{PYWHEEL}-config.cmake").parent


def prefix() -> Path:
    """Return a folder with the plain names, by links: ``lib/libNAME.so``, ``include/NAME.h``.

    For builds that are given a prefix and know no tags. It is made, in libwheel's cache folder,
    where it is not there yet or no longer right; its path outlives upgrades of the wheel.
    Raises OSError where it cannot be written, as on Windows, FileNotFoundError where a file of
    the wheel is missing.
    """
    if SYSTEM == "windows":
        raise OSError(
            f"{DISTRIBUTION} {version()} has no prefix on Windows, where few may make links: name "
            "the folders that includedir and libdir tell"
        )
    import os

    from . import _prefix

    return _prefix.make(PYWHEEL, libdir(), _links(), _prefix.cache_folder(os.environ))


def cflags(*libraries: str) -> list[str]:
    """Return what the compiler needs for these libraries.

    Without names, for those that go together and add no flags of their own. Raises ValueError
    for one that the wheel does not have, and for two that conflict.
    """
    chosen = _chosen(libraries)
    return [*(f"-I{folder}" for folder in _include_folders(chosen)), *_compile_flags(chosen)]


def libs(*libraries: str) -> list[str]:
    """Return what the linker needs for these libraries; see `cflags`."""
    chosen = _chosen(libraries)
    return [f"-L{libdir()}", *_link_words(chosen)]


def extension_options(module: str, *libraries: str) -> dict[str, list[str]]:
    """Return what setuptools has to know to link the extension `module`, named in full.

    ``Extension(name, sources, **extension_options(name))``. The RPATH reaches the libraries
    from wherever an installer puts that module. On Windows there is none: call `load()` before
    it is imported. For `libraries` see `cflags`.
    """
    chosen = _chosen(libraries)
    up = "../" * (module.count(".") + _SITE_DEPTH)
    options = {
        "include_dirs": [str(folder) for folder in _include_folders(chosen)],
        "library_dirs": [str(libdir())],
        "libraries": _link_names(chosen),
    }
    flags = {
        "runtime_library_dirs": [f"{_ORIGIN[SYSTEM]}/{up}lib"] if SYSTEM in _ORIGIN else [],
        "extra_compile_args": _compile_flags(chosen),
        "extra_link_args": _link_flags(chosen),
    }
    return options | {name: value for name, value in flags.items() if value}


def load() -> dict[str, CDLL]:
    """Load the libraries, dependencies first, and return their handles by file name.

    For where no RPATH reaches them: an extension that is imported afterwards finds them by
    name. One that the process has already, of whatever layer, is not loaded again. They are
    loaded RTLD_LOCAL: their symbols serve nobody else. Those of the library wheels that this
    one runs with come first; raises ImportError where one is not installed.
    """
    return {name: _loaded(name, one) for one in _locators() for name in one.LIBRARIES}


def _loaded(name: str, locator: ModuleType) -> CDLL:
    """Return what the loader takes for that name in this process; load ours if it has none.

    By path alone a second copy would come in beside the first, which extensions go on to get.
    """
    import ctypes
    import os
    import sys
    from contextlib import suppress

    if sys.platform == "win32":
        folder = locator.libdir().parent / "bin"
        os.add_dll_directory(str(folder))  # for extensions that load what they need by name, late
        kernel = ctypes.WinDLL("kernel32")
        kernel.GetModuleHandleW.restype = ctypes.c_void_p
        return ctypes.CDLL(name if kernel.GetModuleHandleW(name) else str(folder / name))
    with suppress(OSError):
        return ctypes.CDLL(name, mode=ctypes.RTLD_LOCAL | os.RTLD_NOLOAD)
    return ctypes.CDLL(str(locator.libdir() / name), mode=ctypes.RTLD_LOCAL)


def _locators() -> list[ModuleType]:
    """Return this locator, behind those of the library wheels that this one runs with."""
    import sys

    return list(dict.fromkeys(_with_required(sys.modules[__name__], (DISTRIBUTION,))))


def _with_required(locator: ModuleType, above: tuple[str, ...]) -> Iterator[ModuleType]:
    for name in locator.REQUIRES:
        if name not in above:
            yield from _with_required(_required(name, locator), (*above, name))
    yield locator


def _required(name: str, by: ModuleType) -> ModuleType:
    """Import the locator of another library wheel."""
    import importlib

    module = f"{name}_pywheel".replace("-", "_")
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
    raise ModuleNotFoundError(
        f"{by.DISTRIBUTION} {by.version()} runs with the library wheel {name}, which is not "
        f'installed: python -m pip install "{name}{by.REQUIRES[name]}"',
        name=module,
    )


def _chosen(names: tuple[str, ...]) -> list[str]:
    """Return the libraries of these names and what comes with them, what needs others first."""
    if unknown := [name for name in names if name not in OFFERS]:
        raise ValueError(
            f"{DISTRIBUTION} {version()} has no library {', '.join(map(repr, unknown))}; "
            f"it has {', '.join(OFFERS)}"
        )
    chosen: set[str] = set()
    further = [*names] or _default()
    while further:
        name = further.pop()
        chosen.add(name)
        further += OFFERS[name]["requires"]
    found = [name for name in reversed(OFFERS) if name in chosen]
    if len(_together(*found)) < len(found):
        raise ValueError(_conflicting(found))
    return found


def _default() -> list[str]:
    """Return the libraries that go with the first one, and add no flags of their own."""
    first, *others = OFFERS
    plain = (name for name in others if not _compile_flags([name]) and not _link_flags([name]))
    return _together(first, *plain)


def _together(*names: str) -> list[str]:
    """Return those of the libraries that conflict with none before them."""
    found: list[str] = []
    for name in names:
        if not any(_conflict(name, other) for other in found):
            found.append(name)
    return found


def _conflict(one: str, other: str) -> bool:
    return other in OFFERS[one]["conflicts"] or one in OFFERS[other]["conflicts"]


def _conflicting(names: list[str]) -> str:
    from itertools import combinations

    pairs = (f"{b!r} and {a!r}" for a, b in combinations(names, 2) if _conflict(a, b))
    what = f"libraries of {DISTRIBUTION} {version()} that cannot be used together"
    return f"{what}: {', '.join(pairs)}; choose one of them"


def _compile_flags(libraries: list[str]) -> list[str]:
    return [flag for name in libraries for flag in OFFERS[name]["cflags"]]


def _link_flags(libraries: list[str]) -> list[str]:
    itself = [f"-l{name}" for name in _link_names(libraries)]
    return [word for word in _link_words(libraries) if word not in itself]


def _link_words(libraries: list[str]) -> list[str]:
    return [word for name in libraries for word in OFFERS[name]["libs"]]


def _include_folders(libraries: list[str]) -> list[Path]:
    """Return the folders of the headers of these libraries, each once."""
    top = includedir()
    return list(dict.fromkeys(top / OFFERS[name]["include"] for name in libraries))


def _link_names(libraries: list[str]) -> list[str]:
    """Return what follows ``-l``."""
    return list(dict.fromkeys(OFFERS[name]["link"] for name in libraries))


def _links() -> dict[str, Path]:
    """Return what is in the conventional prefix, and what each path leads to.

    The library wheels that this one runs with are in it under their tagged names: the loader
    looks for a library beside the link to what needs it, pkg-config for a .pc file.
    """
    links: dict[str, Path] = {}
    for locator in _locators():
        links |= _tagged_links(locator)
    plain = {link: links[goal] for link, goal in PLAIN.items()}
    return {**_plain_headers(), **links, **plain}


def _tagged_links(locator: ModuleType) -> dict[str, Path]:
    name, lib, pkgconfig = locator.PYWHEEL, locator.libdir(), locator.pkgconfigdir()
    described = [path for path in locator.files() if path.parent == pkgconfig]
    return {
        **{f"lib/{file}": lib / file for file in locator.LIBRARIES},
        **{f"lib/pkgconfig/{path.name}": path for path in described},
        f"include/{name}": locator.includedir(),
        f"lib/cmake/{name}": locator.cmakedir(),
    }


def _plain_headers() -> dict[str, Path]:
    """Return the headers that are to be in include itself: of libraries that go together."""
    top, folders = includedir(), _include_folders(_together(*OFFERS))
    places = [top, *(folder for folder in folders if folder != top)]
    return {f"include/{path.name}": path for place in places for path in place.iterdir()}


def _distribution() -> Distribution:
    from importlib.metadata import Distribution, PackageNotFoundError

    for found in Distribution.discover(name=DISTRIBUTION, path=[str(_site())]):
        return found
    raise PackageNotFoundError(DISTRIBUTION)


def _site() -> Path:
    from pathlib import Path

    return Path(__file__).parent.resolve().parent


def _recorded() -> list[Path]:
    """Return every path in RECORD as it stands there, with its `..`.

    `Distribution.files` would leave out what is missing, from Python 3.12 on.
    """
    import csv

    site, lines = _site(), (_distribution().read_text("RECORD") or "").splitlines()
    return [site / row[0] for row in csv.reader(lines) if row]


def _installed(*tail: str) -> Path:
    """Return the file whose path in RECORD ends so: resolved, its folders may be called otherwise.

    Nor does RECORD name lib: from a site folder below lib, a path may go up no further.
    """
    for recorded in _recorded():
        if recorded.parts[-len(tail) :] == tail:
            return _existing(_true(recorded))
    raise _missing("/".join(tail))


def _true(path: Path) -> Path:
    """Resolve the folder only: the file itself may be a link into an installer's cache (uv)."""
    return path.parent.resolve() / path.name


def _existing(path: Path) -> Path:
    if path.exists():
        return path
    raise _missing(str(path))


def _missing(what: str) -> FileNotFoundError:
    if _distribution().read_text("RECORD") is None:
        return FileNotFoundError(
            f"{DISTRIBUTION} {version()} has lost its RECORD, which tells where its files are: "
            f"python -m pip install --ignore-installed --no-deps {DISTRIBUTION}=={version()}"
        )
    return FileNotFoundError(
        f"{DISTRIBUTION} {version()} was installed without {what} (`pip install --target` "
        "leaves out what goes to lib): install it into an environment, or with --prefix"
    )
