"""Which shared libraries some imports map into one process, for whom, and what is wrong there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from libwheel import naming, policy
from libwheel.binaries import elf_light
from libwheel.consumer.doctor import import_process, remedies, rules_pools
from libwheel.consumer.doctor.copies import are_alike, stem
from libwheel.consumer.doctor.import_process import Answer
from libwheel.consumer.doctor.objects import exports_a_module
from libwheel.consumer.doctor.report import (
    About,
    Copy,
    Diagnosis,
    FailedImport,
    Imports,
    Mapped,
    Rule,
    Severity,
)
from libwheel.consumer.doctor.several import Several, are_variants, judged, makers
from libwheel.consumer.pools import pool_of
from libwheel.errors import BuildError
from libwheel.words import listed, sized

_TAGGED = re.compile(r"lib[^/\s:'\"]+?-pywheel-[^/\s:'\"]+?\.so\b")


def imported(python: Path, modules: Sequence[str], copies: Sequence[Copy]) -> Imports:
    """Import `modules` in this order in one process of `python`, an environment's interpreter.

    A module that raises does not keep the others from their turn; one that ends the process does.
    What is mapped before the first import is left out, as are the extension modules that
    are no copies, the libraries that every Linux has, and files that are deleted by now.
    Raises BuildError where `python` cannot be run.
    """
    wanted = tuple(dict.fromkeys(modules))
    answers, ending = import_process.ask(python, wanted)
    return Imports(
        modules=wanted,
        mapped=tuple(_described(answers, copies)),
        failed=tuple(_failures(wanted, answers, ending)),
    )


def diagnoses(
    imports: Imports, copies: Sequence[Copy], told: Sequence[Diagnosis] = ()
) -> tuple[Diagnosis, ...]:
    """Return what is wrong in the process that did the imports; `told` is known already."""
    failed = (_import_failed(failure, copies, told) for failure in imports.failed)
    return (*failed, *_mapped_twice(imports, copies), *rules_pools.in_process(imports, copies))


def _failures(
    wanted: Sequence[str], answers: Sequence[Answer], ending: str
) -> Iterator[FailedImport]:
    for answer in answers:
        if answer.reason is not None:
            yield FailedImport(answer.module, answer.reason)
    untried = wanted[len(answers) :]
    for module in untried[:1]:
        yield FailedImport(module, f"the process {ending}")
    for module in untried[1:]:
        yield FailedImport(module, f"was not tried: importing {untried[0]} ended the process")


# What was mapped


@dataclass(frozen=True)
class _File:
    """A mapped ELF file; `needed` are the file names in its NEEDED, `exports` strong symbols."""

    path: Path
    imported: str
    soname: str
    needed: frozenset[str]
    exports: frozenset[str]

    @property
    def is_module(self) -> bool:
        return exports_a_module(self.exports)

    @property
    def names(self) -> frozenset[str]:
        return frozenset({self.soname, self.path.name})


def _described(answers: Iterable[Answer], copies: Sequence[Copy]) -> Iterator[Mapped]:
    found = [
        file
        for answer in answers
        for path in answer.mapped
        if (file := _read(Path(path), answer.module))
    ]
    needers, owned = _needers(found), _owned(found, copies)
    libraries = {copy.path: copy.library for copy in copies if not copy.linked_in}
    known = [(file, libraries[path]) for file, path in owned.items() if path in libraries]
    for file in found:
        copy = owned.get(file)
        if copy or not (file.is_module or policy.is_system_library(file.soname)):
            yield Mapped(
                path=file.path,
                soname=file.soname,
                size=file.path.stat().st_size,
                imported=file.imported,
                needed_by=needers[file.path],
                copy=copy,
                library=libraries[copy] if copy in libraries else _likeness(file, known),
                pool=pool_of(file.exports),
            )


def _owned(found: Iterable[_File], copies: Iterable[Copy]) -> Mapping[_File, Path]:
    """Return the path of the copy that a file is, of those that are one."""
    paths = {_identity(copy.path): copy.path for copy in copies if copy.path.exists()}
    identities = ((file, _identity(file.path)) for file in found)
    return {file: paths[identity] for file, identity in identities if identity in paths}


def _likeness(file: _File, known: Iterable[tuple[_File, str]]) -> str:
    """Return the library of a copy that exports the same, else what the file is called."""
    alike = (library for copy, library in known if are_alike(copy.exports, file.exports))
    return next(alike, stem(file.path.name))


def _read(path: Path, module: str) -> _File | None:
    """Read what is asked here of an ELF file; None where it is another or no more there."""
    try:
        glance = elf_light.glance(path)
        exports = elf_light.strong_exports(path)
    except BuildError:
        return None
    return _File(
        path=path,
        imported=module,
        soname=glance.soname or path.name,
        needed=frozenset(Path(name).name for name in glance.needed),
        exports=exports,
    )


def _identity(path: Path) -> tuple[int, int]:
    """Return what the loader goes by: two names of one file are mapped once."""
    stat = path.stat()
    return stat.st_dev, stat.st_ino


def _needers(found: Sequence[_File]) -> Mapping[Path, tuple[Path, ...]]:
    """Return who needs each file: of several with one name, the loader goes on to give the first.

    Which of those that one import maps is the first cannot be told.
    """
    by_name: dict[str, list[Path]] = {}
    first: dict[str, str] = {}
    for file in found:
        for name in file.needed:
            by_name.setdefault(name, []).append(file.path)
        for name in file.names:
            first.setdefault(name, file.imported)
    return {
        file.path: tuple(
            sorted(
                {
                    path
                    for name in file.names
                    if first[name] == file.imported
                    for path in by_name.get(name, ())
                }
            )
        )
        for file in found
    }


# What is wrong with it


def _mapped_twice(imports: Imports, copies: Sequence[Copy]) -> Iterator[Diagnosis]:
    by_path: dict[Path, list[Copy]] = {}
    for copy in copies:
        by_path.setdefault(copy.path, []).append(copy)
    libraries: dict[str, dict[Mapped, Copy | None]] = {}
    for mapped in imports.mapped:
        known = by_path.get(mapped.copy) if mapped.copy else None
        for owned in known or (None,):
            libraries.setdefault(_library(mapped, owned), {})[mapped] = owned
    for library, several in sorted(libraries.items()):
        if len(several) > 1 and not _is_told_otherwise(several):
            yield _twice(library, several)


def _is_told_otherwise(several: Mapping[Mapped, Copy | None]) -> bool:
    """Tell whether these are variants of one library wheel, or several OpenMP runtimes or BLAS."""
    copies = [copy for copy in several.values() if copy]
    return len(copies) == len(several) and (are_variants(copies) or rules_pools.are_told(copies))


def _library(mapped: Mapped, copy: Copy | None) -> str:
    return copy.library if copy else mapped.library


def _twice(library: str, several: Mapping[Mapped, Copy | None]) -> Diagnosis:
    told = "; ".join(_told(mapped, copy) for mapped, copy in several.items())
    severity, remedy = _judged(several)
    return Diagnosis(
        severity=severity,
        rule=Rule.MAPPED_TWICE,
        about=About.LIBRARY,
        subject=library,
        message=f"{len(several)} copies of {library} are in one process: {told}",
        remedy=remedy,
    )


def _judged(several: Mapping[Mapped, Copy | None]) -> tuple[Severity, str]:
    """Say how bad it is that these are in one process, and what to do."""
    copies = [copy for copy in several.values() if copy]
    tagged = [mapped.soname for mapped in several if naming.tagged_file(mapped.soname)]
    if len(set(tagged)) < len(tagged):
        return Severity.FAULT, _LAYERS
    if len(copies) <= 1:
        return _beside_foreign(copies)
    kind = judged(copies)
    if kind is Several.ONE_OWNERS:
        return kind.severity, makers(copies)
    if kind is Several.APART:
        return kind.severity, _MEANT
    return kind.severity, _SHARE.format(listed(sorted({copy.owner for copy in copies})))


def _beside_foreign(copies: Sequence[Copy]) -> tuple[Severity, str]:
    """Judge files that are not the environment's, beside one of it at most."""
    if not copies:
        return Severity.NOTE, _FOREIGN
    if copies[0].shared:
        return Severity.FAULT, _PLAIN.format(f"{copies[0].owner} {copies[0].version}")
    return Severity.NOTE, _HOSTS


