"""What is in an environment and how it hangs together, before anything is judged."""

from __future__ import annotations

import ast
import os
import warnings
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from libwheel import naming
from libwheel.binaries import elf_light
from libwheel.consumer import library_wheels, packages
from libwheel.consumer.doctor import copies, objects
from libwheel.consumer.doctor.copies import Family
from libwheel.consumer.doctor.environment import Environment
from libwheel.consumer.doctor.loader import Load, Loader, Rules
from libwheel.consumer.doctor.objects import Object, Unsound
from libwheel.consumer.doctor.report import Copy, Rule
from libwheel.consumer.library_wheels import LibraryWheel
from libwheel.consumer.packages import Package, Recorded
from libwheel.consumer.pools import pool_of
from libwheel.errors import BuildError


@dataclass(frozen=True)
class Need:
    """The file `by` needs a library wheel's library; `found` is what the loader takes."""

    name: str
    by: Object
    found: Path | None


@dataclass(frozen=True)
class Changed:
    """A file that is not as RECORD has it; `problem` says why that cannot be told, if so."""

    path: Path
    owner: Package
    problem: str


@dataclass(frozen=True)
class Survey:
    """An environment: `loads` has what loading each program and extension module loads.

    `hidden` are the library wheels that one of the same name in an earlier folder hides.
    `unread` are folders of sys.path that may not be read, and why.
    """

    environment: Environment
    rules: Rules
    packages: tuple[Package, ...]
    library_wheels: tuple[LibraryWheel, ...]
    hidden: tuple[LibraryWheel, ...]
    unread: tuple[tuple[Path, str], ...]
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
    def copies(self) -> tuple[tuple[Copy, ...], ...]:
        """The copies of each library, as the report has them."""
        return tuple(tuple(_copies(family, self.shared)) for family in self.families)

    @cached_property
    def providers(self) -> Mapping[str, tuple[LibraryWheel, Path]]:
        """The library wheel and the file of each library that one offers, by file name."""
        return {path.name: (wheel, path) for path, wheel in self.shared.items()}

    @cached_property
    def layers(self) -> Mapping[str, LibraryWheel]:
        """The hidden library wheel of each of their libraries, by its true path."""
        return {
            os.path.realpath(path): wheel
            for wheel in self.hidden
            for path in wheel.libraries.values()
        }

    def layer(self, need: Need) -> LibraryWheel | None:
        """Return the hidden library wheel whose file the loader takes, if one's."""
        return self.layers.get(os.path.realpath(need.found)) if need.found else None

    @cached_property
    def changed(self) -> tuple[Changed, ...]:
        """The files of library wheels that are there, but not as they were installed."""
        return tuple(
            changed
            for wheel in self.library_wheels
            for file in wheel.package.files
            for changed in _changed(wheel.package, file)
        )

    @cached_property
    def broken(self) -> Mapping[Path, Rule]:
        """The library wheels' libraries that none can load, and the rule that tells so."""
        changed = {one.path for one in self.changed if not one.problem}
        unsound = [file.path for file in self.unsound if file.path in self.shared]
        lost = [path for path in self.shared if not packages.exists(path)]
        return {
            **{path: Rule.FILE_CHANGED if path in changed else Rule.UNREADABLE for path in unsound},
            **dict.fromkeys(lost, Rule.FILES_MISSING),
        }

    @cached_property
    def needs(self) -> tuple[Need, ...]:
        """What the environment's files need of library wheels."""
        return tuple(
            Need(load.name, self.by_path[Path(load.by)], Path(load.found) if load.found else None)
            for loads in self.loads.values()
            for load in loads
            if naming.tagged_file(load.name) and Path(load.by) in self.by_path
        )

    @cached_property
    def consumers(self) -> Mapping[str, tuple[str, ...]]:
        """The other distributions that need each library wheel, by its name."""
        found: dict[str, set[str]] = {wheel.name: set() for wheel in self.library_wheels}
        for need in self.needs:
            provider = self.providers.get(need.name)
            if provider and provider[0].name != need.by.owner.key:
                found[provider[0].name].add(need.by.owner.name)
        return {name: tuple(sorted(users)) for name, users in found.items()}

    def is_library_wheel(self, package: Package) -> bool:
        return any(wheel.name == package.key for wheel in self.library_wheels)

    def is_elsewhere(self, need: Need) -> bool:
        """Tell whether the loader takes another file than this environment's library wheel has."""
        if not need.found:
            return False
        provider = self.providers.get(need.name)
        return provider is None or os.path.realpath(need.found) != os.path.realpath(provider[1])


