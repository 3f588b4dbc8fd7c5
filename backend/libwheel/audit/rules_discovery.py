"""Rules for the files that build tools find the libraries by: every folder they name is there."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from libwheel.audit.subject import Subject
from libwheel.staging import Role, StagedFile, StagedTree

_PREFIX = PurePosixPath("/prefix")  # stands for wherever the wheel is installed
_INSTALLED = {Role.RUNTIME, Role.LINK, Role.HEADER, Role.PKGCONFIG, Role.CMAKE, Role.LOCATOR}

_FIELD = re.compile(r"(?m)^\s*([\w.]+)\s*([=:])\s*(.*?)\s*$")
_VARIABLE = re.compile(r"\$\{(\w+)\}")
_FOLDER_FLAG = re.compile(r"-[IL](.+)")
_SETTER = re.compile(
    r"(?i)\b(?:get_filename_component|set)"
    r"\s*\(\s*(\w+)\s+\"([^\"]*)\"(?:\s+(?:ABSOLUTE|REALPATH))?\s*\)"
)
_CMAKE_PATH = re.compile(r"(?:(?<=[\s\";(])|^)/[^\s\";)]*")


def pkgconfig_folder(subject: Subject) -> Iterator[tuple[str, str]]:
    there = _installed(subject)
    for file, text in _texts(subject.tree, ".pc"):
        for name in _pc_paths(text, _place(file, subject).parent):
            if "${" in name:
                yield str(file.path), f"names {name}, whose variable is not defined"
            elif PurePosixPath(name) not in there:
                yield str(file.path), f"names {_shown(name)}, which is not in the wheel"


def cmake_folder(subject: Subject) -> Iterator[tuple[str, str]]:
    there = _installed(subject)
    for file, text in _texts(subject.tree, ".cmake"):
        for name in _cmake_paths(text, _place(file, subject).parent):
            if PurePosixPath(name) not in there:
                yield str(file.path), f"names {_shown(name)}, which is not in the wheel"


def _place(file: StagedFile, subject: Subject) -> PurePosixPath:
    inside = file.role is Role.LOCATOR
    return _PREFIX / (subject.tag.layout.site if inside else "") / file.path


def _shown(name: str) -> str:
    return name.replace(str(_PREFIX), "<prefix>", 1)


def _installed(subject: Subject) -> frozenset[PurePosixPath]:
    """Return every file and folder below the prefix that installing the wheel makes.

    With it come the wheels that it requires.
    """
    places = [_place(file, subject) for file in subject.tree.files if file.role in _INSTALLED]
    top = _PREFIX / subject.tag.layout.top
    places += [top / name for wheel in subject.against for name in wheel.files]
    folders = (folder for place in places for folder in place.parents)
    return frozenset([*places, *(f for f in folders if f.is_relative_to(_PREFIX))])


def _texts(tree: StagedTree, suffix: str) -> Iterator[tuple[StagedFile, str]]:
    for file in tree.files:
        if file.role in _INSTALLED and file.path.suffix == suffix and file.bytes_at.is_file():
            yield file, file.bytes_at.read_text(encoding="utf-8", errors="replace")


def _pc_paths(text: str, folder: PurePosixPath) -> Iterator[str]:
    """Yield the folders that a .pc file names in its variables and after ``-I`` and ``-L``."""
    variables = {"pcfiledir": str(folder)}
    for name, sign, value in _FIELD.findall(text):
        full = _expanded(value, variables)
        if sign == "=":
            variables[name] = full
            words = [full] if full.startswith("/") else []
        else:
            flags = shlex.split(full) if name.startswith(("Cflags", "Libs")) else []
            words = [match[1] for match in map(_FOLDER_FLAG.fullmatch, flags) if match]
        yield from (posixpath.normpath(word) for word in words)


def _cmake_paths(text: str, folder: PurePosixPath) -> Iterator[str]:
    """Yield the absolute paths in a CMake file, as far as its plain variables go."""
    code = re.sub(r"(?m)#.*$", "", text)
    variables = {"CMAKE_CURRENT_LIST_DIR": str(folder)}
    for name, value in _SETTER.findall(code):
        variables[name] = posixpath.normpath(_expanded(value, variables)) if value else ""
    for path in dict.fromkeys(_CMAKE_PATH.findall(_expanded(code, variables))):
        yield posixpath.normpath(path)


def _expanded(text: str, variables: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda match: variables.get(match[1], match[0]), text)
