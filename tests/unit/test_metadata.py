from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from packaging.metadata import Metadata

from libwheel import metadata
from libwheel.errors import RecipeError
from libwheel.metadata import Facts, Identity
from unit.staged import write

FACTS = Facts("1.2.3", "MIT AND Zlib", ("COPYING", "zlib/LICENSE"))
BUILD = '[build-system]\nrequires = ["libwheel"]\nbuild-backend = "libwheel"\n'
DYNAMIC = 'dynamic = ["version", "license", "license-files"]\n'
PROJECT = f"""
[project]
name = "Answer_C"
description = "The answer"
readme = "README.md"
requires-python = ">=3.9"
keywords = ["answer"]
authors = [{{ name = "Deep Thought", email = "deep@example.org" }}]
classifiers = ["Programming Language :: C"]
dependencies = ["question>=1"]
urls = {{ HomePage = "https://example.org", Source = "https://example.org/git" }}
{DYNAMIC}"""


def load(folder: Path, text: str) -> Identity:
    write(folder / "README.md", "# The answer\n")
    write(folder / "pyproject.toml", text)
    return metadata.load(folder)


def mistakes(folder: Path, text: str) -> list[str]:
    """Return ``key: text`` of every problem, having seen that each names the file."""
    with pytest.raises(RecipeError) as error:
        load(folder, text)
    assert {problem.path for problem in error.value.problems} == {str(folder / "pyproject.toml")}
    return [f"{problem.key}: {problem.text}" for problem in error.value.problems]


def test_who_the_wheel_is(tmp_path: Path) -> None:
    identity = load(tmp_path, BUILD + PROJECT)
    assert (identity.name, identity.folder, identity.backend) == ("answer-c", tmp_path, ())
    assert metadata.homepage(identity) == "https://example.org"


def test_a_recipe_that_carries_its_backend(tmp_path: Path) -> None:
    build = '[build-system]\nrequires = []\nbuild-backend = "_own.hooks:all"\n'
    identity = load(tmp_path, f'{build}backend-path = [".", "tools"]\n{PROJECT}')
    assert identity.backend == ("_own.py", "_own/**", "tools/_own.py", "tools/_own/**")


def test_without_a_build_system_or_a_home_page(tmp_path: Path) -> None:
    identity = load(tmp_path, f'[project]\nname = "a"\n{DYNAMIC}')
    assert not identity.backend
    assert identity.readme == ""
    assert metadata.homepage(identity) == ""


def test_the_wheel_s_metadata(tmp_path: Path) -> None:
    content = metadata.core_metadata(load(tmp_path, PROJECT), FACTS)
    found = Metadata.from_email(content)  # raises where a field is not as it must be
    assert found.metadata_version == "2.4"
    assert (found.name, str(found.version)) == ("Answer_C", "1.2.3")
    assert found.license_expression == "MIT AND Zlib"
    assert found.license_files == ["COPYING", "zlib/LICENSE"]
    assert found.dynamic is None
    assert found.summary == "The answer"
    assert (found.description, found.description_content_type) == (
        "# The answer\n",
        "text/markdown",
    )
    assert str(found.requires_python) == ">=3.9"
    assert [str(requirement) for requirement in found.requires_dist or ()] == ["question>=1"]
    assert found.project_urls == {
        "HomePage": "https://example.org",
        "Source": "https://example.org/git",
    }
    assert (found.author_email, found.keywords) == (
        "Deep Thought <deep@example.org>",
        ["answer"],
    )


def test_the_sdist_s_differs_by_the_licence_files_that_it_does_not_hold(tmp_path: Path) -> None:
    identity = load(tmp_path, PROJECT)
    wheel, sdist = (
        set(make(identity, FACTS).decode().splitlines())
        for make in (metadata.core_metadata, metadata.pkg_info)
    )
    assert wheel - sdist == {"License-File: COPYING", "License-File: zlib/LICENSE"}
    assert sdist - wheel == {"Dynamic: License-File"}
    found = Metadata.from_email(metadata.pkg_info(identity, FACTS))
    assert (found.dynamic, str(found.version)) == (["license-file"], "1.2.3")


def with_requires(folder: Path) -> Identity:
    """Leave `dependencies` to recipe.toml."""
    static = 'dependencies = ["question>=1"]\n'
    dynamic = DYNAMIC.replace("[", '["dependencies", ')
    return load(folder, PROJECT.replace(static, "").replace(DYNAMIC, dynamic))


def test_what_recipe_toml_requires(tmp_path: Path) -> None:
    identity = with_requires(tmp_path)
    facts = replace(FACTS, dependencies=("openmp>=19.1.7", "question<3,>=2"))
    found = Metadata.from_email(metadata.core_metadata(identity, facts))
    assert list(map(str, found.requires_dist or ())) == ["openmp>=19.1.7", "question<3,>=2"]
    assert found.dynamic is None
    assert Metadata.from_email(metadata.core_metadata(identity, FACTS)).requires_dist is None


def test_an_sdist_does_not_know_yet_what_its_wheel_will_require(tmp_path: Path) -> None:
    found = Metadata.from_email(metadata.pkg_info(with_requires(tmp_path), FACTS))
    assert (found.dynamic, found.requires_dist) == (["license-file", "requires-dist"], None)


def test_dependencies_have_to_be_left_to_recipe_toml(tmp_path: Path) -> None:
    assert metadata.undeclared_requires(with_requires(tmp_path)) == []
    [problem] = metadata.undeclared_requires(load(tmp_path, PROJECT))
    assert str(problem) == (
        f"{tmp_path}/pyproject.toml: project.dependencies: must stand in `dynamic`: "
        "recipe.toml has it, as `requires`"
    )


