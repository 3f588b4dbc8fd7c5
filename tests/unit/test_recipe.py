from __future__ import annotations

from pathlib import Path

import pytest

from libwheel.errors import BuildError, RecipeError
from libwheel.recipe import Archive, Source
from libwheel.recipe_file import load
from libwheel.recipe_resolution import Recipe
from libwheel.target import Libc, Os, Target

GLIBC = Target(Os.LINUX, "x86_64", Libc.GLIBC)
MUSL = Target(Os.LINUX, "x86_64", Libc.MUSL)
ARM = Target(Os.LINUX, "aarch64", Libc.GLIBC)
HASH = "0" * 64

HEAD = """
schema = 1
abi = "1"
license = "MIT"
"""
RELEASE = f"""
[[release]]
version = "1.2.3"
licenses = ["LICENSE"]
[[release.source]]
urls = ["https://example.org/answer-{{version}}.tar.gz"]
sha256 = "{HASH}"
"""
NEWER = RELEASE.replace("1.2.3", "2.0.0")
REST = """
[build]
system = "cmake"
options = { SHARED = true, LEVEL = 3, NAME = "x" }
cflags = ["-DA", "-DB"]
[[library]]
name = "answer"
description = "The answer"
headers = ["*.h"]
"""
BUNDLED = f"""
[[bundled]]
name = "inner"
version = "0.9"
license = "MIT"
licenses = ["COPYING"]
into = "deps/inner"
[[bundled.source]]
debian = "pool/inner_{{version}}.orig.tar.gz"
sha256 = "{HASH}"
"""
EXPORTS = 'exports = ["answer_*"]\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "answer"


def read(folder: Path, text: str) -> Recipe:
    folder.mkdir(exist_ok=True)
    (folder / "recipe.toml").write_text(text, encoding="utf-8")
    return load(folder)


def problems(folder: Path, text: str) -> list[str]:
    """Return ``key: text`` of every problem, having seen that each names the file."""
    with pytest.raises(RecipeError) as error:
        read(folder, text)
    assert {problem.path for problem in error.value.problems} == {str(folder / "recipe.toml")}
    return [f"{problem.key}: {problem.text}" for problem in error.value.problems]


def test_a_recipe_for_one_release(folder: Path) -> None:
    resolved = read(folder, HEAD + RELEASE + REST).resolve(None, GLIBC)
    assert resolved.folder == folder
    assert resolved.release.version == "1.2.3"
    assert (resolved.abi, resolved.build_number) == ("1", 0)
    assert resolved.compatible_range == "~= 1.2.3"
    assert resolved.build.system == "cmake"
    assert resolved.build.options == {"SHARED": True, "LEVEL": 3, "NAME": "x"}
    assert [library.stem for library in resolved.library] == ["answer"]
    assert resolved.license_files == {"LICENSE": "LICENSE"}
    assert resolved.needs == (
        (Source(sha256=HASH, urls=("https://example.org/answer-1.2.3.tar.gz",)),),
    )


def test_the_version_is_filled_in_everywhere_in_a_release(folder: Path) -> None:
    release = RELEASE.replace("LICENSE", "LICENSE-{version}").replace(
        "sha256", 'into = "answer-{version}"\nsha256'
    )
    filled = read(folder, HEAD + release + REST).releases[0]
    assert filled.licenses == ("LICENSE-1.2.3",)
    assert filled.source[0].into == "answer-1.2.3"


def test_the_range_of_a_compatible_version_follows_the_release(folder: Path) -> None:
    recipe = read(folder, HEAD + 'compatible = ">= {version}, < 3"' + RELEASE + NEWER + REST)
    assert recipe.resolve("2.0.0", GLIBC).compatible_range == ">= 2.0.0, < 3"


def test_an_archive_is_known_by_the_name_of_each_place() -> None:
    archive = Archive(
        sha256=HASH,
        urls=("https://a.example/one.tar.gz", "https://b.example/x/one.tar.gz?from=a/b"),
        debian="pool/two.orig.tar.gz",
    )
    assert archive.file_names == ("one.tar.gz", "two.orig.tar.gz")


def test_a_library_s_file_is_its_name_unless_it_says_otherwise(folder: Path) -> None:
    other = '[[library]]\nname = "zlib"\nfile = "z"\ndescription = "Z"\nheaders = []\n'
    libraries = read(folder, HEAD + RELEASE + REST + other).resolve(None, GLIBC).library
    assert [library.stem for library in libraries] == ["answer", "z"]


