"""Rules about what the loader takes for the libraries that extensions need."""

from __future__ import annotations

import os
import shlex
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

from libwheel import naming
from libwheel.binaries import elf
from libwheel.consumer.doctor.loader import expanded
from libwheel.consumer.doctor.objects import Object
from libwheel.consumer.doctor.report import Diagnosis, Severity
from libwheel.consumer.doctor.survey import Need, Survey
from libwheel.consumer.library_wheels import LibraryWheel
from libwheel.consumer.words import listed
from libwheel.errors import BuildError

_TEMPORARY = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108 - to warn of them
_OTHERS_WRITE = 0o002


def library_not_found(survey: Survey) -> Iterator[Diagnosis]:
    def of_wheel(need: Need) -> str:
        provider = survey.providers.get(need.name)
        return provider[0].name if provider else _named_wheel(need) or need.name

    for needs in _by_consumer((need for need in survey.needs if not need.found), of_wheel):
        provider = survey.providers.get(needs[0].name)
        other = _other_abi(survey, needs[0])
        if provider:
            yield _out_of_reach(needs, *provider)
        elif other:
            yield _wrong_abi(needs, *other)
        else:
            message = f"{_needing(needs)}, and no library wheel that has it is installed"
            yield _not_found(needs, message, f"pip install {_wanted(needs[0])}")


def _out_of_reach(needs: Sequence[Need], wheel: LibraryWheel, path: Path) -> Diagnosis:
    consumer, load = needs[0].by.owner, f"{naming.import_name(wheel.name)}.load()"
    if not path.exists():
        reason = f"which {wheel.name} {wheel.version} has lost"
        remedy = f"put {wheel.name} right first: see files-missing"
    elif wheel.site.resolve() != consumer.site.resolve():
        reason = f"which is in {path.parent}, another environment: no RPATH leads there"
        remedy = (
            f"call {load} in the package's __init__.py, before it imports the extension; or put "
            f"{wheel.name} into the same environment as {consumer.name}"
        )
    else:
        reason = f"and its RPATH does not lead to {path.parent}, where that is"
        remedy = _repair(consumer.name)
    return _not_found(needs, f"{_needing(needs)}, {reason}", remedy)


def _not_found(needs: Sequence[Need], message: str, remedy: str) -> Diagnosis:
    name = needs[0].by.owner.name
    return Diagnosis(Severity.FAULT, "library-not-found", name, message, remedy)


def _wrong_abi(needs: Sequence[Need], wheel: LibraryWheel, file: str) -> Diagnosis:
    consumer = needs[0].by.owner.name
    message = f"{_needing(needs)}; {wheel.name} {wheel.version} has {file}, whose ABI is another"
    remedy = (
        f"install the {wheel.name} that {consumer} was built against, or build {consumer} again "
        f"with {wheel.name} {wheel.version}"
    )
    return Diagnosis(Severity.FAULT, "wrong-abi", consumer, message, remedy)


def _other_abi(survey: Survey, need: Need) -> tuple[LibraryWheel, str] | None:
    wanted, of_wheel = naming.tagged_file(need.name), _named_wheel(need)
    for file, (wheel, _) in survey.providers.items():
        offered = naming.tagged_file(file)
        if wanted and offered and offered.stem == wanted.stem and of_wheel in (None, wheel.name):
            return wheel, file
    return None


def _wanted(need: Need) -> str:
    """Return what to give to pip: the consumer's own requirement, or the wheel's mere name."""
    tagged = naming.tagged_file(need.name)
    name = _named_wheel(need) or naming.canonical(tagged.stem if tagged else need.name)
    for line in need.by.owner.requires:
        try:
            requirement = Requirement(line)
        except InvalidRequirement:
            continue
        if naming.canonical(requirement.name) == name:
            return shlex.quote(f"{requirement.name}{requirement.specifier}")
    return name


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
    elsewhere = (need for need in survey.needs if _is_elsewhere(survey, need))
    for needs in _by_consumer(elsewhere, lambda need: need.name):
        name, consumer = needs[0].name, needs[0].by.owner
        provider = survey.providers.get(name)
        place = "where no library wheel of this environment has put it"
        if provider:
            wheel, path = provider
            place = f"not {path} of {wheel.name} {wheel.version}"
        message = f"{_who(needs)} gets {needs[0].found}, {place}"
        remedy = _way_back(survey, needs[0])
        yield Diagnosis(Severity.FAULT, "library-elsewhere", consumer.name, message, remedy)


