"""Rules about what the loader takes for the libraries that extensions need."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

from libwheel import naming
from libwheel.binaries import elf
from libwheel.consumer import packages
from libwheel.consumer.doctor import remedies
from libwheel.consumer.doctor.loader import expanded
from libwheel.consumer.doctor.objects import Object
from libwheel.consumer.doctor.report import About, Diagnosis, Rule, Severity
from libwheel.consumer.doctor.survey import Need, Survey
from libwheel.consumer.library_wheels import LibraryWheel
from libwheel.consumer.packages import Package
from libwheel.errors import BuildError
from libwheel.words import listed

_TEMPORARY = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108 - to warn of them
_OTHERS_WRITE = 0o002


def library_not_found(survey: Survey) -> Iterator[Diagnosis]:
    for needs in _by_wheel(survey, (need for need in survey.needs if not need.found)):
        other = _other_abi(survey, needs[0])
        if needs[0].name in survey.providers:
            yield from _unreachable(survey, needs)
        elif other:
            yield _wrong_abi(needs, *other)
        elif wheel := _without(survey, needs[0]):
            names = listed([file.name for file in wheel.libraries.values()])
            message = f"{_needing(needs)}, which {wheel} does not have: it has {names}"
            yield _not_found(needs, message, f"install the build of {wheel.name} that has it")
        else:
            they = _it(needs, "it", "them")
            message = f"{_needing(needs)}, and no library wheel that has {they} is installed"
            yield _not_found(needs, message, _install(survey, *needs))


def _unreachable(survey: Survey, needs: Sequence[Need]) -> Iterator[Diagnosis]:
    """Say why an installed library is not found; what is wrong with a wheel's own, others tell."""
    wheel, consumer = survey.providers[needs[0].name][0], needs[0].by.owner
    broken = [need for need in needs if survey.providers[need.name][1] in survey.broken]
    others = [need for need in needs if need not in broken]
    if others:
        yield _out_of_reach(survey, others)
    if broken and wheel.name != consumer.key:
        rules = {survey.broken[survey.providers[need.name][1]] for need in broken}
        is_lost = rules == {Rule.FILES_MISSING}
        reason = f"which {wheel} has lost" if is_lost else _it(broken, *_UNSOUND)
        remedy = remedies.put_right(wheel.name, listed(sorted(rules)))
        yield _not_found(needs, f"{_needing(broken)}, {reason}", remedy)


_UNSOUND = ("which is no sound library", "which are no sound libraries")


def _out_of_reach(survey: Survey, needs: Sequence[Need]) -> Diagnosis:
    (wheel, path), consumer = survey.providers[needs[0].name], needs[0].by.owner
    if wheel.site.resolve() != consumer.site.resolve():
        are = _it(needs, "is")
        reason = f"which {are} in {path.parent}, another environment: no RPATH leads there"
        remedy = f"put {wheel.name} into the same environment as {consumer.name}"
        way = remedies.load(wheel.name)
        if survey.is_library_wheel(consumer):  # whose load() loads what it requires as well
            way = remedies.load_in_users(consumer.key) if _requires(survey, consumer) else ""
        remedy = "; or ".join(filter(None, [way, remedy]))
    else:
        their = "their" if _are_several(needs) else "its"
        they_are = _it(needs, "that is", "those are")
        reason = f"and {their} RPATH does not lead to {path.parent}, where {they_are}"
        remedy = _mended(survey, consumer)
    return _not_found(needs, f"{_needing(needs)}, {reason}", remedy)


def _mended(survey: Survey, consumer: Package) -> str:
    """Say how its RPATH becomes right; a library wheel's was."""
    if survey.is_library_wheel(consumer):
        return remedies.reinstall(consumer)
    return remedies.repair(consumer.name)


def _not_found(needs: Sequence[Need], message: str, remedy: str) -> Diagnosis:
    name = needs[0].by.owner.name
    return Diagnosis(
        Severity.FAULT, Rule.LIBRARY_NOT_FOUND, About.DISTRIBUTION, name, message, remedy
    )


def _wrong_abi(needs: Sequence[Need], wheel: LibraryWheel, file: str) -> Diagnosis:
    consumer = needs[0].by.owner.name
    message = f"{_needing(needs)}; {wheel.name} {wheel.version} has {file}, whose ABI is another"
    remedy = (
        f"install the {wheel.name} that {consumer} was built against, or build {consumer} again "
        f"with {wheel.name} {wheel.version}"
    )
    return Diagnosis(Severity.FAULT, Rule.WRONG_ABI, About.DISTRIBUTION, consumer, message, remedy)


def _other_abi(survey: Survey, need: Need) -> tuple[LibraryWheel, str] | None:
    wanted, of_wheel = naming.tagged_file(need.name), _named_wheel(need)
    for file, (wheel, _) in survey.providers.items():
        offered = naming.tagged_file(file)
        if wanted and offered and offered.stem == wanted.stem and of_wheel in (None, wheel.name):
            return wheel, file
    return None


