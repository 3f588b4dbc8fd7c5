"""Doctor: what is wrong in an environment with library wheels and with copies of libraries."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from libwheel.consumer import packages
from libwheel.consumer.doctor import (
    imports,
    rules_copies,
    rules_files,
    rules_loading,
    rules_pools,
    rules_versions,
)
from libwheel.consumer.doctor.environment import Environment
from libwheel.consumer.doctor.loader import Rules
from libwheel.consumer.doctor.report import Diagnosis, LibraryRow, Report, Rule, Use
from libwheel.consumer.doctor.survey import Survey, survey

Judge = Callable[[Survey], Iterator[Diagnosis]]

RULES: tuple[Judge, ...] = (
    rules_files.files_missing,
    rules_files.file_changed,
    rules_files.unreadable,
    rules_files.not_looked_at,
    rules_loading.library_not_found,
    rules_loading.library_elsewhere,
    rules_loading.missing_library,
    rules_loading.unsafe_rpath,
    rules_versions.requirement_not_met,
    rules_versions.too_old,
    rules_versions.no_requirement,
    rules_copies.several_copies,
    rules_pools.several_pools,
)

# What a process shows, and what the environment has said of it before.
_LESS = {Rule.MAPPED_TWICE: Rule.SEVERAL_COPIES}


def examine(place: Environment, rules: Rules) -> Report:
    """Return what is in an environment and what is wrong with it; `imports` is None."""
    found = survey(place, rules)
    return Report(
        python=place.python,
        prefix=place.prefix,
        distributions=len(found.packages),
        library_wheels=tuple(_rows(found)),
        copies=tuple(copy for several in found.copies for copy in several),
        uses=tuple(_uses(found)),
        diagnoses=tuple(sorted({diagnosis for rule in RULES for diagnosis in rule(found)})),
        imports=None,
    )


def with_imports(report: Report, modules: Sequence[str]) -> Report:
    """Import `modules` in a process of the environment's Python; add what was loaded there.

    That several copies are in one process says more than that they are in the environment.
    """
    found = imports.imported(report.python, modules, report.copies)
    more = imports.diagnoses(found, report.copies, report.diagnoses)
    told = {(_LESS.get(one.rule, one.rule), one.severity, one.subject) for one in more}
    before = (
        rules_pools.loaded(one, found)
        for one in report.diagnoses
        if (one.rule, one.severity, one.subject) not in told
    )
    return replace(report, imports=found, diagnoses=tuple(sorted((*before, *more))))


def _rows(found: Survey) -> Iterator[LibraryRow]:
    for wheel in found.library_wheels:
        yield LibraryRow(
            name=wheel.name,
            version=wheel.version,
            platforms=wheel.platforms,
            files=tuple(filter(packages.exists, wheel.libraries.values())),
            consumers=found.consumers[wheel.name],
        )


def _uses(found: Survey) -> Iterator[Use]:
    libraries = {one.path for family in found.families for one in family.proper}
    within = {one.path for family in found.families for one in family.within}
    for root, loads in found.loads.items():
        one = found.by_path[root]
        if one.is_library:
            continue
        loaded = {Path(load.found) for load in loads if load.found}
        for copy in sorted(loaded & libraries | ({root} & within)):
            yield Use(one.owner.name, root, copy)