def _is_elsewhere(survey: Survey, need: Need) -> bool:
    if not need.found:
        return False
    provider = survey.providers.get(need.name)
    return provider is None or os.path.realpath(need.found) != os.path.realpath(provider[1])


def _way_back(survey: Survey, need: Need) -> str:
    install = "" if need.name in survey.providers else f"pip install {_wanted(need)}; then "
    repair = _repair(need.by.owner.name)
    folder = str(need.found.parent) if need.found else ""
    if folder in map(os.path.normpath, survey.rules.library_path):
        return f"{install}take {folder} out of LD_LIBRARY_PATH; or {repair}"
    return install + repair


def _repair(owner: str) -> str:
    return f"run `libwheel repair` on the wheel of {owner} and install what it makes"


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
            "missing-library",
            owner,
            f"{owner}: the loader does not find {name} for {by}",
            f"nothing, unless {owner} fails to import: then install what has {name}",
        )


def unsafe_rpath(survey: Survey) -> Iterator[Diagnosis]:
    seen = {need.by.path: need.by for need in survey.needs}
    entries = (
        (one, entry)
        for one in seen.values()
        if not survey.is_library_wheel(one.owner)
        for entry in (*one.glance.rpath, *one.glance.runpath)
    )
    found: dict[tuple[str, str, str], list[Object]] = {}
    for one, entry in entries:
        folder = expanded(entry, str(one.path), survey.rules.lib)
        reason = "" if entry.startswith("$") else _danger(survey, folder)
        if reason:
            found.setdefault((one.owner.name, entry, reason), []).append(one)
    for (owner, entry, reason), files in found.items():
        yield _unsafe(owner, entry, reason, files)


def _unsafe(owner: str, entry: str, reason: str, files: Sequence[Object]) -> Diagnosis:
    severity = Severity.NOTE if reason == _FOREIGN else Severity.FAULT
    names = listed(sorted(file.name for file in files))
    shown = entry or "an empty entry, the current folder"
    return Diagnosis(
        severity,
        "unsafe-rpath",
        owner,
        f"{owner}: the RPATH of {names} has {shown}, {reason}",
        _repair(owner),
    )


_FOREIGN = "a folder of this machine and not of the environment"


def _danger(survey: Survey, folder: str) -> str:
    path = Path(folder)
    if not path.is_absolute():
        return "which depends on the current folder: whoever owns that can put a library there"
    prefixes = (survey.environment.prefix, survey.environment.base_prefix)
    if any(path.resolve().is_relative_to(prefix.resolve()) for prefix in prefixes):
        return ""
    if not path.exists():
        return "which is not there: whoever makes it can put a library there"
    temporary = (*_TEMPORARY, tempfile.gettempdir())
    if path.stat().st_mode & _OTHERS_WRITE or any(path.is_relative_to(top) for top in temporary):
        return "where others can put a library"
    return _FOREIGN


def _by_consumer(needs: Iterable[Need], kind: Callable[[Need], str]) -> Iterator[list[Need]]:
    """Yield what the files of one distribution need, of one kind at a time, each once."""
    found: dict[tuple[str, str], dict[tuple[Path, str], Need]] = {}
    for need in needs:
        group = found.setdefault((need.by.owner.key, kind(need)), {})
        group.setdefault((need.by.path, need.name), need)
    for group in found.values():
        yield list(group.values())


def _needing(needs: Sequence[Need]) -> str:
    return f"{_who(needs)} needs {listed(list(dict.fromkeys(need.name for need in needs)))}"


def _who(needs: Sequence[Need]) -> str:
    """Return ``h5py 3.16.0: _errors.so``, and how many files more."""
    more = len({need.by.path for need in needs}) - 1
    others = f" (and {more} more of its files)" if more else ""
    return f"{needs[0].by.owner}: {needs[0].by.name}{others}"
