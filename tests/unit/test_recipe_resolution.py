"""What a recipe says for one release and target: its releases, and `[[when]]` over the tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from libwheel.errors import BuildError
from libwheel.target import Os, Target
from unit.test_recipe import (
    ARM,
    BUNDLED,
    EXPORTS,
    GLIBC,
    HEAD,
    MUSL,
    NEWER,
    RELEASE,
    REST,
    read,
)

MACOS = Target(Os.MACOS, "aarch64", None, (11, 0))
TARGETS = (GLIBC, MUSL, ARM, MACOS)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "answer"


def test_the_first_release_is_the_default_and_every_other_can_be_had(folder: Path) -> None:
    recipe = read(folder, HEAD + NEWER + RELEASE + REST)
    assert recipe.resolve(None, GLIBC).release.version == "2.0.0"
    older = recipe.resolve("1.2.3", GLIBC).release
    assert older.source[0].urls == ("https://example.org/answer-1.2.3.tar.gz",)


def test_an_unknown_version_lists_the_known_ones(folder: Path) -> None:
    recipe = read(folder, HEAD + RELEASE + NEWER + REST)
    with pytest.raises(BuildError) as error:
        recipe.resolve("1.2.4", GLIBC)
    assert str(error.value) == (
        f"{folder}/recipe.toml has no release '1.2.4' (did you mean '1.2.3'?); it has 1.2.3, 2.0.0"
    )


@pytest.mark.parametrize("version", ["2", "2.0", "2.0.0", "v2.0.0"])
def test_a_version_is_found_however_it_is_spelled(folder: Path, version: str) -> None:
    recipe = read(folder, HEAD + RELEASE + NEWER + REST)
    assert recipe.resolve(version, GLIBC).release.version == "2.0.0"


def test_when_merges_tables_and_replaces_the_rest(folder: Path) -> None:
    when = """
[[when]]
version = ">= 1"
abi = "2"
build.options = { LEVEL = 4, MORE = false }
build.cflags = ["-DC"]
"""
    resolved = read(folder, HEAD + RELEASE + REST + when).resolve(None, GLIBC)
    assert resolved.abi == "2"
    assert resolved.build.system == "cmake"
    assert resolved.build.options == {"SHARED": True, "LEVEL": 4, "NAME": "x", "MORE": False}
    assert resolved.build.cflags == ("-DC",)
    assert [library.name for library in resolved.library] == ["answer"]


def test_when_replaces_an_array_of_tables_as_a_whole(folder: Path) -> None:
    when = """
[[when]]
version = ">= 1"
[[when.library]]
name = "other"
description = "Another"
headers = []
"""
    resolved = read(folder, HEAD + RELEASE + REST + when).resolve(None, GLIBC)
    assert [library.name for library in resolved.library] == ["other"]


def test_the_later_when_wins(folder: Path) -> None:
    when = '[[when]]\nversion = ">= 1"\nabi = "2"\n[[when]]\nos = "linux"\nabi = "3"\n'
    assert read(folder, HEAD + RELEASE + REST + when).resolve(None, GLIBC).abi == "3"


@pytest.mark.parametrize(
    ("conditions", "fitting"),
    [
        ('version = "< 2"', {("1.2.3", target) for target in TARGETS}),
        ('version = "== 2.0.0"', {("2.0.0", target) for target in TARGETS}),
        ('version = ">= 2"\narch = "aarch64"', {("2.0.0", ARM), ("2.0.0", MACOS)}),
        ('arch = "aarch64"', {(v, t) for v in ("1.2.3", "2.0.0") for t in (ARM, MACOS)}),
        ('os = "macos"', {("1.2.3", MACOS), ("2.0.0", MACOS)}),
        ('os = "windows"', set()),
        ('libc = "musl"', {("1.2.3", MUSL), ("2.0.0", MUSL)}),
        ('os = "linux"\nlibc = "glibc"\narch = "x86_64"', {("1.2.3", GLIBC), ("2.0.0", GLIBC)}),
    ],
)
def test_all_conditions_of_a_when_must_hold(
    folder: Path, conditions: str, fitting: set[tuple[str, Target]]
) -> None:
    recipe = read(folder, HEAD + RELEASE + NEWER + REST + f'[[when]]\n{conditions}\nabi = "9"\n')
    cases = [(version, target) for version in ("1.2.3", "2.0.0") for target in TARGETS]
    assert {case for case in cases if recipe.resolve(*case).abi == "9"} == fitting


def test_a_release_candidate_fits_a_when(folder: Path) -> None:
    release = RELEASE.replace("1.2.3", "2.1.0rc1")
    recipe = read(folder, HEAD + release + REST + '[[when]]\nversion = ">= 2"\nabi = "2"\n')
    assert recipe.resolve(None, GLIBC).abi == "2"


def test_whens_that_never_meet_are_not_mistaken_for_each_other(folder: Path) -> None:
    inner = BUNDLED.replace("[[bundled", "[[when.bundled")
    library = '\n[[when.library]]\nname = "answer"\ndescription = "It"\nheaders = []\n'
    when = (
        '[[when]]\narch = "x86_64"'
        + inner
        + library
        + EXPORTS
        + '[[when]]\narch = "aarch64"'
        + library
    )
    recipe = read(folder, HEAD + RELEASE + REST + when)
    assert recipe.resolve(None, GLIBC).bundled
    assert not recipe.resolve(None, ARM).bundled
