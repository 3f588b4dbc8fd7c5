"""Rules for the staged tree: that what was promised is there, and nothing private."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from libwheel.audit.finding import listing
from libwheel.audit.subject import Subject
from libwheel.patterns import unmatched
from libwheel.staging import Role, StagedLibrary
from libwheel.target import Format

# What the name that others need a library by is called, and what goes before the file's.
_SONAMES = {
    Format.ELF: ("SONAME", ""),
    Format.MACHO: ("install name", "@rpath/"),
    Format.PE: ("name in its export table", ""),
}


def missing_library(subject: Subject) -> Iterator[tuple[str, str]]:
    layout = subject.tag.layout
    staged = {library.name: library.file.path for library in subject.tree.libraries}
    for library in subject.recipe.library:
        path = f"{layout.runtime}/{subject.tag.library_file(library.stem)}"
        if str(staged.get(library.name)) != path:
            yield (
                path,
                (
                    f"the promised library {library.name!r} is not there: upstream installed no "
                    f"{_upstream_s_file(subject, library.stem)}"
                ),
            )
        elif staged[library.name] not in subject.binaries:
            yield path, "is not a shared library"


def missing_import_library(subject: Subject) -> Iterator[tuple[str, str]]:
    for library in subject.tree.libraries:
        name = subject.tag.import_library_file(library.stem)
        if name and library.link_file is None:
            yield (
                f"{subject.tag.layout.library}/{name}",
                (
                    f"the import library of {library.name!r} is not there: upstream installed no "
                    f"lib/{library.stem}.lib and no lib/lib{library.stem}.dll.a"
                ),
            )


def unspoken_file(subject: Subject) -> Iterator[tuple[str, str]]:
    return (("", mistake) for mistake in subject.unspoken)


def soname(subject: Subject) -> Iterator[tuple[str, str]]:
    """Ask of each library that the name which others need it by is its file's."""
    for path, binary in subject.binaries.items():
        word, prefix = _SONAMES[binary.format]
        if binary.soname is None:
            yield str(path), f"has no {word}: it must be {prefix}the file's name"
        elif binary.soname != path.name:
            found = binary.soname if "/" in binary.soname else f"{prefix}{binary.soname}"
            yield str(path), f"has the {word} {found}: it must be {prefix}the file's name"


def wrong_abi(subject: Subject) -> Iterator[tuple[str, str]]:
    """Let a SONAME be finer than the recipe's ABI: ``libx.so.1.2`` has ABI 1, and ABI 1.2.

    In macOS the file's name says it, ``libx.1.2.dylib``; in Windows no name has to.
    """
    abi = subject.recipe.abi
    for library in subject.tree.libraries:
        name, version = _upstream_s_abi(subject, library)
        if version and not f"{version}.".startswith(f"{abi}."):
            yield (
                str(library.file.path),
                f"upstream calls it {name}, so that its ABI is {version!r} and not {abi!r}: its "
                "new name, which has the recipe's `abi` in it, would be untrue",
            )


def missing_header(subject: Subject) -> Iterator[tuple[str, str]]:
    folder = f"{subject.tag.include_folder}/"
    headers = [
        str(file.path).removeprefix(folder)
        for file in subject.tree.files
        if file.role is Role.HEADER
    ]
    for library in subject.recipe.library:
        for pattern in unmatched(library.headers, headers):
            yield (
                folder + pattern,
                f"the library {library.name!r} promises headers {pattern!r}, and there is none",
            )


def not_a_file(subject: Subject) -> Iterator[tuple[str, str]]:
    for file in subject.tree.files:
        if file.bytes_at.is_symlink():
            yield str(file.path), "is a symlink, which installers turn into a text file"
        elif not file.bytes_at.is_file():
            yield str(file.path), f"is not there: {file.bytes_at} is no file"


def private_path(subject: Subject) -> Iterator[tuple[str, str]]:
    names = [name for folder in subject.private for name in _spellings(folder)]
    if not names:
        return
    pattern = re.compile(b"|".join(_pattern(name) for name in dict.fromkeys(names)))
    for file in subject.tree.files:
        if file.bytes_at.is_file():
            match = pattern.search(file.bytes_at.read_bytes())
            if match:
                yield (
                    str(file.path),
                    (
                        f"names a folder of this machine: {_context(match)!r}; "
                        "set the option that puts it there to something neutral"
                    ),
                )


def unused_option(subject: Subject) -> Iterator[tuple[str, str]]:
    release = subject.recipe.release.version
    for name in subject.unused_options:
        yield (
            "",
            (
                f"build.options.{name} was not used by upstream's build of {release}: misspelt, or "
                "of another release"
            ),
        )


def needless_requires(subject: Subject) -> Iterator[tuple[str, str]]:
    needed = {name for binary in subject.binaries.values() for name in binary.needed}
    for wheel in subject.against:
        if wheel.is_direct and not needed & wheel.libraries.keys():
            yield (
                "",
                (
                    f"`requires` names {wheel.name!r}, and no library needs "
                    f"{listing(sorted(wheel.libraries))}: link with it, or do not require it"
                ),
            )


def _upstream_s_abi(subject: Subject, library: StagedLibrary) -> tuple[str, str]:
    """Return the name that says upstream's ABI, and what it says; nothing where none does."""
    if subject.target.format is Format.MACHO and library.name in subject.originals:
        name = subject.originals[library.name].name
        match = re.fullmatch(rf"lib{re.escape(library.stem)}\.([\d.]+)\.dylib", name)
        return name, match[1] if match else ""
    name = subject.sonames.get(library.name, "")
    return name, name.partition(".so.")[2]


def _upstream_s_file(subject: Subject, stem: str) -> str:
    layout = subject.tag.layout
    name = f"{layout.file_prefix}{stem}{layout.file_suffix}"
    if subject.target.format is Format.PE:
        return f"bin/{name} and no bin/lib{name}"
    return f"lib/{name}"


def _spellings(folder: Path) -> list[str]:
    """Return the folder as it was given and as it resolves; the root says nothing."""
    return [str(f) for f in (folder, folder.resolve()) if f != Path(f.anchor)]


def _pattern(folder: str) -> bytes:
    """Match whole names of folders only: /root/x holds /root, /srv/root and /rooted do not.

    A name as short as /root may also be a word of a text: there, something must follow.
    """
    end = rb"(?=/[\w.])" if folder.count("/") == 1 else rb"(?![\w.-])"
    return rb"(?<![\w.-])" + re.escape(os.fsencode(folder)) + end + rb"[^\0\s\"]{0,60}"


def _context(match: re.Match[bytes]) -> str:
    before = re.search(rb"[\x20-\x7e]*\Z", match.string[max(0, match.start() - 20) : match.start()])
    return ((before[0] if before else b"") + match[0]).decode("utf-8", "replace")