@pytest.mark.parametrize("where", ["[[bundled", "[[when.bundled"])
def test_a_bundled_library_s_places_have_its_own_version(folder: Path, where: str) -> None:
    when = '[[when]]\nos = "linux"\n' + BUNDLED.replace("[[bundled", where)
    text = HEAD + RELEASE + REST + EXPORTS + (when if "when" in where else BUNDLED)
    resolved = read(folder, text).resolve(None, GLIBC)
    assert resolved.release.source[0].urls == ("https://example.org/answer-1.2.3.tar.gz",)
    (inner,) = resolved.bundled
    assert inner.source[0].debian == "pool/inner_0.9.orig.tar.gz"


def test_a_bundled_library_is_placed_below_its_folder(folder: Path) -> None:
    parts = f"""
[[bundled.source.part]]
urls = ["https://example.org/part.zip"]
sha256 = "{HASH}"
into = "cmake"
"""
    text = HEAD + RELEASE + REST + EXPORTS + BUNDLED + parts
    _, (source,) = read(folder, text).resolve(None, GLIBC).needs
    assert [archive.into for archive in source.archives] == ["deps/inner", "deps/inner/cmake"]
    assert source.debian == "pool/inner_0.9.orig.tar.gz"


def test_its_licences_are_shipped_from_its_folder(folder: Path) -> None:
    resolved = read(folder, HEAD + RELEASE + REST + EXPORTS + BUNDLED).resolve(None, GLIBC)
    assert resolved.license_files == {
        "LICENSE": "LICENSE",
        "inner/COPYING": "deps/inner/COPYING",
    }


def test_its_licence_joins_upstream_s(folder: Path) -> None:
    inner = BUNDLED.replace('"MIT"', '"Zlib OR BSD-3-Clause"')
    resolved = read(folder, HEAD + RELEASE + REST + EXPORTS + inner).resolve(None, GLIBC)
    assert resolved.license_expression == "MIT AND (Zlib OR BSD-3-Clause)"


def test_a_licence_that_is_shared_is_named_once(folder: Path) -> None:
    resolved = read(folder, HEAD + RELEASE + REST + EXPORTS + BUNDLED).resolve(None, GLIBC)
    assert resolved.license_expression == "MIT"


