"""libwheel is a package too: its own wheel and sdist, from a checkout that was worked in."""

from __future__ import annotations

import compileall
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from checkouts import build, checkout, stranger
from environments import make_venv, run

pytestmark = pytest.mark.compiles


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A git checkout whose backend has run."""
    folder = checkout(tmp_path_factory.mktemp("used") / "libwheel")
    git = ("git", "-c", "user.name=me", "-c", "user.email=me@example.org")
    run(*git, "init", "--quiet", cwd=folder)
    run(*git, "add", "--all", cwd=folder)
    run(*git, "commit", "--quiet", "--message=all", cwd=folder)
    assert compileall.compile_dir(folder / "backend", quiet=1)
    return folder


def test_the_wheel_has_the_package_and_no_byte_code(used: Path, tmp_path: Path) -> None:
    stranger(sys.executable, "-m", "pip", "wheel", "--no-deps", "-w", tmp_path, used)
    [wheel] = tmp_path.iterdir()
    package = used / "backend"
    expected = {
        path.relative_to(package).as_posix()
        for path in (package / "libwheel").rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    names = zipfile.ZipFile(wheel).namelist()
    assert {name for name in names if ".dist-info/" not in name} == expected


def test_the_sdist_has_what_the_checkout_has_and_builds(used: Path, tmp_path: Path) -> None:
    build(used, tmp_path)
    [sdist] = tmp_path.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    listed = run("git", "ls-files", cwd=used).split("\n")
    assert set(filter(None, listed)) <= names


def test_the_installed_command_builds_a_recipe(used: Path, tmp_path: Path) -> None:
    venv = make_venv(tmp_path / "venv")
    venv.pip("install", "--quiet", f"{used}[tools]", variables={"PYTHONPATH": ""})
    command = venv.bin / "libwheel"
    said = run(command, "check", used / "recipes" / "zlib", variables={"PYTHONPATH": ""})
    assert said.endswith("no mistakes; zlib 1.3.1\n")
