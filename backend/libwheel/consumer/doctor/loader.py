"""Where the dynamic loader of glibc would find what a file needs, by the rules of ld.so(8).

Nothing is loaded. What it does not do: LD_PRELOAD, LD_AUDIT, and the variants for newer CPUs in
`glibc-hwcaps`, which stand for the file beside them. Nor does it follow who loads an extension
module: where Python is a libpython with an RPATH of its own, the loader asks that one too.
"""

from __future__ import annotations

import os
import platform
import re
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from libwheel.binaries import elf_light
from libwheel.binaries.elf_light import Glance, Machine
from libwheel.errors import BuildError

_CACHE_MAGIC = b"glibc-ld.so.cache1.1"
_CACHE_HEADER, _CACHE_ENTRY = 48, 24  # bytes
_TOKEN = re.compile(r"\$(?:(ORIGIN|LIB|PLATFORM)\b|\{(ORIGIN|LIB|PLATFORM)\})")


@dataclass(frozen=True)
class Load:
    """The file `by` names `name` in NEEDED, and the loader takes `found`, if anything."""

    name: str
    by: str
    found: str | None


@dataclass(frozen=True)
class Rules:
    """What of the machine and of the process decides, beside the files.

    `library_path` are the folders of LD_LIBRARY_PATH, `cache` the paths of each name in
    ld.so.cache, `folders` those that are searched last.
    """

    library_path: tuple[str, ...]
    cache: Mapping[str, tuple[str, ...]]
    folders: tuple[str, ...]
    lib: str  # what $LIB stands for


def of_this_machine(variables: Mapping[str, str]) -> Rules:
    machine = platform.machine()
    multiarch = f"{machine}-linux-gnu"
    has_multiarch = Path("/usr/lib", multiarch).is_dir()
    last = (f"lib/{multiarch}", "lib64", "lib") if has_multiarch else ("lib64", "lib")
    path = variables.get("LD_LIBRARY_PATH", "")
    return Rules(
        library_path=tuple(re.split("[:;]", path)) if path else (),
        cache=read_cache(Path("/etc/ld.so.cache")),
        folders=tuple(f"{top}/{name}" for name in last for top in ("", "/usr")),
        lib=last[0],
    )


def read_cache(path: Path) -> Mapping[str, tuple[str, ...]]:
    """Return the paths of each name in an ld.so.cache; none where there is none to be read.

    The format is that of glibc's sysdeps/generic/dl-cache.h; a header of the old format may
    come before it, and offsets count from the new one.
    """
    try:
        data = path.read_bytes()
        data = data[data.index(_CACHE_MAGIC) :]
        found: dict[str, tuple[str, ...]] = {}
        (count,) = struct.unpack_from("=I", data, len(_CACHE_MAGIC))
        table = data[_CACHE_HEADER : _CACHE_HEADER + count * _CACHE_ENTRY]
        for _, key, value, _, hwcap in struct.iter_unpack("=iIIIQ", table):
            if not hwcap:
                name = _text(data, key)
                found[name] = (*found.get(name, ()), _text(data, value))
    except (OSError, ValueError, struct.error):
        return {}
    return found


def _text(data: bytes, start: int) -> str:
    return os.fsdecode(data[start : data.index(0, start)])