def test_making_one_does_not_change_the_other(tmp_path: Path) -> None:
    identity = load(tmp_path, PROJECT)
    before = metadata.core_metadata(identity, FACTS)
    metadata.pkg_info(identity, FACTS)
    assert metadata.core_metadata(identity, FACTS) == before


def test_every_mistake_is_reported_together(tmp_path: Path) -> None:
    text = """
[project]
name = "an answer"
version = "1.0"
license = "MIT"
desciption = "The answer"
requires-python = "3.9 or so"
readme = "READTHAT.md"
dependencies = ["a b c"]
scripts = { answer = "answer:main" }
dynamic = ["license"]
"""
    found = mistakes(tmp_path, text)
    assert found[:5] == [
        "project.desciption: is not a known key (did you mean 'description'?)",
        "project.scripts: does not fit a library wheel",
        "project.version: must stand in `dynamic`: recipe.toml has it",
        "project.license: must stand in `dynamic`: recipe.toml has it",
        "project.license-files: must stand in `dynamic`: recipe.toml has it",
    ]
    keys = ("project.name", "project.requires-python", "project.readme", "project.dependencies")
    assert len(found[5:]) == len(keys)
    assert all(any(line.startswith(key) for line in found[5:]) for key in keys)


@pytest.mark.parametrize("name", metadata.UNUSED)
def test_what_a_library_wheel_has_no_use_for(tmp_path: Path, name: str) -> None:
    found = mistakes(tmp_path, f"{PROJECT}\n[project.{name}]\n")
    assert found[0] == f"project.{name}: does not fit a library wheel"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[project\n", ": is not TOML: "),
        ("", "project: is missing: the table says who the wheel is"),
        ("project = 1\n", "project: is missing: the table says who the wheel is"),
        (f"[project]\n{DYNAMIC}", "project.name: "),
        ('[project]\nname = "a"\ndynamic = "version"\n', "project.dynamic"),
        ('[project]\nname = "a"\ndynamic = 1\n', "project.dynamic"),
        ('[project]\nname = "a"\ndynamic = [1]\n', "project.dynamic"),
        (f'build-system = 1\n[project]\nname = "a"\n{DYNAMIC}', "build-system: must be a table"),
        (
            f"[build-system]\nbuild-backend = 1\n{PROJECT}",
            "build-system.build-backend: must be a s",
        ),
        (f'[build-system]\nbackend-path = "."\n{PROJECT}', "build-system.backend-path: must be an"),
        (PROJECT.replace("README.md", "../README.md"), "project.readme: must be a relative path"),
        (f'[project]\nname = "a"\nurls = {{ Homepage = 3 }}\n{DYNAMIC}', "project.urls"),
    ],
)
def test_one_mistake(tmp_path: Path, text: str, message: str) -> None:
    found = mistakes(tmp_path, text)
    assert any(line.startswith(message) for line in found), found


@pytest.mark.parametrize(
    ("readme", "file"),
    [
        ('"README.md"', "README.md"),
        ('{ file = "README.md", content-type = "text/markdown" }', "README.md"),
        ('{ text = "About", content-type = "text/plain" }', ""),
    ],
)
def test_the_readme_s_file(tmp_path: Path, readme: str, file: str) -> None:
    text = f'[project]\nname = "a"\nreadme = {readme}\n{DYNAMIC}'
    assert load(tmp_path, text).readme == file


def test_what_would_stop_the_build_only_when_it_is_done_is_reported_with_the_rest(
    tmp_path: Path,
) -> None:
    text = f"""
[build-systen]
requires = []
[project]
name = "answer"
description = "The\\nanswer"
classifiers = ["License :: OSI Approved :: MIT License"]
requires-python = "3.9 or so"
{DYNAMIC}"""
    found = mistakes(tmp_path, text)
    assert found[0] == "build-systen: is not a known key (did you mean 'build-system'?)"
    assert {line.partition(":")[0] for line in found[1:]} == {
        "project",  # of warnings, which name their key themselves
        "project.license",
        "project.requires-python",
    }
    assert any("'License ::' classifiers" in line for line in found)
    assert any("project.description" in line for line in found)
    assert len(found) == len(set(found))


@pytest.mark.filterwarnings("default")  # as where nobody asks for more
def test_a_warning_alone_is_a_mistake(tmp_path: Path) -> None:
    (found,) = mistakes(tmp_path, f'[project]\nname = "a"\ndescription = "1\\n2"\n{DYNAMIC}')
    assert found.startswith('project: The one-line summary "project.description" should not')


def test_one_wrong_type_is_one_mistake(tmp_path: Path) -> None:
    (found,) = mistakes(tmp_path, f'[project]\nname = "a"\nurls = 3\n{DYNAMIC}')
    assert found.startswith("project.urls: ")


def test_tables_of_others_are_theirs(tmp_path: Path) -> None:
    load(tmp_path, BUILD + PROJECT + "[tool.other]\nx = 1\n[dependency-groups]\ntest = []\n")


def test_a_misspelt_key_of_the_build_system(tmp_path: Path) -> None:
    assert mistakes(tmp_path, '[build-system]\nrequire = ["libwheel"]\n' + PROJECT) == [
        "build-system.require: is not a known key (did you mean 'requires'?)"
    ]


def test_a_file_that_is_not_there_or_not_text(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"pyproject\.toml: is missing"):
        metadata.load(tmp_path)
    (tmp_path / "pyproject.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(RecipeError, match=r"pyproject\.toml: is not TOML"):
        metadata.load(tmp_path)
