"""Rules about the files that library wheels installed, and about files that cannot be read."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from libwheel import naming
from libwheel.consumer import packages
from libwheel.consumer.doctor import remedies
from libwheel.consumer.doctor.report import About, Diagnosis, Rule, Severity
from libwheel.consumer.doctor.survey import Changed, Survey
from libwheel.consumer.packages import Package
from libwheel.words import listed


def files_missing(survey: Survey) -> Iterator[Diagnosis]:
    for package in _library_wheels(survey):
        gone = [one.name for one in package.files if not packages.exists(package.path(one.name))]
        gone = [name for name in gone if not name.endswith(".pyc")]
        if gone:
            yield _missing(package, gone)


def _missing(package: Package, gone: Sequence[str]) -> Diagnosis:
    outside = [file.name for file in package.files if _is_data(file.name)]
    if outside and set(outside) <= set(gone):
        lacking = [PurePosixPath(name).name for name in outside if not _is_in_target(package, name)]
        lacking.sort(key=lambda name: not naming.tagged_file(name))  # the libraries first
        message = (
            f"{package} was installed without {listed(lacking)}: `pip install --target` leaves "
            "out what goes into lib"
        )
        remedy = "install it into an environment, or with --prefix"
    else:
        names = listed([str(package.path(name)) for name in gone])
        message = f"{package} installed files that are no longer there: {names}"
        remedy = remedies.reinstall(package)
    return Diagnosis(
        Severity.FAULT, Rule.FILES_MISSING, About.DISTRIBUTION, package.name, message, remedy
    )


def _is_data(name: str) -> bool:
    return name.startswith("../")


def _is_in_target(package: Package, name: str) -> bool:
    """Tell whether a data file is where `pip install --target` puts it, below the site folder."""
    return packages.exists(package.site / name.lstrip("./"))


def file_changed(survey: Survey) -> Iterator[Diagnosis]:
    for file in survey.changed:
        if file.problem:
            reason = f"{file.path.name} {file.problem}"
            yield _unreadable(file.owner, About.FILE, str(file.path), reason)
        else:
            yield _changed(survey, file)


def _changed(survey: Survey, file: Changed) -> Diagnosis:
    package, path = file.owner, file.path
    others = [
        other
        for other in survey.packages
        if other is not package
        and any(file.name.endswith(path.name) and other.path(file.name) == path
                for file in other.files)
    ]  # fmt: skip
    if others:
        by = listed([str(other) for other in others])
        message = f"{path.name} is not the file that {package} installed: {by} has one of that path"
        uninstall = shlex.join(["pip", "uninstall", *(other.name for other in others)])
        remedy = f"{uninstall}; then {remedies.reinstall(package)}"
    else:
        message = f"{path.name} is not the file that {package} installed: something has changed it"
        remedy = remedies.reinstall(package)
    return Diagnosis(Severity.FAULT, Rule.FILE_CHANGED, About.FILE, str(path), message, remedy)


def not_looked_at(survey: Survey) -> Iterator[Diagnosis]:
    for package in survey.packages:
        if package.is_editable:
            yield Diagnosis(
                Severity.NOTE,
                Rule.NOT_LOOKED_AT,
                About.DISTRIBUTION,
                package.name,
                f"{package} is an editable install: its extensions are in its source folder, "
                "which is not looked at",
                f"if {package.name} fails to import: `libwheel doctor --import MODULE`",
            )


def unreadable(survey: Survey) -> Iterator[Diagnosis]:
    """Say of what the rest of the report knows nothing."""
    for folder, reason in survey.unread:
        yield Diagnosis(
            Severity.FAULT,
            Rule.UNREADABLE,
            About.FILE,
            str(folder),
            f"{folder}, from which this Python imports, cannot be read: {reason}; what is in it is "
            "not judged",
            "look at the environment as a user who may read it",
        )
    for package in survey.packages:
        if package.problem:
            reason = f"{package.problem}; its files are not judged"
            found = _unreadable(package, About.DISTRIBUTION, package.name, reason)
            yield _worse(found, package) if survey.is_library_wheel(package) else found
    changed = {path for path, rule in survey.broken.items() if rule is not Rule.UNREADABLE}
    for file in survey.unsound:
        if file.path in changed:  # which is told, with what to do
            continue
        reason = f"{file.path.name} {file.reason}"
        yield _unreadable(file.owner, About.FILE, str(file.path), reason)


def _unreadable(package: Package, about: About, subject: str, reason: str) -> Diagnosis:
    remedy = f"if {package.name} does not work: {remedies.reinstall(package)}"
    return Diagnosis(Severity.NOTE, Rule.UNREADABLE, about, subject, f"{package}: {reason}", remedy)


def _worse(found: Diagnosis, package: Package) -> Diagnosis:
    """Make it a fault: without RECORD a locator finds nothing."""
    return replace(found, severity=Severity.FAULT, remedy=remedies.reinstall(package))


def _library_wheels(survey: Survey) -> Iterator[Package]:
    return (package for package in survey.packages if survey.is_library_wheel(package))
