"""Rules about which library a consumer was built for, and which one is there."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from libwheel.binaries import elf
from libwheel.binaries.binary import Binary
from libwheel.consumer.doctor.report import About, Diagnosis, Rule, Severity
from libwheel.consumer.doctor.survey import Survey
from libwheel.consumer.library_wheels import LibraryWheel
from libwheel.consumer.packages import Package
from libwheel.errors import BuildError
from libwheel.words import listed

_LOWER_BOUNDS = (">=", "~=", ">", "==", "===")


def requirement_not_met(survey: Survey) -> Iterator[Diagnosis]:
    for package in survey.packages:
        for wheel in survey.library_wheels:
            for requirement in package.requirements(wheel.name, survey.environment.markers):
                if not _is_met(requirement, wheel.version):
                    yield _not_met(package, requirement, wheel)


def _is_met(requirement: Requirement, version: str) -> bool:
    try:
        return requirement.specifier.contains(version, prereleases=True)
    except InvalidVersion:  # an older packaging's answer
        return False


def _not_met(package: Package, requirement: Requirement, wheel: LibraryWheel) -> Diagnosis:
    rule = Rule.TOO_OLD if _is_too_old(wheel.version, requirement.specifier) else Rule.WRONG_VERSION
    wanted = f"{wheel.name}{requirement.specifier}"
    return Diagnosis(
        Severity.FAULT,
        rule,
        About.DISTRIBUTION,
        package.name,
        f"{package} was built for {wanted}; {wheel.name} {wheel.version} is installed",
        f"pip install {shlex.quote(wanted)}",
    )


def _is_too_old(version: str, specifier: SpecifierSet) -> bool:
    bounds = (s.version.removesuffix(".*") for s in specifier if s.operator in _LOWER_BOUNDS)
    try:
        return any(Version(version) < Version(bound) for bound in bounds)
    except InvalidVersion:
        return False


def too_old(survey: Survey) -> Iterator[Diagnosis]:
    """Compare what was linked with what is exported, whatever the metadata say.

    What is taken from elsewhere says nothing of the library wheel, nor what was put over it.
    """
    binaries: dict[Path, Binary | None] = {}

    def read(path: Path) -> Binary | None:
        if path not in binaries:
            binaries[path] = _binary(path)
        return binaries[path]

    changed = {one.path for one in survey.changed}
    found: dict[tuple[str, str], dict[str, None]] = {}
    for need in {(need.by.path, need.name): need for need in survey.needs}.values():
        is_ours = need.found and not survey.is_elsewhere(need)
        if need.found and is_ours and survey.providers[need.name][1] not in changed:
            consumer, library = read(need.by.path), read(need.found)
            if consumer and library:
                lacking = found.setdefault((str(need.by.owner), need.name), {})
                lacking |= dict.fromkeys(_lacking(consumer, need.name, library))
    for (owner, name), lacking in found.items():
        if lacking:
            yield _too_old(survey.providers[name][0], owner, name, list(lacking))


def _too_old(wheel: LibraryWheel, owner: str, name: str, lacking: list[str]) -> Diagnosis:
    consumer = owner.rpartition(" ")[0]
    return Diagnosis(
        Severity.FAULT,
        Rule.TOO_OLD,
        About.DISTRIBUTION,
        consumer,
        f"{owner} was built for a newer {name} than {wheel} has: it lacks {listed(lacking)}",
        f"pip install --upgrade {wheel.name}",
    )


def _lacking(consumer: Binary, name: str, library: Binary) -> Iterator[str]:
    """Yield the version nodes, then the symbols, that `consumer` takes from the library."""
    for requirement in consumer.requirements:
        if requirement.library == name and requirement.version not in library.version_nodes:
            yield requirement.version
    offered = {(symbol.name, symbol.version) for symbol in library.exports}
    for wanted in consumer.imports:
        is_bound = wanted.library == name and wanted.version in library.version_nodes
        if is_bound and not wanted.weak and (wanted.name, wanted.version) not in offered:
            yield wanted.name


def _binary(path: Path) -> Binary | None:
    try:
        return elf.read(path)
    except BuildError:
        return None


def no_requirement(survey: Survey) -> Iterator[Diagnosis]:
    packages = {package.name: package for package in survey.packages}
    for wheel in survey.library_wheels:
        for name in survey.consumers[wheel.name]:
            required = packages[name].requirements(wheel.name, survey.environment.markers)
            if not any(required) and not survey.is_library_wheel(packages[name]):
                yield _unrequired(packages[name], wheel)


def _unrequired(package: Package, wheel: LibraryWheel) -> Diagnosis:
    return Diagnosis(
        Severity.NOTE,
        Rule.NO_REQUIREMENT,
        About.DISTRIBUTION,
        package.name,
        f"{package} needs {wheel.name}, and its metadata do not say so: pip may remove or replace "
        f"{wheel.name}",
        f"run `libwheel repair` on the wheel of {package.name}, which adds "
        f"{wheel.name}{wheel.compatible}, and install what it makes",
    )