_LAYERS = (
    "call the load() of the library wheel in the __init__.py of each package that needs it, before "
    "that imports its extension; or have the library wheel in one layer of sys.path only"
)
_FOREIGN = (
    "nothing in this environment: none of these is a file of its packages; see who needs them, "
    "and what leads there (LD_LIBRARY_PATH, PYTHONPATH)"
)
_PLAIN = (
    "build what needs the other one from source against {}, and run `libwheel repair` on its wheel"
)
_HOSTS = (
    "nothing, unless a package of this environment needs the host's copy as well: then install a "
    "build of it that does not"
)
_MEANT = (
    "nothing: their names and the versions of their symbols keep them apart; packages built "
    "against one ABI would save the memory"
)
_SHARE = (
    "install builds of {} that load one copy, that of a library wheel; until then pass nothing "
    "that the library has made (handles, memory, open files) from one package to another"
)


def _told(mapped: Mapped, copy: Copy | None) -> str:
    name = f"{copy.owner} {copy.version}'s {mapped.path.name}" if copy else str(mapped.path)
    needers = listed([f"{path.parent.name}/{path.name}" for path in mapped.needed_by])
    why = f"needed by {needers}" if needers else "loaded directly"
    return f"{name} ({sized(mapped.size)}, {why})"


def _import_failed(
    failure: FailedImport, copies: Sequence[Copy], told: Sequence[Diagnosis]
) -> Diagnosis:
    return Diagnosis(
        severity=Severity.FAULT,
        rule=Rule.IMPORT_FAILED,
        about=About.MODULE,
        subject=failure.module,
        message=f"cannot be imported: {failure.reason}",
        remedy=_told_remedy(failure, told) or _remedy(failure, copies),
    )


