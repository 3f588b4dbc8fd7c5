"""Where the files of this library wheel are; `load()` loads its libraries.

Nothing runs on import. Every answer comes from the RECORD of the installed distribution, so
that it is right in a virtual environment, with ``--user``, and in isolated builds.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ctypes import CDLL
    from importlib.metadata import Distribution
    from pathlib import Path

DISTRIBUTION = "answer"
PYWHEEL = "answer-pywheel"
EXACT = "answer-pywheel-1.0-0"
COMPATIBLE = "~= 1.0"
LIBRARIES: tuple[str, ...] = ("libanswer-pywheel-1.so",)  # dependencies first
PLAIN = {"lib/libanswer.so": "lib/libanswer-pywheel-1.so"}  # plain names, as `prefix()` has them

_SITE_DEPTH = 3  # <prefix>/lib/pythonX.Y/site-packages


def version() -> str:
    """Return the version of the library wheel."""
    return _distribution().version


def files() -> list[Path]:
    """Return the absolute path of every file that the wheel installed, but for byte code.

    Raises FileNotFoundError where one of them is missing.
    """
    return [_existing(_true(path)) for path in _recorded() if path.suffix != ".pyc"]


def libdir() -> Path:
    """Return the folder of the shared libraries."""
    return _installed(LIBRARIES[0]).parent


def includedir() -> Path:
    """Return the folder for the compiler's ``-I``."""
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
    Raises OSError where it cannot be written, FileNotFoundError where a file of the wheel is
    missing.
    """
    import os

    from . import _prefix

    return _prefix.make(PYWHEEL, libdir(), _links(), _prefix.cache_folder(os.environ))


def cflags() -> list[str]:
    """Return what the compiler needs."""
    return [f"-I{includedir()}"]


def libs() -> list[str]:
    """Return what the linker needs for all the libraries."""
    return [f"-L{libdir()}", *(f"-l{name}" for name in _link_names())]


def extension_options(module: str) -> dict[str, list[str]]:
    """Return what setuptools has to know to link the extension `module`, named in full.

    ``Extension(name, sources, **extension_options(name))``. The RPATH reaches the libraries
    from wherever an installer puts that module.
    """
    up = "../" * (module.count(".") + _SITE_DEPTH)
    return {
        "include_dirs": [str(includedir())],
        "library_dirs": [str(libdir())],
        "libraries": _link_names(),
        "runtime_library_dirs": [f"$ORIGIN/{up}lib"],
    }


def load() -> dict[str, CDLL]:
    """Load the libraries, dependencies first, and return their handles by file name.

    For where no RPATH reaches them: an extension that is imported afterwards finds them by
    SONAME. One that the process has already, of whatever layer, is not loaded again. They are
    loaded RTLD_LOCAL: their symbols serve nobody else.
    """
    return {name: _loaded(name) for name in LIBRARIES}


def _loaded(name: str) -> CDLL:
    """Return what the loader takes for that SONAME in this process; load ours if it has none.

    By path alone a second copy would come in beside the first, which extensions go on to get.
    """
    import ctypes
    import os
    from contextlib import suppress

    with suppress(OSError):
        return ctypes.CDLL(name, mode=ctypes.RTLD_LOCAL | os.RTLD_NOLOAD)
    return ctypes.CDLL(str(_installed(name)), mode=ctypes.RTLD_LOCAL)


def _link_names() -> list[str]:
    """Return what follows ``-l``, what needs others first."""
    return [name[len("lib") : -len(".so")] for name in reversed(LIBRARIES)]


def _links() -> dict[str, Path]:
    """Return what is in the conventional prefix, and what each path leads to."""
    recorded, headers, lib, pkgconfig = files(), includedir(), libdir(), pkgconfigdir()
    links = {f"include/{path.name}": path for path in headers.iterdir()}
    links |= {f"lib/{name}": lib / name for name in LIBRARIES}
    links |= {f"lib/pkgconfig/{path.name}": path for path in recorded if path.parent == pkgconfig}
    plain = {link: links[goal] for link, goal in PLAIN.items()}
    folders = {f"include/{PYWHEEL}": headers, f"lib/cmake/{PYWHEEL}": cmakedir()}
    return {**links, **plain, **folders}


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
