"""What is in an environment and how it hangs together, before anything is judged."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from libwheel import naming
from libwheel.consumer import library_wheels
from libwheel.consumer.doctor import copies, objects, packages
from libwheel.consumer.doctor.copies import Family
from libwheel.consumer.doctor.environment import Environment
from libwheel.consumer.doctor.loader import Load, Loader, Rules
from libwheel.consumer.doctor.objects import Object, Unsound
from libwheel.consumer.doctor.packages import Package
from libwheel.consumer.library_wheels import LibraryWheel


@dataclass(frozen=True)
class Need:
    """A file needs a library wheel's library.

    `root` is what Python loads, `by` what names the library: the same file, or a library that
    `root` loads. `found` is what the loader takes.
    """

    name: str
    root: Object
    by: Object
    found: Path | None


@dataclass(frozen=True)
class Survey:
    """An environment: `loads` has what loading each program and extension module loads."""

    environment: Environment
    rules: Rules
    packages: tuple[Package, ...]
    library_wheels: tuple[LibraryWheel, ...]
    objects: tuple[Object, ...]
    unsound: tuple[Unsound, ...]
    families: tuple[Family, ...]
    loads: Mapping[Path, tuple[Load, ...]]

    @cached_property
    def by_path(self) -> Mapping[Path, Object]:
        return {one.path: one for one in self.objects}

    @cached_property
    def shared(self) -> Mapping[Path, LibraryWheel]:
        """The library wheel of each library wheel's library."""
        return {path: wheel for wheel in self.library_wheels for path in wheel.libraries.values()}

    @cached_property
    def providers(self) -> Mapping[str, tuple[LibraryWheel, Path]]:
        """The library wheel and the file of each library that one offers, by file name."""
        return {path.name: (wheel, path) for path, wheel in self.shared.items()}

    @cached_property
    def needs(self) -> tuple[Need, ...]:
        """What the environment's files need of library wheels."""
        return tuple(
            Need(load.name, self.by_path[root], self.by_path[Path(load.by)], _path(load.found))
            for root, loads in self.loads.items()
            for load in loads
            if naming.tagged_file(load.name) and Path(load.by) in self.by_path
        )

    @cached_property
    def consumers(self) -> Mapping[str, tuple[str, ...]]:
        """The distributions that need each library wheel, by its name; not library wheels."""
        found: dict[str, set[str]] = {wheel.name: set() for wheel in self.library_wheels}
        for need in self.needs:
            if need.name in self.providers and not self.is_library_wheel(need.by.owner):
                found[self.providers[need.name][0].name].add(need.by.owner.name)
        return {name: tuple(sorted(users)) for name, users in found.items()}

    def is_library_wheel(self, package: Package) -> bool:
        return any(wheel.name == package.key for wheel in self.library_wheels)


def survey(environment: Environment, rules: Rules) -> Survey:
    """Look at an environment: nothing of it is imported, loaded or changed."""
    found = packages.installed(environment.folders)
    wheels = library_wheels.installed(environment.folders)
    sound, unsound = objects.read(found)
    known = {str(one.path): one.glance for one in sound}
    loader = Loader(rules, str(environment.program), {**known})
    return Survey(
        environment=environment,
        rules=rules,
        packages=found,
        library_wheels=wheels,
        objects=sound,
        unsound=unsound,
        families=copies.families(sound),
        loads=_loads(loader, sound, wheels),
    )


def _loads(
    loader: Loader, found: Sequence[Object], wheels: Sequence[LibraryWheel]
) -> Mapping[Path, tuple[Load, ...]]:
    """Start from what is run and imported; then from the libraries that this does not reach."""
    start = loader.loaded_at_start()
    loads: dict[Path, tuple[Load, ...]] = {}
    reached: set[Path] = set()
    for one in sorted(found, key=lambda one: one.is_library):
        if one.is_library and one.path in reached:
            continue
        loads[one.path] = _loads_of(one, loader, start, wheels)
        reached |= {Path(load.found) for load in loads[one.path] if load.found}
    return loads


def _loads_of(
    one: Object, loader: Loader, start: Mapping[str, str], wheels: Sequence[LibraryWheel]
) -> tuple[Load, ...]:
    loads = loader.loads(str(one.path), start)
    if any(naming.tagged_file(load.name) for load in loads):
        by_path = {name: path for wheel in wheels for name, path in _loaded_by_path(one, wheel)}
        loads = loader.loads(str(one.path), {**start, **by_path}) if by_path else loads
    return loads


def _loaded_by_path(one: Object, wheel: LibraryWheel) -> Iterator[tuple[str, str]]:
    """Yield the wheel's libraries where a package on the way to `one` speaks of its locator.

    It does so to call `load()`, before it imports what is below it.
    """
    module = re.compile(rf"\b{re.escape(naming.import_name(wheel.name))}\b")
    site = Path(one.owner.site).resolve()
    packages_above = (folder for folder in one.path.parents if folder.is_relative_to(site))
    if any(module.search(_text(folder / "__init__.py")) for folder in packages_above):
        yield from ((name, str(path)) for name, path in wheel.libraries.items() if path.exists())


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _path(text: str | None) -> Path | None:
    return None if text is None else Path(text)