def _copies(family: Family, shared: Container[Path]) -> Iterator[Copy]:
    for one in family.members:
        yield Copy(
            library=family.name,
            path=one.path,
            soname=one.glance.soname,
            owner=one.owner.name,
            version=one.owner.version,
            shared=one.path in shared,
            size=one.path.stat().st_size,
            linked_in=one not in family.proper,
            nodes=_nodes(one.path),
            pool=pool_of(one.exports),
        )


def _nodes(path: Path) -> tuple[str, ...]:
    try:
        return elf_light.version_nodes(path)
    except BuildError:
        return ()


def _changed(package: Package, file: Recorded) -> Iterator[Changed]:
    path = package.path(file.name)
    try:
        if packages.exists(path) and not file.is_of(path):
            yield Changed(path, package, "")
    except OSError as error:
        yield Changed(path, package, f"cannot be read: {error.strerror}")


def survey(environment: Environment, rules: Rules) -> Survey:
    """Look at an environment: nothing of it is imported, loaded or changed."""
    found, hidden = packages.layered(environment.folders)
    wheels = library_wheels.among(found)
    sound, unsound = objects.read(found)
    known = {str(one.path): one.glance for one in sound}
    loader = Loader(rules, str(environment.program), {**known})
    return Survey(
        environment=environment,
        rules=rules,
        packages=found,
        library_wheels=wheels,
        hidden=library_wheels.among(hidden),
        unread=tuple(packages.unreadable(environment.folders)),
        objects=sound,
        unsound=unsound,
        families=copies.families(sound),
        loads=_loads(loader, sound, wheels),
    )


def _loads(
    loader: Loader, found: Sequence[Object], wheels: Sequence[LibraryWheel]
) -> Mapping[Path, tuple[Load, ...]]:
    """Start from what is run and imported; then from the libraries that this does not reach."""
    at_start = loader.loaded_at_start()
    loads: dict[Path, tuple[Load, ...]] = {}
    reached: set[Path] = set()
    for one in sorted(found, key=lambda one: one.is_library):
        if one.is_library and one.path in reached:
            continue
        its = loader.loads(str(one.path), at_start)
        if any(naming.tagged_file(load.name) for load in its):
            its = loader.loads(str(one.path), {**at_start, **_loaded_by_python(one, wheels)})
        loads[one.path] = its
        reached |= {Path(load.found) for load in its if load.found}
    return loads


def _loaded_by_python(one: Object, wheels: Sequence[LibraryWheel]) -> Mapping[str, str]:
    """Return the libraries, by SONAME, that a package on the way to `one` loads before it.

    It does so where its __init__.py calls the `load()` of a library wheel's locator.
    """
    site = Path(os.path.realpath(one.owner.site))
    packages_above = (folder for folder in one.path.parents if folder.is_relative_to(site))
    texts = [_text(folder / "__init__.py") for folder in packages_above]
    called = [
        wheel.name
        for wheel in wheels
        if any(_calls_load(text, naming.import_name(wheel.name)) for text in texts)
    ]
    return {
        name: str(path)
        for wheel in _with_required(called, wheels)
        for name, path in wheel.libraries.items()
        if packages.exists(path)
    }


def _with_required(names: Iterable[str], wheels: Sequence[LibraryWheel]) -> Iterator[LibraryWheel]:
    """Yield the library wheels of these names, and those whose `load()` theirs call."""
    known = {wheel.name: wheel for wheel in wheels}
    further, seen = list(names), set[str]()
    for name in further:
        if name in known and name not in seen:
            seen.add(name)
            yield known[name]
            further += map(naming.canonical, known[name].constants.requires)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _calls_load(text: str, locator: str) -> bool:
    """Tell whether a module imports a locator and calls its `load`, by whatever name."""
    if locator not in text:
        return False
    called: set[str] = set()
    loads: set[str] = set()
    for node in ast.walk(_parsed(text)):
        if isinstance(node, ast.Call):
            called.add(ast.unparse(node.func))
        elif isinstance(node, ast.Import):
            names = [alias.asname or alias.name for alias in node.names if alias.name == locator]
            loads |= {f"{name}.load" for name in names}
        elif isinstance(node, ast.ImportFrom) and node.module == locator:
            loads |= {alias.asname or alias.name for alias in node.names if alias.name == "load"}
    return bool(called & loads)


def _parsed(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of others' escape sequences
        try:
            return ast.parse(text)
        except (SyntaxError, ValueError, RecursionError):
            return ast.Module([], [])
