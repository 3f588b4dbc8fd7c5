"""Which library wheels a recipe is built against: installed ones, else those of its siblings.

A sibling is the recipe of that name in the folder beside the recipe's own, as in a checkout.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import Specifier, SpecifierSet
from packaging.version import Version

from libwheel import naming, recipe, required
from libwheel import task as tasks
from libwheel.consumer import library_wheels, packages
from libwheel.consumer.library_wheels import LibraryWheel
from libwheel.consumer.packages import Package
from libwheel.errors import BuildError
from libwheel.naming import canonical
from libwheel.task import Task


@dataclass(frozen=True)
class Installed:
    """A library wheel in the environment of this process; `hides` is the sibling of its name."""

    wheel: LibraryWheel
    hides: Path | None = None

    def __str__(self) -> str:
        return str(self.wheel)

    @property
    def version(self) -> str:
        return self.wheel.version

    @property
    def compatible(self) -> str:
        return self.wheel.constants.compatible

    @property
    def requires(self) -> tuple[Requirement, ...]:
        return self.wheel.requires

    @property
    def place(self) -> str:
        """Where it is, in words."""
        return f"installed in {self.wheel.site}{f' (not {self.hides})' if self.hides else ''}"


@dataclass(frozen=True)
class Sibling:
    """A recipe beside the one that requires it, read for the release that fits."""

    task: Task

    def __str__(self) -> str:
        return str(self.task.tag)

    @property
    def version(self) -> str:
        return self.task.tag.full_version

    @property
    def compatible(self) -> str:
        return self.task.resolved.compatible_range

    @property
    def requires(self) -> tuple[Requirement, ...]:
        return tuple(map(Requirement, self.task.resolved.requires))


@dataclass(frozen=True)
class Lacking:
    """A requirement that neither can serve: why, and what to do."""

    requirement: Requirement
    text: str


Found = Installed | Sibling


@dataclass(frozen=True)
class Resolution:
    """All that a recipe requires, also by way of others: by name, what is required first.

    `direct` are the names that the recipe has itself, with the versions that it takes. `asked`
    are the requirements of recipes that have no sibling, and all those of `lacking`.
    """

    found: Mapping[str, Found]
    direct: Mapping[str, SpecifierSet]
    lacking: tuple[Lacking, ...] = ()
    asked: tuple[Requirement, ...] = ()

    @property
    def siblings(self) -> Iterator[Task]:
        """The recipes whose wheels have to be built first."""
        return (one.task for one in self.found.values() if isinstance(one, Sibling))

    @property
    def ranges(self) -> Mapping[str, str]:
        """The library wheels that the wheel runs with: of each the versions, as PEP 440 has them.

        They are those that the recipe takes and that the wheel it is built on allows. Raises
        BuildError with everything that cannot be had.
        """
        self.stop_for_lacking()
        return {
            name: str(_narrowed(SpecifierSet(self.found[name].compatible) & taken))
            for name, taken in sorted(self.direct.items())
        }

    def stop_for_lacking(self) -> None:
        """Raise BuildError with everything that cannot be had."""
        if self.lacking:
            raise BuildError("\n".join(one.text for one in self.lacking))

    def of(self, sibling: Sibling) -> Resolution:
        """Return what a sibling requires, as it was found here."""
        direct = _direct(sibling.requires)
        needed = set(direct)
        for name in reversed(tuple(self.found)):
            if name in needed:
                needed |= set(_names(self.found[name].requires))
        return Resolution({n: f for n, f in self.found.items() if n in needed}, direct)


def resolve(task: Task, site_folders: Iterable[Path]) -> Resolution:
    """Find what the recipe requires, in these folders of installed packages or beside it.

    For a target that has a name all of it is made from recipes, for the same. Nothing is built.
    Raises BuildError where recipes require each other, or one library wheel in ranges that do not
    go together; RecipeError for a mistake in a sibling.
    """
    folders = site_folders if task.resolved.requires and task.is_native else ()
    there = packages.installed(folders)
    return _Search(task, {package.key: package for package in there}).resolution()


@dataclass(frozen=True)
class _Wish:
    """A requirement, and whose it is; an installed wheel's are its installer's business."""

    requirement: Requirement
    by: Task | Found

    @property
    def name(self) -> str:
        return canonical(self.requirement.name)

    @property
    def whose(self) -> str:
        return str(self.by.tag if isinstance(self.by, Task) else self.by)

    def takes(self, version: str) -> bool:
        return self.requirement.specifier.contains(version, prereleases=True)


@dataclass(frozen=True)
class _Search:
    task: Task
    there: Mapping[str, Package]

    def resolution(self) -> Resolution:
        """Go from requirement to requirement; the first that names a wheel decides which."""
        direct = [_Wish(Requirement(text), self.task) for text in self.task.resolved.requires]
        known: dict[str, tuple[_Wish, Found | Lacking]] = {}
        waiting = deque(direct)
        graph = {self.task.tag.wheel: tuple(wish.name for wish in direct)}
        while waiting:
            wish = waiting.popleft()
            if wish.name in known:
                _stop_for_disagreement(wish, *known[wish.name])
            elif wish.name != self.task.tag.wheel:
                found = self._find(wish)
                known[wish.name] = (wish, found)
                if not isinstance(found, Lacking):
                    graph[wish.name] = _names(found.requires)
                    waiting += [_Wish(requirement, found) for requirement in found.requires]
        order = [name for name in _ordered(graph) if name in known]
        results = [known[name] for name in order]
        return Resolution(
            found={w.name: f for w, f in results if not isinstance(f, Lacking)},
            direct=_direct(wish.requirement for wish in direct),
            lacking=tuple(found for _, found in results if isinstance(found, Lacking)),
            asked=tuple(wish.requirement for wish, found in results if self._is_asked(wish, found)),
        )

    def _is_asked(self, wish: _Wish, found: Found | Lacking) -> bool:
        if isinstance(found, Lacking):
            return self.task.is_native
        has_sibling = isinstance(found, Sibling) or self._sibling_folder(wish) is not None
        return not has_sibling and not isinstance(wish.by, Installed)

    def _find(self, wish: _Wish) -> Found | Lacking:
        package, folder = self.there.get(wish.name), self._sibling_folder(wish)
        if package:
            return _installed(wish, package, folder)
        if not folder:
            return self._nowhere(wish) if self.task.is_native else self._for_no_target(wish)
        return self._sibling(wish, folder)

    def _beside(self, wish: _Wish) -> Path:
        return self.task.resolved.folder.parent / wish.name

    def _sibling_folder(self, wish: _Wish) -> Path | None:
        """Return the sibling's; an sdist lies anywhere, and has none."""
        folder = self._beside(wish)
        is_there = not self.task.is_of_sdist and (folder / recipe.FILE).is_file()
        return folder if is_there else None

    def _sibling(self, wish: _Wish, folder: Path) -> Found | Lacking:
        """Read the sibling for its default release, if that fits, else for the first that does."""
        read, identity = tasks.read(folder)
        if identity.name != wish.name:
            return _lacking(wish, f"{folder} is the recipe of {identity.name!r}", _get(wish))
        versions = [release.version for release in read.releases]
        fitting = [version for version in versions if wish.takes(version)]
        if not fitting:
            return _lacking(wish, f"{folder} has {', '.join(versions)}", _get(wish))
        config = {"version": fitting[0], **self.task.settings.for_siblings}
        console = replace(self.task.console, about=identity.name)
        return Sibling(tasks.within(read, identity, config, self.task.environment, console))

    def _for_no_target(self, wish: _Wish) -> Lacking:
        """Say that wheels for other targets are not taken from an environment."""
        what = f"for {self.task.target} it is built from its recipe, and there is none"
        way = f"build in a checkout that has both recipes, {self.task.tag.wheel} and {wish.name}"
        beside = "" if self.task.is_of_sdist else f" in {self._beside(wish)}"
        return _lacking(wish, f"{what}{beside}", way)

    def _nowhere(self, wish: _Wish) -> Lacking:
        beside = f", nor is there a recipe for it in {self._beside(wish)}"
        there = f"{wish.name} is not installed{'' if self.task.is_of_sdist else beside}"
        return _lacking(wish, there, _get(wish))