def test_a_library_must_then_say_what_it_exports(folder: Path) -> None:
    assert problems(folder, HEAD + RELEASE + REST + BUNDLED) == [
        "library[1].exports: is missing: what is linked in statically must not be exported as well"
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (HEAD + "colour = 1" + RELEASE + REST, "colour: is not a known key"),
        (
            HEAD + "build_number = 1" + RELEASE + REST,
            "build_number: is not a known key (did you mean 'build-number'?)",
        ),
        (
            HEAD + RELEASE.replace("licenses", "licences = []\nlicenses") + REST,
            "release[1].licences: is not a known key (did you mean 'licenses'?)",
        ),
        (
            HEAD + RELEASE + 'sha265 = "0"' + REST,
            "release[1].source[1].sha265: is not a known key (did you mean 'sha256'?)",
        ),
        (
            HEAD + RELEASE + "[[release.source.part]]\nulrs = []\n"
            f'debian = "x.zip"\nsha256 = "{HASH}"' + REST,
            "release[1].source[1].part[1].ulrs: is not a known key (did you mean 'urls'?)",
        ),
        (
            HEAD + RELEASE + REST.replace("[[library]]", "[build.option]\n[[library]]"),
            "build.option: is not a known key (did you mean 'options'?)",
        ),
        (
            HEAD + RELEASE + REST + "header = []",
            "library[1].header: is not a known key (did you mean 'headers'?)",
        ),
        (
            HEAD + RELEASE + REST + "[wheel]\ndorp = []",
            "wheel.dorp: is not a known key (did you mean 'drop'?)",
        ),
        (
            HEAD + RELEASE + REST + EXPORTS + BUNDLED.replace("into", "onto = 1\ninto"),
            "bundled[1].onto: is not a known key (did you mean 'into'?)",
        ),
        (
            HEAD + RELEASE + REST + '[[when]]\nos = "linux"\nverison = ">= 1"',
            "when[1].verison: is not a known key (did you mean 'version'?)",
        ),
        (
            HEAD + RELEASE + REST + '[[when]]\nos = "linux"\nbuild.sytem = "make"',
            "when[1].build.sytem: is not a known key (did you mean 'system'?)",
        ),
        (
            HEAD + RELEASE + REST + '[[when]]\nos = "linux"\nschema = 1',
            "when[1].schema: is not a known key",
        ),
    ],
)
def test_an_unknown_key_is_shown_with_the_nearest(folder: Path, text: str, problem: str) -> None:
    assert problems(folder, text) == [problem]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (HEAD.replace("schema = 1", "") + RELEASE + REST, "schema: is missing"),
        (HEAD.replace("schema = 1", "schema = 2") + RELEASE + REST, "schema: must be 1, "),
        (HEAD.replace('"1"', "1") + RELEASE + REST, "abi: must be a string, not 1"),
        (HEAD + "patches = 1" + RELEASE + REST, "patches: must be an array, not 1"),
        (HEAD + "build-number = -1" + RELEASE + REST, "build-number: must not be negative"),
        (HEAD + RELEASE + REST.replace('"cmake"', '"cmaek"'), "build.system: must be one of"),
        (HEAD + RELEASE + REST.replace("3,", "3.5,"), "build.options.LEVEL: must be a string or"),
        (HEAD + "release = []" + REST, "release: there must be at least one [[release]]"),
        (HEAD + "release = 1" + REST, "release: must be an array, not 1"),
        (HEAD + REST, "release: is missing"),
        (HEAD + RELEASE + NEWER + RELEASE + REST, "release: '1.2.3' is there 2 times"),
        (HEAD + RELEASE.replace("1.2.3", "1.2-3") + REST, "release[1].version: must be in its"),
        (HEAD + RELEASE.replace('"1.2.3"', "1.2") + REST, "release[1].version: must be a string"),
        (HEAD + RELEASE.replace('version = "1.2.3"', "") + REST, "release[1].version: is missing"),
        (HEAD + RELEASE.replace('"LICENSE"', "") + REST, "release[1].licenses: must name"),
        (HEAD + RELEASE.replace("https", "http") + REST, "release[1].source[1].urls: must be an"),
        (
            HEAD + RELEASE.replace("{version}", "{name}") + REST,
            "release[1].source[1].urls: only the '{version}' of a release or ",
        ),
        (HEAD + RELEASE.replace("urls", "#") + REST, "release[1].source[1]: has no place"),
        (
            HEAD + RELEASE + f'[[release.source.part]]\nsha256 = "{HASH}"' + REST,
            "release[1].source[1].part[1]: has no place: give `urls` or `debian`",
        ),
        (
            HEAD + RELEASE.partition("[[release.source]]")[0] + "source = []" + REST,
            "release[1].source: there must be at least one",
        ),
        (
            HEAD + RELEASE + REST.partition("[[library]]")[0],
            "library: is missing",
        ),
        (HEAD + "library = []" + RELEASE + REST.partition("[[library]]")[0], "library: there must"),
        (
            HEAD + RELEASE + REST + "[[library]]" + REST.partition("[[library]]")[2],
            "library: 'answer' is there 2 times",
        ),
        (HEAD + RELEASE + REST + EXPORTS + BUNDLED + BUNDLED, "bundled: 'inner' is there 2 times"),
        (
            HEAD + RELEASE + REST + EXPORTS + BUNDLED.replace('"COPYING"', ""),
            "bundled[1].licenses: must name at least one file",
        ),
        (
            HEAD + RELEASE + REST + EXPORTS + BUNDLED.replace("debian", "#"),
            "bundled[1].source[1]: has no place: give `urls` or `debian`",
        ),
        (HEAD + 'compatible = "~= {verison}"' + RELEASE + REST, "compatible: must be a version"),
        (
            HEAD + RELEASE.replace("1.2.3", "9") + REST,
            "compatible: becomes '~= 9' for release '9': not a version specifier",
        ),
        (
            HEAD + 'compatible = ">= 2"' + RELEASE + REST,
            "compatible: '>= 2' leaves out release '1.2.3' itself",
        ),
        (HEAD + RELEASE + REST + "[when]\nabi = '2'", "when: must be tables: [[when]]"),
        ("when = [1]\n" + HEAD + RELEASE + REST, "when: must be tables: [[when]]"),
        (
            HEAD + RELEASE + REST + '[[when]]\nabi = "2"',
            "when[1]: has no condition",
        ),
        (
            HEAD + RELEASE + REST + '[[when]]\nos = "linux"\n[[when]]\nversion = "> 5"',
            "when[2].version: '> 5' fits no release",
        ),
        (HEAD + RELEASE + REST + '[[when]]\nversion = "two"', "when[1].version: must be a version"),
        (HEAD + RELEASE + REST + "[[when]]\nversion = 2", "when[1].version: must be a string"),
        (HEAD + RELEASE + REST + '[[when]]\narch = "amd64"', "when[1].arch: must be one of"),
        (
            HEAD + RELEASE + REST + '[[when]]\nos = "linux"\nabi = 2',
            "when[1].abi: must be",
        ),
        (
            HEAD + RELEASE + REST + '[[when]]\nos = "linux"\n[[when.library]]\nname = "x"\n'
            "headers = []",
            "when[1].library[1].description: is missing",
        ),
    ],
)
def test_one_mistake_is_one_problem(folder: Path, text: str, problem: str) -> None:
    (found,) = problems(folder, text)
    assert found.startswith(problem)


