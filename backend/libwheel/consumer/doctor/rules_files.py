"""Rules about the files that library wheels installed, and about files that cannot be read."""

from __future__ import annotations

import base64
import hashlib
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from libwheel.consumer import packages
from libwheel.consumer.doctor.report import About, Diagnosis, Severity
from libwheel.consumer.doctor.survey import Survey
from libwheel.consumer.packages import Package
from libwheel.words import listed

_ALGORITHMS = ("sha256", "sha384", "sha512")  # what the specification allows; no weaker one


def files_missing(survey: Survey) -> Iterator[Diagnosis]:
    for package in _library_wheels(survey):
        gone = [one.name for one in package.files if not packages.exists(package.path(one.name))]
        gone = [name for name in gone if not name.endswith(".pyc")]
        if gone:
            yield _missing(package, gone)


def _missing(package: Package, gone: Sequence[str]) -> Diagnosis:
    outside = [file.name for file in package.files if _is_data(file.name)]
    if outside and set(outside) <= set(gone):
        message = (
            f"{package} was installed without its libraries, headers and pkg-config files: "
            "`pip install --target` leaves them out"
        )
        remedy = "install it into an environment, or with --prefix"
    else:
        names = listed([str(package.path(name)) for name in gone])
        message = f"{package} installed files that are no longer there: {names}"
        remedy = _reinstall(package)
    return Diagnosis(
        Severity.FAULT, "files-missing", About.DISTRIBUTION, package.name, message, remedy
    )


def _is_data(name: str) -> bool:
    return name.startswith("../")


def file_changed(survey: Survey) -> Iterator[Diagnosis]:
    for package in _library_wheels(survey):
        for file in package.files:
            path = package.path(file.name)
            try:
                if packages.exists(path) and not _is_as_recorded(path, file.digest):
                    yield _changed(survey, package, path)
            except OSError as error:
                reason = f"{path.name} cannot be read: {error.strerror}"
                yield _unreadable(package, About.FILE, str(path), reason)


def _is_as_recorded(path: Path, digest: str) -> bool:
    """Compare as the specification of RECORD says: urlsafe base64, no padding."""
    algorithm, _, wanted = digest.partition("=")
    if algorithm not in _ALGORITHMS:
        return True
    with path.open("rb") as stream:
        found = hashlib.file_digest(stream, algorithm).digest()
    return base64.urlsafe_b64encode(found).rstrip(b"=").decode() == wanted.rstrip("=")


def _changed(survey: Survey, package: Package, path: Path) -> Diagnosis:
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
        remedy = f"{uninstall}; then {_reinstall(package)}"
    else:
        message = f"{path.name} is not the file that {package} installed: something has changed it"
        remedy = _reinstall(package)
    return Diagnosis(Severity.FAULT, "file-changed", About.FILE, str(path), message, remedy)


def _reinstall(package: Package) -> str:
    """Say how to install it anew; pip refuses to remove what has no RECORD."""
    over = "--ignore-installed" if package.problem else "--force-reinstall"
    wanted = shlex.quote(f"{package.name}=={package.version}")
    return f"pip install {over} --no-deps {wanted}"


def unreadable(survey: Survey) -> Iterator[Diagnosis]:
    """Say of what the rest of the report knows nothing."""
    for package in survey.packages:
        if package.problem:
            reason = f"{package.problem}; its files are not judged"
            found = _unreadable(package, About.DISTRIBUTION, package.name, reason)
            yield _worse(found, package) if survey.is_library_wheel(package) else found
    for file in survey.unsound:
        reason = f"{file.path.name} {file.reason}"
        yield _unreadable(file.owner, About.FILE, str(file.path), reason)


def _unreadable(package: Package, about: About, subject: str, reason: str) -> Diagnosis:
    remedy = f"if {package.name} does not work: {_reinstall(package)}"
    return Diagnosis(Severity.NOTE, "unreadable", about, subject, f"{package}: {reason}", remedy)


def _worse(found: Diagnosis, package: Package) -> Diagnosis:
    """Make it a fault: without RECORD a locator finds nothing."""
    return replace(found, severity=Severity.FAULT, remedy=_reinstall(package))


def _library_wheels(survey: Survey) -> Iterator[Package]:
    return (package for package in survey.packages if survey.is_library_wheel(package))
