"""Rules about which library a consumer was built for, and which one is there."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from libwheel import naming
from libwheel.binaries import elf
from libwheel.binaries.binary import Binary
from libwheel.consumer.doctor.packages import Package
from libwheel.consumer.doctor.report import Diagnosis, Severity
from libwheel.consumer.doctor.survey import Survey
from libwheel.consumer.library_wheels import LibraryWheel
from libwheel.consumer.words import listed
from libwheel.errors import BuildError

_LOWER_BOUNDS = (">=", "~=", ">", "==", "===")


def requirement_not_met(survey: Survey) -> Iterator[Diagnosis]:
    wheels = {wheel.name: wheel for wheel in survey.library_wheels}
    for package in survey.packages:
        for requirement in _requirements(package, survey.environment.markers):
            wheel = wheels.get(naming.canonical(requirement.name))
            if wheel and not requirement.specifier.contains(wheel.version, prereleases=True):
                yield _not_met(package, requirement, wheel)


def _not_met(package: Package, requirement: Requirement, wheel: LibraryWheel) -> Diagnosis:
    rule = "too-old" if _is_too_old(wheel.version, requirement.specifier) else "wrong-version"
    wanted = f"{wheel.name}{requirement.specifier}"
    return Diagnosis(
        Severity.FAULT,
        rule,
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


def _requirements(package: Package, markers: Mapping[str, str]) -> Iterator[Requirement]:
    for line in package.requires:
        try:
            requirement = Requirement(line)
        except InvalidRequirement:
            continue
        marker = requirement.marker
        if marker is None or marker.evaluate({**markers, "extra": ""}):
            yield requirement


def too_old(survey: Survey) -> Iterator[Diagnosis]:
    """Compare what was linked with what is exported, whatever the metadata say."""
    binaries: dict[Path, Binary | None] = {}

    def read(path: Path) -> Binary | None:
        if path not in binaries:
            binaries[path] = _binary(path)
        return binaries[path]

    found: dict[tuple[str, str, str], dict[str, None]] = {}
    for need in {(need.by.path, need.name): need for need in survey.needs}.values():
        consumer, library = read(need.by.path), read(need.found) if need.found else None
        if consumer and library:
            key = (str(need.by.owner), need.name, str(need.found))
            lacking = dict.fromkeys(_lacking(consumer, need.name, library))
            if lacking:
                found.setdefault(key, {}).update(lacking)
    for (owner, name, place), lacking in found.items():
        yield _too_old(survey, owner, name, place, list(lacking))


def _too_old(survey: Survey, owner: str, name: str, place: str, lacking: list[str]) -> Diagnosis:
    consumer = owner.rpartition(" ")[0]
    provider = survey.providers.get(name)
    source = f"{provider[0].name} {provider[0].version}" if provider else place
    wheel = provider[0].name if provider else name
    return Diagnosis(
        Severity.FAULT,
        "too-old",
        consumer,
        f"{owner} was built for a newer {name} than {source} has: it lacks {listed(lacking)}",
        f"pip install --upgrade {wheel}",
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
            required = _requirements(packages[name], survey.environment.markers)
            if wheel.name not in {naming.canonical(one.name) for one in required}:
                yield _unrequired(packages[name], wheel)


def _unrequired(package: Package, wheel: LibraryWheel) -> Diagnosis:
    return Diagnosis(
        Severity.NOTE,
        "no-requirement",
        package.name,
        f"{package} needs {wheel.name}, and its metadata do not say so: pip may remove or replace "
        f"{wheel.name}",
        f"run `libwheel repair` on the wheel of {package.name}, which adds "
        f"{wheel.name} {wheel.compatible}, and install what it makes",
    )
