from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from libwheel.audit import audit
from libwheel.audit.rules_tree import missing_import_library, missing_library, wrong_abi
from libwheel.recipe import Library
from libwheel.staging import Role
from libwheel.target import Os, Target, parse
from unit.audit.subjects import BASE_PATH, BINARY, TAG, compiled, messages, resolved, subject

MACOS = Target(Os.MACOS, "aarch64", None, (11, 0))
HEADER = (Role.HEADER, "include/base-pywheel/base.h")


def test_a_promised_library_is_missing(tmp_path: Path) -> None:
    (message,) = messages(subject(tmp_path, {}), "missing-library")
    assert message.startswith(f"{BASE_PATH}: the promised library 'base' is not there")


def test_a_promised_library_is_none(tmp_path: Path) -> None:
    found = replace(subject(tmp_path), binaries={})
    assert messages(found, "missing-library") == [f"{BASE_PATH}: is not a shared library"]


@pytest.mark.parametrize("soname", [None, "libbase.so.1"])
def test_soname(tmp_path: Path, soname: str | None) -> None:
    found = subject(tmp_path, {BASE_PATH: replace(BINARY, soname=soname)})
    (message,) = messages(found, "soname")
    assert "must be the file's name" in message


@pytest.mark.parametrize(
    ("soname", "abi"),
    [
        ("libbase.so.310", "310"),
        ("libbase.so.1.2", "1"),
        ("libbase.so.1.2", "1.2"),
        ("libbase-2.0.so.0", "0"),
        ("libbase.so", "310"),
        ("libbase-2.so", "310"),
    ],
)
def test_an_abi_that_the_soname_bears_out(tmp_path: Path, soname: str, abi: str) -> None:
    found = replace(subject(tmp_path), sonames={"base": soname})
    assert audit(replace(found, recipe=replace(found.recipe, abi=abi))) == ()


@pytest.mark.parametrize(
    ("soname", "version", "abi"),
    [
        ("libbase.so.1000", "1000", "310"),
        ("libbase.so.310", "310", "31"),
        ("libbase.so.1", "1", "1.2"),
        ("libbase.so.1.2", "1.2", "2"),
    ],
)
def test_wrong_abi(tmp_path: Path, soname: str, version: str, abi: str) -> None:
    found = replace(subject(tmp_path), sonames={"base": soname})
    found = replace(found, recipe=replace(found.recipe, abi=abi))
    (message,) = messages(found, "wrong-abi")
    wanted = f"upstream calls it {soname}, so that its ABI is {version!r} and not {abi!r}"
    assert message.startswith(f"{BASE_PATH}: {wanted}")


@pytest.mark.parametrize(
    ("file", "is_wrong"),
    [
        ("libbase.dylib", False),
        ("libbase.1.dylib", False),
        ("libbase.1.2.3.dylib", False),
        ("libbase.2.dylib", True),
        ("libbase.10.dylib", True),
    ],
)
def test_the_abi_of_a_library_of_macos_is_in_its_file_s_name(
    tmp_path: Path, file: str, is_wrong: bool
) -> None:
    found = replace(subject(tmp_path), target=MACOS, originals={"base": Path("/up/lib") / file})
    said = [message for _, message in wrong_abi(found)]
    assert [message.partition(",")[0] for message in said] == (
        [f"upstream calls it {file}"] if is_wrong else []
    )


def test_a_library_of_windows_needs_an_import_library(tmp_path: Path) -> None:
    found = replace(subject(tmp_path), tag=replace(TAG, os=Os.WINDOWS))
    [(path, message)] = missing_import_library(found)
    assert path == "Library/lib/base-pywheel-1.lib"
    assert "upstream installed no lib/base.lib and no lib/libbase.dll.a" in message
    (library,) = found.tree.libraries
    whole = replace(found.tree, libraries=(replace(library, link_file=library.file),))
    assert not list(missing_import_library(replace(found, tree=whole)))
    assert not list(missing_import_library(subject(tmp_path)))