@dataclass(frozen=True)
class Loader:
    """Answers for one process: `program` is the file it runs.

    `glances` are what is known of files, by path; it grows. So does the cache of what is in
    each folder, by its true name.
    """

    rules: Rules
    program: str
    glances: dict[str, Glance | None] = field(default_factory=dict)
    _names: dict[str, tuple[str, frozenset[str]]] = field(init=False, default_factory=dict)

    def glance(self, path: str) -> Glance | None:
        """Return what a file asks of the loader; None where it would not take it."""
        if path not in self.glances:
            try:
                self.glances[path] = elf_light.glance(Path(path))
            except BuildError:
                self.glances[path] = None
        return self.glances[path]

    def loaded_at_start(self) -> dict[str, str]:
        """Return the paths of what the program itself loads, by name in NEEDED and by SONAME."""
        known: dict[str, str] = {}
        self._follow(self.program, known)
        return known

    def loads(self, root: str, loaded: Mapping[str, str]) -> tuple[Load, ...]:
        """Return what loading `root` loads, itself and all that it needs, breadth first.

        `loaded` is what the process has, by SONAME: that is taken wherever it is from.
        """
        return self._follow(root, {**dict.fromkeys(self._soname(root), root), **loaded})

    def _follow(self, root: str, known: dict[str, str]) -> tuple[Load, ...]:
        """Return what loading `root` loads; add it to `known`, by each of its names."""
        found: list[Load] = []
        queue: list[tuple[str, ...]] = [(root,)]
        for needing in queue:
            glance = self.glance(needing[0])
            for needed in glance.needed if glance else ():
                name = expanded(needed, needing[0], self.rules.lib)
                path = known.get(name) or self._find(name, needing)
                found.append(Load(needed, needing[0], path))
                if path and name not in known:
                    for called in (name, *self._soname(path)):
                        known.setdefault(called, path)
                    queue.append((path, *needing))
        return tuple(found)

    def _soname(self, path: str) -> tuple[str, ...]:
        """Return the SONAME of a file, if it has one."""
        glance = self.glance(path)
        return (glance.soname,) if glance and glance.soname else ()

    def _find(self, name: str, needing: tuple[str, ...]) -> str | None:
        """Search for `name`, which the first of `needing` needs, which the next one needs, ...

        The first file that can be opened is taken, or ends the search if it is no ELF file; only
        what is for another kind of processor is passed over.
        """
        if "/" in name:
            folder, file = os.path.split(name)
            return str(Path(os.path.realpath(folder), file)) if Path(name).is_file() else None
        me = self.glance(needing[0])
        for path in self._candidates(name, needing):
            other = self.glance(path)
            if me and other and not _is_for_another(other.machine, me.machine):
                return path if other.machine == me.machine else None
            if not other and os.access(path, os.R_OK):
                return None
        return None

    def _candidates(self, name: str, needing: tuple[str, ...]) -> Iterator[str]:
        first = self._in_folders(self._folders(needing), name)
        last = self._in_folders(self.rules.folders, name)
        return chain(first, self.rules.cache.get(name, ()), last)

    def _in_folders(self, folders: Iterable[str], name: str) -> Iterator[str]:
        return (found for folder in folders if (found := self._in_folder(folder, name)))

    def _folders(self, needing: tuple[str, ...]) -> Iterator[str]:
        me = self.glance(needing[0])
        if me and me.runpath is None:
            for path in dict.fromkeys((*needing, self.program)):
                glance = self.glance(path)
                yield from self._expanded(glance.rpath if glance else (), path)
        yield from self._expanded(self.rules.library_path, self.program)
        yield from self._expanded((me.runpath if me else None) or (), needing[0])

    def _expanded(self, folders: Iterable[str], path: str) -> Iterator[str]:
        for folder in folders:
            yield expanded(folder, path, self.rules.lib)

    def _in_folder(self, folder: str, name: str) -> str | None:
        """Return the path of a file in a folder, by the folder's true name."""
        if folder not in self._names:
            self._names[folder] = (os.path.realpath(folder), _listed(folder))
        true_name, names = self._names[folder]
        return f"{true_name}/{name}" if name in names else None


def _is_for_another(other: Machine, mine: Machine) -> bool:
    """Tell what the loader passes over; one of the other byte order alone is an error to it."""
    if other.bits != mine.bits:
        return True
    return other.order == mine.order and other.number != mine.number


def _listed(folder: str) -> frozenset[str]:
    try:
        return frozenset(entry.name for entry in os.scandir(folder))
    except OSError:
        return frozenset()


def expanded(text: str, path: str, lib: str) -> str:
    """Replace the tokens in what RPATH or NEEDED of the file `path` says; empty: where we are."""
    values = {"ORIGIN": path.rpartition("/")[0], "LIB": lib, "PLATFORM": platform.machine()}

    def value(match: re.Match[str]) -> str:
        return values[match[1] or match[2]]

    return _TOKEN.sub(value, text) or "."