def _without(survey: Survey, need: Need) -> LibraryWheel | None:
    """Return the installed library wheel of whose other builds the library is, if it is known."""
    name = _named_wheel(need)
    return next((wheel for wheel in survey.library_wheels if wheel.name == name), None)


def _install(survey: Survey, need: Need, *others: Need) -> str:
    """Name the consumer's own requirement, or the wheel whose node it needs, if either is there."""
    files = listed(list(dict.fromkeys(one.name for one in (need, *others))))
    tagged, named = naming.tagged_file(need.name), _named_wheel(need)
    name = named or naming.canonical(tagged.stem if tagged else need.name)
    for requirement in need.by.owner.requirements(name, survey.environment.markers):
        return remedies.install(files, f"{requirement.name}{requirement.specifier}")
    installed = {wheel.name for wheel in survey.library_wheels}
    required = _requires(survey, need.by.owner)
    lacking = [name + versions for name, versions in required.items() if name not in installed]
    return remedies.install(files, named or (lacking[0] if len(lacking) == 1 else ""))


def _requires(survey: Survey, owner: Package) -> Mapping[str, str]:
    """Return the library wheels that a library wheel runs with: of each the versions."""
    wheels = (wheel for wheel in survey.library_wheels if wheel.name == owner.key)
    return next((wheel.constants.requires for wheel in wheels), {})


def _named_wheel(need: Need) -> str | None:
    """Return the library wheel whose version node is needed, where it is one of ours."""
    tagged = naming.tagged_file(need.name)
    try:
        requirements = elf.read(need.by.path).requirements
    except BuildError:
        requirements = ()
    nodes = [one.version for one in requirements if one.library == need.name]
    names = [naming.wheel_of_node(node, tagged.abi) for node in nodes if tagged]
    return next(filter(None, names), None)


def library_elsewhere(survey: Survey) -> Iterator[Diagnosis]:
    for needs in _by_wheel(survey, filter(survey.is_elsewhere, survey.needs)):
        consumer, providers = needs[0].by.owner, _providers(survey, needs)
        place = "which no library wheel of this environment has put there"
        if providers:
            wheel = providers[0][0]
            place = f"not {listed([str(path) for _, path in providers])} of {wheel}"
            if any(map(survey.layer, needs)) and not _lost(survey, needs):
                place += ": each layer has one"
        found = listed(list(dict.fromkeys(str(need.found) for need in needs)))
        gets = "get" if _are_several(needs) else "gets"
        yield Diagnosis(
            Severity.FAULT,
            Rule.LIBRARY_ELSEWHERE,
            About.DISTRIBUTION,
            consumer.name,
            f"{_who(needs)} {gets} {found}, {place}",
            _way_back(survey, needs),
        )


def _providers(survey: Survey, needs: Sequence[Need]) -> list[tuple[LibraryWheel, Path]]:
    names = dict.fromkeys(need.name for need in needs)
    return [survey.providers[name] for name in names if name in survey.providers]


def _way_back(survey: Survey, needs: Sequence[Need]) -> str:
    folders = {os.path.realpath(need.found.parent) for need in needs if need.found}
    entries = [one for one in survey.rules.library_path if os.path.realpath(one) in folders]
    takes_out = [f"take {_all(entries)} out of LD_LIBRARY_PATH"] if entries else []
    if entries and survey.is_library_wheel(needs[0].by.owner):
        return takes_out[0]
    return "; or ".join([*takes_out, _other_way(survey, needs)])


def _all(entries: Iterable[str]) -> str:
    return ", ".join(entry or "the empty entry" for entry in entries)


def _other_way(survey: Survey, needs: Sequence[Need]) -> str:
    consumer, providers = needs[0].by.owner, _providers(survey, needs)
    layers = [wheel for need in needs if (wheel := survey.layer(need))]
    lost = _lost(survey, needs)
    if lost:
        return remedies.put_right(providers[0][0].name, lost[0])
    if layers and survey.is_library_wheel(consumer):
        return f"have {layers[0].name} in one layer only"
    if layers:
        return f"{remedies.load(layers[0].name)}; or have {layers[0].name} in one layer only"
    if not providers:
        return f"{_install(survey, *needs)}; then {remedies.repair(consumer.name)}"
    return _mended(survey, consumer)


def _lost(survey: Survey, needs: Sequence[Need]) -> list[str]:
    """Return the rules that tell what is wrong with the files that should be found."""
    return [survey.broken[path] for _, path in _providers(survey, needs) if path in survey.broken]


def missing_library(survey: Survey) -> Iterator[Diagnosis]:
    """Look at the other libraries too; the package may load them itself, or not need them here."""
    missing = sorted(
        {
            (one.owner.name, load.name, load.by)
            for root, loads in survey.loads.items()
            for load in loads
            if not load.found and not naming.tagged_file(load.name)
            for one in [survey.by_path[root]]
        }
    )
    for (owner, name), places in groupby(missing, key=lambda item: item[:2]):
        by = listed(sorted({Path(by).name for *_, by in places}))
        yield Diagnosis(
            Severity.NOTE,
            Rule.MISSING_LIBRARY,
            About.DISTRIBUTION,
            owner,
            f"{owner}: the loader does not find {name} for {by}",
            f"nothing, unless {owner} fails to import: then install what has {name}",
        )


