"""The sample recipes: tiny C libraries, packed as an upstream would, with a recipe for each.

Whole ones are folders of `tests/samples`; each broken or odd one is a change to a whole one, and
is named after what it breaks or shows.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import shutil
import subprocess
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

SAMPLES = Path(__file__).parent / "samples"
WHOLE = ("autotools-answer", "cmake-answer", "make-answer", "meson-answer")
TOP = "answer-1.2.3"  # the folder in the archive
# One library in two versions that are incompatible: the same names, other behaviour and layout
TWO_ABIS = {"sample-1": "sample-1.0.0", "sample-2": "sample-2.0.0"}
# Recipes that require each other's wheels: each is built on the one before
STACKED = {f"answer-{name}": f"{name}-1.2.3" for name in ("lower", "middle", "upper")}
# One that is built on the wheel of cmake-answer, whose recipe must be beside it under its own name
ASKER = {"cmake-asker": "asker-1.2.3"}
WIDTHS = "cmake-widths"  # one source, built twice: with plain names, and with a suffix
_TIME = 1_700_000_000  # of every file in it


@dataclass(frozen=True)
class SampleRecipe:
    """A recipe's folder, and the upstream archive that it names."""

    folder: Path
    archive: Path


@dataclass(frozen=True)
class Edit:
    """Text to put in the place of `old` in one file of a sample; a new file if `old` is empty."""

    path: str
    old: str
    new: str


@dataclass(frozen=True)
class Changed:
    """A whole sample with something else about it."""

    base: str
    edits: tuple[Edit, ...]


_NUMBER = "return 42;"
_LINK = "set_target_properties("

BROKEN: Mapping[str, Changed] = {
    # GNU ld takes none beside ours
    "anonymous-version-script": Changed(
        "make-answer", (Edit("upstream/answer.map", "ANSWER_1.2 {", "{"),)
    ),
    "does-not-compile": Changed(
        "cmake-answer", (Edit("upstream/answer.c", _NUMBER, "return forty_two;"),)
    ),
    "executable-stack": Changed(
        "cmake-answer",
        (
            Edit(
                "upstream/CMakeLists.txt",
                _LINK,
                f"target_link_options(answer PRIVATE -Wl,-z,execstack)\n{_LINK}",
            ),
        ),
    ),
    # Not by __FILE__, which the compiler can be told to change
    "leaks-its-path": Changed(
        "cmake-answer",
        (
            Edit("upstream/answer.c", "return __FILE__;", "return ANSWER_FOLDER;"),
            Edit(
                "upstream/CMakeLists.txt",
                _LINK,
                "target_compile_definitions(answer PRIVATE "
                f'ANSWER_FOLDER="${{CMAKE_CURRENT_SOURCE_DIR}}")\n{_LINK}',
            ),
        ),
    ),
    "missing-library": Changed(
        "cmake-answer",
        (
            Edit(
                "recipe/recipe.toml",
                "[wheel]",
                '[[library]]\nname = "doubt"\ndescription = "The doubt"\nheaders = []\n\n[wheel]',
            ),
        ),
    ),
    "reexports-static": Changed(
        "cmake-answer",
        (
            Edit("upstream/inner.c", "", "int inner_number(void) { return 42; }\n"),
            Edit(
                "upstream/answer.c",
                "int answer_number(void)",
                "int inner_number(void);\nint answer_number(void)",
            ),
            Edit("upstream/answer.c", _NUMBER, "return inner_number();"),
            Edit(
                "upstream/CMakeLists.txt",
                _LINK,
                "add_library(inner STATIC inner.c)\n"
                "set_target_properties(inner PROPERTIES POSITION_INDEPENDENT_CODE ON)\n"
                f"target_link_libraries(answer PRIVATE inner)\n{_LINK}",
            ),
            Edit(
                "recipe/recipe.toml",
                'headers = ["answer.h"]',
                'headers = ["answer.h"]\nexports = ["answer_*"]',
            ),
        ),
    ),
    "undefined-symbol": Changed(
        "make-answer",
        (
            Edit("upstream/answer.c", "    return 0;", "    return defined_nowhere();"),
            Edit(
                "upstream/answer.c",
                "int answer_internal(void)",
                "int defined_nowhere(void);\nint answer_internal(void)",
            ),
        ),
    ),
    "unused-option": Changed(
        "cmake-answer",
        (
            Edit(
                "recipe/recipe.toml",
                "ANSWER_BUILD_TOOLS = false",
                "ANSWER_BUILD_TOOLS = false, ANSWER_BUILD_DOCS = false",
            ),
        ),
    ),
    "wrong-abi": Changed("cmake-answer", (Edit("recipe/recipe.toml", 'abi = "1"', 'abi = "2"'),)),
}