@pytest.mark.parametrize(
    ("target", "path", "file"),
    [
        ("aarch64-macos.11", "lib/libbase-pywheel-1.dylib", "lib/libbase.dylib"),
        (
            *("x86_64-windows", "Library/bin/base-pywheel-1.dll"),
            "bin/base.dll and no bin/libbase.dll",
        ),
    ],
)
def test_a_library_that_is_missing_is_named_as_its_system_does(
    tmp_path: Path, target: str, path: str, file: str
) -> None:
    chosen = parse(target)
    assert chosen
    found = replace(subject(tmp_path, {}), target=chosen, tag=replace(TAG, os=chosen.os))
    [(place, message)] = missing_library(found)
    assert place == path
    assert message.endswith(f"upstream installed no {file}")


def test_a_header_pattern_matches_nothing(tmp_path: Path) -> None:
    library = Library(name="base", description="A base.", headers=("*.h", "more/*.h"))
    (message,) = messages(subject(tmp_path, recipe=resolved(library)), "missing-header")
    assert message.startswith("include/base-pywheel/more/*.h: the library 'base' promises")


def test_a_symlink(tmp_path: Path) -> None:
    found = subject(tmp_path)
    path = found.tree.files[0].bytes_at
    path.unlink()
    path.symlink_to("/dev/null")
    (message,) = messages(found, "not-a-file")
    assert "is a symlink" in message


def test_a_file_is_gone(tmp_path: Path) -> None:
    found = subject(tmp_path)
    found.tree.files[0].bytes_at.unlink()
    (message,) = messages(found, "not-a-file")
    assert "is not there" in message


@pytest.mark.parametrize(
    ("folder", "text", "is_found"),
    [
        ("/some/build", "see /some/build/src/base.c", True),
        ("/some/build", "/some/build", True),
        ("/some/build", "/some/build-other/base.c", False),
        ("/some/build", "/far/some/build/base.c", False),
        ("/some/build", "-I/some/build/include", False),
        ("/some/build", "prefix=/some/build", True),
        ("/root", "/root/base.c", True),
        ("/root", "the /root of the tree", False),
        ("/root", "/rooted/x", False),
        ("/", "/usr/include", False),
    ],
)
def test_a_private_path(tmp_path: Path, folder: str, text: str, is_found: bool) -> None:
    found = replace(subject(tmp_path, files={HEADER: text}), private=(Path(folder),))
    result = messages(found, "private-path")
    assert bool(result) == is_found
    if is_found:
        assert HEADER[1] in result[0]
        assert folder in result[0]


def test_unused_options(tmp_path: Path) -> None:
    found = replace(subject(tmp_path), unused_options=("BASE_FAST",))
    (message,) = messages(found, "unused-option")
    assert message.startswith(": build.options.BASE_FAST was not used by upstream's build of 1.0")


def test_files_that_nobody_spoke_of(tmp_path: Path) -> None:
    found = replace(subject(tmp_path), unspoken=("bin/tool was installed: drop it",))
    assert messages(found, "unspoken-file") == [": bin/tool was installed: drop it"]


def test_everything_is_shown_at_once(tmp_path: Path) -> None:
    broken = replace(BINARY, relro=False, soname=None, executable_stack=True)
    findings = audit(replace(subject(tmp_path, {BASE_PATH: broken}), unused_options=("A", "B")))
    assert len(findings) == 5


@pytest.mark.compiles
def test_a_compiled_in_path(tmp_path: Path) -> None:
    found = compiled(tmp_path, "const char *base_value(void) { return __FILE__; }")
    (message,) = messages(replace(found, private=(tmp_path,)), "private-path")
    assert f"{tmp_path}/upstream/" in message
    mapped = f"-ffile-prefix-map={tmp_path}=."
    found = compiled(tmp_path, "const char *base_value(void) { return __FILE__; }", mapped)
    assert audit(replace(found, private=(tmp_path,))) == ()