def unsafe_rpath(survey: Survey) -> Iterator[Diagnosis]:
    seen = {need.by.path: need.by for need in survey.needs}
    names: dict[Path, set[str]] = {path: set() for path in seen}
    for need in survey.needs:
        names[need.by.path].add(need.name)
    entries = (
        (one, entry)
        for one in seen.values()
        if not survey.is_library_wheel(one.owner)
        for entry in (*one.glance.rpath, *(one.glance.runpath or ()))
        if not _BESIDE.match(entry)
    )
    found: dict[tuple[str, str, str], list[Object]] = {}
    for one, entry in entries:
        folder = expanded(entry, str(one.path), survey.rules.lib)
        reason = _astray(survey, folder, names[one.path]) or _danger(survey, folder)
        if reason:
            found.setdefault((one.owner.name, entry, reason), []).append(one)
    for (owner, entry, reason), files in found.items():
        yield _unsafe(owner, entry, reason, files)


def _unsafe(owner: str, entry: str, reason: str, files: Sequence[Object]) -> Diagnosis:
    severity = Severity.NOTE if reason in (_FOREIGN, _GONE) else Severity.FAULT
    names = listed(sorted(file.name for file in files))
    shown = entry or "an empty entry, the current folder"
    return Diagnosis(
        severity,
        Rule.UNSAFE_RPATH,
        About.DISTRIBUTION,
        owner,
        f"{owner}: the RPATH of {names} has {shown}, {reason}",
        remedies.repair(owner),
    )


_BESIDE = re.compile(r"\$(ORIGIN\b|\{ORIGIN\})")  # goes wherever the environment goes
_FOREIGN = "a folder of this machine and not of the environment"
_GONE = "which is not there, a folder of the machine it was built on"


def _astray(survey: Survey, folder: str, names: Iterable[str]) -> str:
    """Say where a library's link in the folder leads, if there others can put what is loaded.

    So is libwheel's conventional prefix of an environment that is gone.
    """
    for link in sorted(Path(folder, name) for name in names):
        goal = Path(os.path.realpath(link))
        is_link = goal.parent != Path(os.path.realpath(folder))
        danger = _danger(survey, str(goal.parent)) if is_link else ""
        if danger not in ("", _FOREIGN, _GONE):
            return f"where {link.name} is a link into {goal.parent}, {danger}"
    return ""


def _danger(survey: Survey, folder: str) -> str:
    path = Path(folder)
    if not path.is_absolute():
        return "which depends on the current folder: whoever owns that can put a library there"
    prefixes = (survey.environment.prefix, survey.environment.base_prefix)
    true_path = Path(os.path.realpath(path))
    if any(true_path.is_relative_to(os.path.realpath(prefix)) for prefix in prefixes):
        return ""
    temporary = (*_TEMPORARY, tempfile.gettempdir())
    is_open = _others_write(path) or any(path.is_relative_to(top) for top in temporary)
    if packages.exists(path):
        return "where others can put a library" if is_open else _FOREIGN
    return "which is not there: whoever makes it can put a library there" if is_open else _GONE


def _others_write(path: Path) -> bool:
    """Tell whether others may put something there, or make the folder and what is above it."""
    for folder in (path, *path.parents):
        try:
            return bool(folder.stat().st_mode & _OTHERS_WRITE)
        except OSError:
            continue  # the next one decides whether it can be made
    return False


def _by_wheel(survey: Survey, needs: Iterable[Need]) -> Iterator[list[Need]]:
    """Yield what the files of one distribution need of one library wheel, each once."""
    found: dict[tuple[str, str], dict[tuple[Path, str], Need]] = {}
    for need in needs:
        provider = survey.providers.get(need.name)
        wheel = provider[0].name if provider else _named_wheel(need) or need.name
        group = found.setdefault((need.by.owner.key, wheel), {})
        group.setdefault((need.by.path, need.name), need)
    for group in found.values():
        yield list(group.values())


def _needing(needs: Sequence[Need]) -> str:
    verb = "need" if _are_several(needs) else "needs"
    return f"{_who(needs)} {verb} {listed(list(dict.fromkeys(need.name for need in needs)))}"


def _are_several(needs: Sequence[Need]) -> bool:
    return len({need.by.path for need in needs}) > 1


def _it(needs: Sequence[Need], one: str, several: str = "are") -> str:
    """Choose by how many libraries are needed."""
    return one if len({need.name for need in needs}) == 1 else several


def _who(needs: Sequence[Need]) -> str:
    """Return ``h5py 3.16.0: _errors.so``, and how many files more."""
    more = len({need.by.path for need in needs}) - 1
    others = f" (and {more} more of its files)" if more else ""
    return f"{needs[0].by.owner}: {needs[0].by.name}{others}"
