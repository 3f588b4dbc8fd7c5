"""Library wheels built on library wheels: lower, middle on it, upper on that."""

from __future__ import annotations

import os
import re
import shutil
import sys
import zipfile
from collections.abc import Mapping
from email.parser import BytesHeaderParser
from pathlib import Path

import pytest

from conftest import ROOT
from environments import Venv, attempt, libwheel, make_venv, run
from linked_programs import WAYS, loaded
from sample_projects import STACKED, make_sample

pytestmark = pytest.mark.compiles

SMOKE = """
#include <stdio.h>
#include <upper.h>
int main(void) { return printf("%d\\n", upper_number()) < 0 || upper_number() != 42; }
"""
FILES = ("lower-pywheel-1", "middle-pywheel-2", "upper-pywheel-3")


def recipes(folder: Path) -> Path:
    """Lay the recipes out as a checkout has them, with the backend beside their folder."""
    shutil.copytree(ROOT / "backend", folder / "backend")
    for name in STACKED:
        made = make_sample(name, folder / "recipes").folder
        shutil.copy(ROOT / "recipes" / "zlib" / "_libwheel.py", made)
    return folder / "recipes"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkout")
    (folder / "recipes").mkdir()
    return recipes(folder)


@pytest.fixture(scope="module")
def wheels(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the three wheels, which is an index of one's own."""
    folder = tmp_path_factory.mktemp("index")
    for name in STACKED:
        done = libwheel("build", checkout / name, "-o", folder)
        assert done.returncode == 0, done.stdout
    return folder


@pytest.fixture(scope="module")
def venv(wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Venv:
    """An environment into which only the upper wheel was asked for."""
    made = make_venv(tmp_path_factory.mktemp("venv"))
    made.pip("install", "--quiet", "--no-index", "--find-links", wheels, "answer-upper")
    return made


def only(folder: Path, pattern: str = "*.whl") -> Path:
    [found] = folder.glob(pattern)
    return found


def member(wheel: Path, ending: str) -> bytes:
    with zipfile.ZipFile(wheel) as archive:
        [name] = [name for name in archive.namelist() if name.endswith(ending)]
        return archive.read(name)


def required(wheel: Path) -> list[str]:
    metadata = BytesHeaderParser().parsebytes(member(wheel, "/METADATA"))
    return [str(value) for value in metadata.get_all("Requires-Dist", [])]


def built(wheel: Path, wheels: Path) -> None:
    """See that it is the very wheel that a build in the checkout gives."""
    assert wheel.read_bytes() == (wheels / wheel.name).read_bytes()


def test_from_a_fresh_copy_one_command_builds_what_it_takes(
    checkout: Path, tmp_path: Path, wheels: Path
) -> None:
    cache = {"LIBWHEEL_CACHE": str(tmp_path / "cache")}
    build = ("build", "--timings", checkout / "answer-upper", "-o", tmp_path / "dist")
    done = libwheel(*build, variables=cache)
    steps = [line for line in done.stdout.splitlines() if re.match(r"\* .*required", line)]
    assert steps == [
        f"* answer-{name} 1.2.3, which is required: from {checkout / f'answer-{name}'}"
        for name in ("lower", "middle")
    ]
    timings = re.findall(r"(?m)^ *[\d.]+ s  (.*)$", done.stdout)
    of_each = ("fetch", "unpack", "stage", "audit", "pack")
    whose = ("", "answer-lower: ", "answer-middle: ")
    assert {f"{of}{step}" for of in whose for step in of_each} <= set(timings)
    assert len(set(timings)) == len(timings)
    assert not [step for step in timings if "required" in step]
    built(only(tmp_path / "dist"), wheels)
    again = libwheel("build", checkout / "answer-upper", "-o", tmp_path / "dist", variables=cache)
    assert again.stdout.count("taking the installed tree from the cache") == 3


def test_the_cache_is_filled_for_all_that_a_build_takes(checkout: Path, tmp_path: Path) -> None:
    """Each archive once, whoever asks for it; only the recipe's own is unpacked."""
    cache = {"LIBWHEEL_CACHE": str(tmp_path / "cache")}
    upper, lower = checkout / "answer-upper", checkout / "answer-lower"
    done = libwheel("fetch", upper, lower, variables=cache)
    assert done.returncode == 0, done.stdout
    said = re.findall(r"(?m)^[0-9a-f]{64}  (\S+)$", done.stdout)
    assert len(said) == len(set(said)) == len(STACKED)
    done = libwheel("fetch", "--unpack", tmp_path / "source", upper, variables=cache)
    assert done.returncode == 0, done.stdout
    assert (tmp_path / "source/upper.h").is_file()
    assert not (tmp_path / "source/lower.h").exists()


def test_a_build_says_which_wheel_it_takes(checkout: Path, venv: Venv, tmp_path: Path) -> None:
    site = venv.ask("-c", "import sysconfig as s; print(s.get_path('purelib'))")
    path = {"PYTHONPATH": f"{site}:{os.environ['PYTHONPATH']}"}
    done = libwheel("build", checkout / "answer-middle", "-o", tmp_path, variables=path)
    assert done.returncode == 0, done.stdout
    said = f"against answer-lower 1.2.3, installed in {site} (not {checkout / 'answer-lower'})"
    assert f"  {said}\n" in done.stdout


def test_the_metadata_name_what_is_required_directly(wheels: Path) -> None:
    found = {path.name.partition("-")[0]: required(path) for path in wheels.iterdir()}
    assert found == {
        "answer_lower": [],
        "answer_middle": ["answer-lower>=1.2.3"],
        "answer_upper": ["answer-middle~=1.2.3"],
    }


def test_imports_are_bound_to_the_other_wheel_s_versions(wheels: Path, tmp_path: Path) -> None:
    library = tmp_path / "libmiddle.so"
    library.write_bytes(member(only(wheels, "answer_middle*"), ".so"))
    symbols = run("readelf", "--dyn-syms", "-W", library)
    for name in ("lower_number", "lower_versioned"):
        assert f" UND {name}@ANSWER_LOWER_PYWHEEL_1 " in symbols
    dynamic = run("readelf", "-d", library)
    assert "(RPATH)              Library rpath: [$ORIGIN]" in dynamic
    assert re.findall(r"\(NEEDED\).*\[(lib(?!c\b).*)\]", dynamic) == ["liblower-pywheel-1.so"]


@pytest.mark.parametrize("way", WAYS)
def test_a_consumer_of_the_upper_one(way: str, venv: Venv, tmp_path: Path) -> None:
    source = tmp_path / "smoke.c"
    source.write_text(SMOKE)
    names = ("upper",)
    folder = tmp_path / "build"
    folder.mkdir()
    program = WAYS[way](venv, source, "answer-upper-pywheel", names, folder)
    assert run(program) == "42\n"
    ours = {path for path in loaded(program) if "pywheel" in path.name}
    assert ours == {(venv.root / "lib" / f"lib{name}.so").resolve() for name in FILES}


def test_load_brings_all_of_them(venv: Venv) -> None:
    code = (
        "import answer_upper_pywheel as p; print(p.load()['libupper-pywheel-3.so'].upper_number())"
    )
    assert venv.ask("-c", code) == "42"


def isolated(**more: str) -> Mapping[str, str]:
    return {"PYTHONPATH": "", **more}


def test_build_with_isolation(checkout: Path, wheels: Path, tmp_path: Path) -> None:
    build = (sys.executable, "-m", "build", "--installer=uv", "--wheel", "-o", tmp_path)
    run(*build, checkout / "answer-upper", variables=isolated())
    built(only(tmp_path), wheels)


def test_uv_build(checkout: Path, wheels: Path, tmp_path: Path) -> None:
    run("uv", "build", "--wheel", checkout / "answer-upper", "-o", tmp_path, variables=isolated())
    built(only(tmp_path), wheels)


@pytest.mark.parametrize("installer", ["pip", "uv"])
def test_installed_from_the_checkout_all_at_once(
    installer: str, checkout: Path, tmp_path: Path
) -> None:
    """The one alone cannot be: for what it requires, installers look on an index."""
    venv = make_venv(tmp_path / "venv")
    folders = (checkout / "answer-lower", checkout / "answer-middle")
    install = {
        "pip": (sys.executable, "-m", "pip", "--python", venv.python, "install"),
        "uv": ("uv", "pip", "install", "--python", venv.python),
    }
    run(*install[installer], *folders, variables=isolated())
    code = "import answer_middle_pywheel as p; print(*p.load())"
    assert venv.ask("-c", code) == "liblower-pywheel-1.so libmiddle-pywheel-2.so"


@pytest.fixture(scope="module")
def sdist(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sdist")
    done = libwheel("build", "--sdist", checkout / "answer-upper", "-o", folder)
    assert done.returncode == 0, done.stdout
    return only(folder, "*.tar.gz")


def test_an_sdist_with_an_index_of_one_s_own(sdist: Path, wheels: Path, tmp_path: Path) -> None:
    """pip's isolated build has the wheels in folders that only RECORD knows."""
    index = isolated(PIP_FIND_LINKS=str(wheels))
    pip = (sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", tmp_path, sdist)
    run(*pip, variables=index)
    built(only(tmp_path), wheels)


def test_an_sdist_with_uv_whose_files_are_shared(sdist: Path, wheels: Path, tmp_path: Path) -> None:
    index = isolated(UV_FIND_LINKS=str(wheels), UV_CACHE_DIR=str(tmp_path / "uv"))
    run("uv", "build", "--wheel", sdist, "-o", tmp_path / "dist", variables=index)
    built(only(tmp_path / "dist"), wheels)
    kept = tmp_path.glob("uv/archive-v0/**/liblower-pywheel-1.so")
    assert {path.read_bytes() for path in kept} == {member(only(wheels, "answer_lower*"), ".so")}


def test_an_sdist_alone_says_what_it_needs(sdist: Path, tmp_path: Path) -> None:
    """What lies beside it is somebody else's."""
    shutil.unpack_archive(sdist, tmp_path, filter="data")
    folder = only(tmp_path, "answer_upper-1.2.3")
    make_sample("answer-middle", tmp_path)
    assert b"Dynamic: Requires-Dist\n" in (folder / "PKG-INFO").read_bytes()
    done = attempt(
        *(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--skip-dependency-check"),
        folder,
        variables=isolated(),
    )
    assert done.returncode != 0
    assert (
        "error: answer-upper 1.2.3 requires answer-middle: answer-middle is not installed; "
        "python -m pip install 'answer-middle'"
    ) in done.stdout


def test_a_plan_says_how_the_prefix_comes_to_be(checkout: Path, venv: Venv, tmp_path: Path) -> None:
    folder = tmp_path / "work"
    setting, recipe = f"-Cwork-dir={folder}", checkout / "answer-upper"
    script = tmp_path / "plan.sh"
    script.write_text(libwheel("plan", setting, recipe).stdout)
    [_, _, line, *_] = script.read_text().splitlines()
    condition, _, copy = line.partition(": ")
    assert condition == "# with answer-middle installed"
    fetched = libwheel("fetch", setting, "--unpack", folder / "source", recipe)
    assert fetched.returncode == 0, fetched.stdout
    run("sh", "-c", copy, variables={"PATH": venv.path, "PYTHONPATH": ""})
    prefix = folder / "requires"
    assert not [path for path in prefix.rglob("*") if path.is_symlink()]
    told = run(
        *("pkgconf", "--variable=includedir", "middle"),
        variables={"PKG_CONFIG_PATH": str(prefix / "lib/pkgconfig")},
    )
    assert Path(told.strip()).resolve().is_relative_to(prefix)
    run("sh", script)
    assert (folder / "destination/usr/local/lib/libupper.so").is_file()