# The rules that tell why a library cannot be loaded; the first is the cause of the others.
_CAUSES = (
    Rule.FILE_CHANGED,
    Rule.FILES_MISSING,
    Rule.WRONG_ABI,
    Rule.TOO_OLD,
    Rule.LIBRARY_NOT_FOUND,
)


def _told_remedy(failure: FailedImport, told: Sequence[Diagnosis]) -> str:
    """Return what is told to do of the library that fails, by the first rule that speaks of it.

    Where it is told of other packages only, which need it as well, their remedy is not this one's.
    """
    match = _TAGGED.search(failure.reason)
    ours = naming.canonical(failure.module.partition(".")[0])
    found = [one for one in told if match and match[0] in one.message]
    for rule in _CAUSES:
        of_rule = [one for one in found if one.rule == rule]
        for one in of_rule:
            if one.about is About.FILE or naming.canonical(one.subject) == ours:
                return f"see {rule}: {one.remedy}"
        if of_rule:
            return f"see {rule}"
    return ""


def _remedy(failure: FailedImport, copies: Sequence[Copy]) -> str:
    match = _TAGGED.search(failure.reason)
    if match:
        return _remedy_of_library(match[0], failure, [c for c in copies if c.shared])
    if failure.reason.startswith("ModuleNotFoundError"):
        return "install it, or name the module as an import statement does"
    if failure.reason.startswith("was not tried"):
        return "mend the other one first, or leave it out"
    return f"see where it fails: python -X faulthandler -c 'import {failure.module}'"


def _remedy_of_library(name: str, failure: FailedImport, shared: Sequence[Copy]) -> str:
    """Say what to do where the loader does not want, or does not find, a library wheel's file."""
    for copy in shared:
        if copy.soname == name and "cannot open shared object file" in failure.reason:
            package = f"the package that has {failure.module.partition('.')[0]}"
            return (
                f"it is installed ({copy.path}), but the extension does not look there: "
                f"{remedies.repair(package)}; or {remedies.load(naming.canonical(copy.owner))}"
            )
        if copy.soname == name:
            return f"{remedies.reinstall_copy(copy)}; then install the package anew"
    wanted = naming.tagged_file(name)
    for copy in shared:
        found = naming.tagged_file(copy.soname)
        if wanted and found and found.stem == wanted.stem:
            return (
                f"{copy.owner} {copy.version} has ABI {found.abi}: install a version of it that "
                f"has ABI {wanted.abi}, or a build of the package for the one that is there"
            )
    return f"{remedies.install(name)}; `libwheel repair` makes pip do that"
