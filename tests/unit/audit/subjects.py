"""Subjects of an audit: made by hand, or compiled and staged for real."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath

from libwheel.audit import HostLibraries, Subject, audit, read_binaries
from libwheel.binaries import elf_edit
from libwheel.binaries.binary import Binary, Import, Symbol
from libwheel.naming import Tag
from libwheel.recipe import Build, Library, Release, Resolved
from libwheel.staging import Role, StagedFile, StagedLibrary, StagedTree
from libwheel.target import Libc, Os, Target, native
from unit.binaries.compiled import EMPTY_NODE, NODE, patchelf, shared

TAG = Tag("base", "1.0", "1", 0)
BASE_FILE, HIGH_FILE = TAG.library_file("base"), TAG.library_file("high")
BASE_PATH, HIGH_PATH = PurePosixPath("lib", BASE_FILE), PurePosixPath("lib", HIGH_FILE)
TARGET = Target(Os.LINUX, "x86_64", Libc.GLIBC)

BINARY = Binary(
    arch="x86_64",
    soname=BASE_FILE,
    needed=("libc.so.6",),
    rpath=("$ORIGIN",),
    runpath=(),
    exports=(Symbol("base_value", NODE, is_default=True),),
    imports=(
        Import("getenv", "GLIBC_2.2.5", "libc.so.6", weak=False),
        Import("__gmon_start__", None, None, weak=True),
    ),
    version_nodes=(NODE,),
    requirements=(),
    executable_stack=False,
    relro=True,
    bind_now=True,
    text_relocations=False,
)
HIGH = replace(
    BINARY,
    soname=HIGH_FILE,
    needed=(BASE_FILE, "libc.so.6"),
    exports=(Symbol("high_value", NODE, is_default=True),),
    imports=(Import("base_value", NODE, BASE_FILE, weak=False),),
)


def resolved(*libraries: Library) -> Resolved:
    return Resolved(
        abi="1",
        license="MIT",
        build=Build(system="make"),
        library=libraries or (Library(name="base", description="A base.", headers=("*.h",)),),
        folder=Path("/recipes/base"),
        release=Release(version="1.0", licenses=("COPYING",), source=()),
    )


def subject(
    folder: Path,
    binaries: Mapping[PurePosixPath, Binary] | None = None,
    files: Mapping[tuple[Role, str], str] | None = None,
    recipe: Resolved | None = None,
) -> Subject:
    """Return a sound subject with binaries made by hand, and files with these texts."""
    binaries = {BASE_PATH: BINARY} if binaries is None else binaries
    texts = {(Role.HEADER, "include/base-pywheel/base.h"): "int base_value(void);\n"}
    texts |= {(Role.RUNTIME, str(path)): "binary" for path in binaries}
    texts |= files or {}
    staged = [_written(folder, role, path, text) for (role, path), text in texts.items()]
    known = {BASE_PATH: "base", HIGH_PATH: "high"}
    libraries = [
        StagedLibrary(known[file.path], "", known[file.path], file, ())
        for file in staged
        if file.path in known
    ]
    return Subject(
        recipe=recipe or resolved(),
        tag=TAG,
        target=TARGET,
        tree=StagedTree(tuple(staged), tuple(libraries)),
        binaries=binaries,
        sonames={},
        originals={},
        private=(),
        unused_options=(),
        unspoken=(),
        system=lambda _soname: None,
    )


def _written(folder: Path, role: Role, path: str, text: str) -> StagedFile:
    goal = folder / "staged" / role.name / path
    goal.parent.mkdir(parents=True, exist_ok=True)
    goal.write_text(text)
    return StagedFile(role, PurePosixPath(path), goal)


def compiled(
    folder: Path, source: str, *flags: str | Path, script: str = EMPTY_NODE, edited: bool = True
) -> Subject:
    """Return a subject whose one library is compiled from `source`."""
    hard = "-Wl,-z,relro,-z,now"
    upstream = shared(folder / "upstream" / BASE_FILE, source, hard, *flags, script=script)
    made = subject(folder)
    (file,) = [file for file in made.tree.files if file.role is Role.RUNTIME]
    shutil.copy(upstream, file.bytes_at)
    if edited:
        edit = elf_edit.Edit(file.bytes_at, BASE_FILE, {}, "$ORIGIN", NODE)
        elf_edit.apply([edit], patchelf())
    return replace(
        made,
        target=native(),
        binaries=read_binaries(made.tree),
        system=HostLibraries(native().arch),
    )


def messages(found: Subject, rule: str) -> list[str]:
    """Return what a rule says, as ``path: message``; the others must say nothing."""
    findings = audit(found)
    assert {finding.rule for finding in findings} <= {rule}, findings
    return [f"{finding.path}: {finding.message}" for finding in findings]


def rules(found: Subject) -> list[str]:
    return sorted({finding.rule for finding in audit(found)})