def _installed(wish: _Wish, package: Package, sibling: Path | None) -> Found | Lacking:
    where = f"{package} is installed in {package.site}"
    wheels = library_wheels.among([package])
    if not wheels:
        locator = naming.import_name(package.key)
        return _lacking(wish, f"{where} and is no library wheel: it has no {locator}", "")
    if damage := required.damage_of(wheels[0]):
        return _lacking(wish, f"{where}, and {damage}", "")
    if not wish.takes(wheels[0].version):
        return _lacking(wish, where, _get(wish, "-U "))
    return Installed(wheels[0], sibling)


def _lacking(wish: _Wish, what: str, hint: str) -> Lacking:
    text = f"{wish.whose} requires {wish.requirement}: {what}"
    return Lacking(wish.requirement, f"{text}; {hint}" if hint else text)


def _get(wish: _Wish, option: str = "") -> str:
    return f"python -m pip install {option}'{wish.requirement}'"


def _stop_for_disagreement(wish: _Wish, first: _Wish, found: Found | Lacking) -> None:
    if not isinstance(found, Lacking) and not wish.takes(found.version):
        raise BuildError(
            f"{wish.whose} requires {wish.requirement}, and {first.whose} requires "
            f"{first.requirement}, for which there is {found}: they do not go together"
        )


def _ordered(graph: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    try:
        return tuple(TopologicalSorter(graph).static_order())
    except CycleError as error:
        names = " requires ".join(reversed(error.args[1]))
        raise BuildError(f"library wheels cannot require each other: {names}") from None


def _direct(requirements: Iterable[Requirement]) -> dict[str, SpecifierSet]:
    """Return the versions that are taken of each name."""
    found: dict[str, SpecifierSet] = {}
    for one in requirements:
        name = canonical(one.name)
        found[name] = found.get(name, SpecifierSet()) & one.specifier
    return found


def _narrowed(versions: SpecifierSet) -> SpecifierSet:
    """Return the same range without the lower bounds that another implies."""
    lower = [one for one in versions if one.operator in (">=", ">", "~=", "==")]
    highest = max(lower, key=lambda one: (_bound(one), one.operator != ">="), default=None)
    kept = (one for one in versions if one.operator != ">=" or one is highest)
    return SpecifierSet(",".join(map(str, kept)))


def _bound(lower: Specifier) -> Version:
    return Version(lower.version.removesuffix(".*"))


def _names(requirements: Iterable[Requirement]) -> tuple[str, ...]:
    return tuple(canonical(requirement.name) for requirement in requirements)