# What becomes a wheel all the same
ODD: Mapping[str, Changed] = {
    # No floor promises what glibc keeps to itself
    "leans-on-private-glibc": Changed(
        "make-answer",
        (
            Edit("upstream/answer.c", "    return 0;", "    __ctype_init();\n    return 0;"),
            Edit(
                "upstream/answer.c",
                "int answer_internal(void)",
                "void __ctype_init(void);\nint answer_internal(void)",
            ),
        ),
    ),
    # A target's floor may be older than that
    "needs-glibc-2.27": Changed(
        "make-answer",
        (
            Edit("upstream/answer.c", "    return 0;", '    return memfd_create("", 0);'),
            Edit(
                "upstream/answer.c",
                "int answer_internal(void)",
                "int memfd_create(const char *, unsigned);\nint answer_internal(void)",
            ),
        ),
    ),
}


def make_sample(name: str, tmp_path: Path) -> SampleRecipe:
    """Write the recipe of that name and its upstream's archive below `tmp_path`."""
    archive = tmp_path / f"{_top(name)}.tar.gz"
    archive.write_bytes(_archive(name))
    folder = tmp_path / name
    with TemporaryDirectory() as temporary:
        shutil.copytree(_copy(name, Path(temporary)) / "recipe", folder)
    with (folder / "recipe.toml").open("a", encoding="utf-8") as stream:
        stream.write(_release(archive))
    return SampleRecipe(folder, archive)


def _top(name: str) -> str:
    return (TWO_ABIS | STACKED | ASKER).get(name, TOP)


def _release(archive: Path) -> str:
    version = archive.name.removesuffix(".tar.gz").rpartition("-")[2]
    return (
        f'\n[[release]]\nversion = "{version}"\nlicenses = ["LICENSE"]\n'
        f'[[release.source]]\nurls = ["{archive.as_uri()}"]\n'
        f'sha256 = "{hashlib.sha256(archive.read_bytes()).hexdigest()}"\n'
    )


def _copy(name: str, place: Path) -> Path:
    """Return a copy of the sample, changed where it is not a whole one."""
    changed = {**BROKEN, **ODD}.get(name, Changed(name, ()))
    copy = place / name
    shutil.copytree(SAMPLES / changed.base, copy)
    for edit in changed.edits:
        _apply(edit, copy / edit.path)
    return copy


def _apply(edit: Edit, path: Path) -> None:
    if not edit.old:
        path.write_text(edit.new, encoding="utf-8")
        return
    text = path.read_text(encoding="utf-8")
    assert text.count(edit.old) == 1, f"{path} has not one {edit.old!r}"
    path.write_text(text.replace(edit.old, edit.new), encoding="utf-8")


@cache
def _archive(name: str) -> bytes:
    with TemporaryDirectory() as temporary:
        upstream = _copy(name, Path(temporary)) / "upstream"
        if (upstream / "configure.ac").exists():
            _make_configure(upstream)
        return _packed(upstream, _top(name))


def _make_configure(upstream: Path) -> None:
    """Do what upstream does before a release: a release archive has a `configure`."""
    (upstream / "m4").mkdir()
    command = ("autoreconf", "--force", "--install")
    subprocess.run(command, cwd=upstream, check=True, capture_output=True)
    shutil.rmtree(upstream / "autom4te.cache")


def _packed(tree: Path, top: str) -> bytes:
    """Return a .tar.gz whose bytes follow from the files alone."""
    buffer = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=buffer, mode="wb", filename="", mtime=0) as stream,
        tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for path in sorted(tree.rglob("*")):
            tar.add(path, f"{top}/{path.relative_to(tree)}", recursive=False, filter=_plain)
    return buffer.getvalue()


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mtime = _TIME
    member.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
    return member