def test_patches_that_are_there_are_no_mistake(folder: Path) -> None:
    (folder / "patches").mkdir(parents=True)
    (folder / "patches" / "0001-a.patch").touch()
    patches = 'patches = ["patches/0001-a.patch"]\n'
    resolved = read(folder, HEAD + patches + RELEASE + patches + REST).resolve(None, GLIBC)
    assert resolved.patches == resolved.release.source[0].patches == ("patches/0001-a.patch",)


def test_every_missing_patch_is_reported_where_it_is_named(folder: Path) -> None:
    text = (
        HEAD
        + 'patches = ["all.patch"]'
        + RELEASE.replace("licenses", 'patches = ["release.patch"]\nlicenses')
        + 'patches = ["source.patch", "second.patch"]\n'
        + f'[[release.source.part]]\ndebian = "p.zip"\nsha256 = "{HASH}"\npatches = ["p.patch"]\n'
        + REST
        + EXPORTS
        + BUNDLED
        + 'patches = ["inner.patch"]\n'
        + '[[when]]\nlibc = "musl"\npatches = ["musl.patch"]\n'
    )
    named = {
        "patches: 'all.patch'",
        "patches: 'musl.patch'",
        "release[1].patches: 'release.patch'",
        "release[1].source[1].patches: 'source.patch'",
        "release[1].source[1].patches: 'second.patch'",
        "release[1].source[1].part[1].patches: 'p.patch'",
        "bundled[1].source[1].patches: 'inner.patch'",
    }
    assert set(problems(folder, text)) == {f"{name} is not a file in the recipe" for name in named}


def test_eleven_mistakes_are_eleven_problems(folder: Path) -> None:
    text = f"""
schema = 1
abi = 310
license = "MIT"
colour = "red"
patches = ["0001-missing.patch"]

[[release]]
version = "1.0"
licenses = ["../LICENSE"]
[[release.source]]
urls = ["ftp://example.org/a.tar.gz"]
sha256 = "short"

[[release]]
version = "1.0"
licenses = ["LICENSE"]
[[release.source]]
sha256 = "{HASH}"

[build]
sytem = "make"
system = "scons"

[[library]]
name = "answer"
description = "The answer"
headers = ["*.h"]

[[when]]
version = ">= 7"
"""
    found = problems(folder, text)
    assert [problem.split(": ")[0] for problem in found] == [
        "colour",
        "abi",
        "build.sytem",
        "build.system",
        "release[1].licenses",
        "release[1].source[1].sha256",
        "release[1].source[1].urls",
        "release",
        "release[2].source[1]",
        "when[1].version",
        "patches",
    ]


def test_a_bad_version_does_not_hide_other_mistakes(folder: Path) -> None:
    release = NEWER.replace("2.0.0", "2.x")
    text = HEAD + 'patches = ["missing.patch"]' + RELEASE + release + REST
    assert [problem.split(": ")[0] for problem in problems(folder, text)] == [
        "release[2].version",
        "patches",
    ]


@pytest.mark.parametrize("text", ["abi = ", "a = 1\na = 2", "[build", "abi = 'x"])
def test_malformed_toml(folder: Path, text: str) -> None:
    (problem,) = problems(folder, text)
    assert problem.startswith(": is not TOML: ")
    assert "line " in problem or "document" in problem


def test_a_file_that_is_no_text(folder: Path) -> None:
    folder.mkdir()
    (folder / "recipe.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(RecipeError, match="is not TOML"):
        load(folder)


def test_no_recipe(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"is not a recipe: it has no recipe\.toml"):
        load(tmp_path)


def test_a_folder_that_is_not_there_and_the_recipe_beside_it_that_may_be_meant(
    tmp_path: Path,
) -> None:
    (tmp_path / "hdf4").mkdir()  # has no recipe
    for name in ("zlib", "hdf5"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "recipe.toml").touch()
    for name, hint in (("hfd5", " (did you mean 'hdf5'?)"), ("openmp", "")):
        with pytest.raises(BuildError) as caught:
            load(tmp_path / name)
        assert str(caught.value) == f"{tmp_path / name} is not there{hint}"


def test_a_file_in_place_of_a_recipe(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BuildError, match=r"file is not a recipe: it has no recipe\.toml"):
        load(tmp_path / "file")
