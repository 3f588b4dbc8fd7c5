"""The tools that find a library wheel by its entry points, with no prefix on their path."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from environments import Venv, libwheel, make_venv, run_alone
from sample_projects import make_sample

pytestmark = pytest.mark.compiles

PYPROJECT = """\
[build-system]
requires = ["scikit-build-core", "answer-cmake"]
build-backend = "scikit_build_core.build"
[project]
name = "asker"
version = "1"
"""
CMAKE = """\
cmake_minimum_required(VERSION 3.20)
project(asker C)
find_package(answer-cmake-pywheel 1.2 REQUIRED COMPONENTS question)
file(WRITE found.txt "${answer-cmake-pywheel_VERSION}")
add_library(asker MODULE asker.c)
target_link_libraries(asker PRIVATE answer-cmake-pywheel::question)
install(TARGETS asker DESTINATION asker)
install(FILES found.txt DESTINATION asker)
"""
ASKER = "#include <question.h>\nint ask(void) { return question_is_answered_by(42); }\n"


@pytest.fixture(scope="module")
def venv(tmp_path_factory: pytest.TempPathFactory) -> Venv:
    folder = tmp_path_factory.mktemp("finders")
    sample = make_sample("cmake-answer", folder)
    assert libwheel("build", sample.folder, "-o", folder / "dist").returncode == 0
    venv = make_venv(folder / "venv")
    [wheel] = (folder / "dist").iterdir()
    venv.pip("install", "--quiet", "cmake", "ninja", "pip", "pkgconf", "scikit-build-core", wheel)
    return venv


def test_pkgconf_pypi_finds_the_copy_in_the_locator(venv: Venv) -> None:
    finder = venv.bin / "pkgconf-pypi"
    said = run_alone(finder, "--cflags", "--libs", "question-pywheel", variables=only_system())
    include, libdir, *libraries = said.split()
    assert Path(include.removeprefix("-I")).resolve() == (
        venv.root / "include" / "answer-cmake-pywheel"
    )
    assert Path(libdir.removeprefix("-L")).resolve() == venv.root / "lib"
    assert libraries == ["-lquestion-pywheel-1", "-lanswer-pywheel-1"]


def test_scikit_build_core_finds_the_cmake_package(venv: Venv, tmp_path: Path) -> None:
    project = tmp_path / "asker"
    project.mkdir()
    (project / "pyproject.toml").write_text(PYPROJECT)
    (project / "CMakeLists.txt").write_text(CMAKE)
    (project / "asker.c").write_text(ASKER)
    pip = (venv.python, "-m", "pip", "--disable-pip-version-check")
    options = ("install", "--no-build-isolation", "--no-deps", "--no-index")
    run_alone(*pip, *options, project, variables={**only_system(), "HOME": str(tmp_path)})
    assert (
        venv.ask(
            "-c",
            "import asker; print(open(asker.__path__[0] + '/found.txt').read())",
        )
        == "1.2.3"
    )


def only_system() -> dict[str, str]:
    """Return an environment that does not know the virtual environment."""
    return {"PATH": os.defpath}
