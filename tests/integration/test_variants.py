"""A recipe with options: several builds of one source tree, and wheels that tell what they are."""

from __future__ import annotations

import shutil
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from conftest import ROOT
from environments import attempt, libwheel, make_venv, run
from sample_projects import SampleRecipe, make_sample

pytestmark = pytest.mark.compiles

PACKAGE = "answer_variants_pywheel"
TOLD = f"""
import ctypes, {PACKAGE} as package
for name, library in package.load().items():
    prefix = name.partition("-")[0].removeprefix("lib")
    print(prefix, getattr(library, prefix + "_bits")())
    if prefix == "answer":
        library.answer_tuning.restype = ctypes.c_char_p
        print(library.answer_tuning().decode())
"""


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> SampleRecipe:
    return make_sample("cmake-variants", tmp_path_factory.mktemp("variants"))


def build(sample: SampleRecipe, out: Path, *chosen: str) -> Path:
    done = libwheel("build", sample.folder, "-o", out, *(f"-C{one}" for one in chosen))
    assert done.returncode == 0, done.stdout
    [wheel] = out.iterdir()
    return wheel


def told(wheel: Path, folder: Path) -> list[str]:
    """Install the wheel; return what its libraries say, and its version."""
    venv = make_venv(folder / "venv")
    venv.install(wheel)
    version = venv.ask("-c", "import importlib.metadata as m; print(m.version('answer-variants'))")
    return [version, *venv.ask("-c", TOLD).splitlines()]


@pytest.mark.parametrize("chosen", [(), ("tuning=speed", "widths=both")])
def test_the_default_said_or_not(sample: SampleRecipe, tmp_path: Path, chosen: list[str]) -> None:
    wheel = build(sample, tmp_path / "dist", *chosen)
    assert wheel.name.startswith("answer_variants-1.2.3-0-")
    assert told(wheel, tmp_path) == ["1.2.3", "answer 32", "speed", "answer_wide 64"]


def test_a_variant_says_what_it_is_in_every_name(sample: SampleRecipe, tmp_path: Path) -> None:
    wheel = build(sample, tmp_path / "dist", "widths=narrow", "tuning=size")
    full = "1.2.3+size.narrow"
    assert wheel.name.startswith(f"answer_variants-{full}-0-")
    assert told(wheel, tmp_path) == [full, "answer 32", "size"]
    names = zipfile.ZipFile(wheel).namelist()
    data = f"answer_variants-{full}.data/data"
    assert f"answer_variants-{full}.dist-info/METADATA" in names
    assert f"{data}/lib/pkgconfig/answer-variants-pywheel-{full}-0.pc" in names
    assert [n for n in names if n.startswith(f"{data}/lib/lib")] == [
        f"{data}/lib/libanswer-pywheel-1.so"
    ]
    shown = libwheel("show", wheel).stdout.splitlines()[0]
    assert shown.startswith(f"answer-variants {full} build 0, for ")


def test_what_a_variant_lacks_is_told_wherever_it_is_asked_for(
    sample: SampleRecipe, tmp_path: Path
) -> None:
    made = libwheel("build", sample.folder, "-o", tmp_path / "dist", "-Cwidths=narrow")
    assert made.returncode == 0, made.stdout
    assert "warning: answer-variants 1.2.3+narrow has no answer_wide, but " in made.stdout
    [wheel] = (tmp_path / "dist").iterdir()
    venv = make_venv(tmp_path / "venv")
    venv.install(wheel)
    lacking = "answer-variants 1.2.3+narrow has no library 'answer_wide'; it has answer\n"
    done = attempt(venv.python, "-I", "-m", PACKAGE, "cflags", "answer_wide")
    assert (done.returncode, done.stdout) == (1, f"error: {lacking}")
    folder = venv.ask("-m", PACKAGE, "pkgconfigdir")
    asked = ("pkg-config", "--print-errors", "--exists", "answer_wide-pywheel")
    done = attempt(*asked, variables={"PKG_CONFIG_PATH": folder})
    assert done.returncode != 0
    assert "answer_wide-pywheel" in done.stdout
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.15)\nproject(it C)\n"
        "find_package(answer-variants-pywheel REQUIRED COMPONENTS answer_wide)\n"
    )
    variables = {"PATH": venv.path}
    done = attempt("cmake", "-S", tmp_path, "-B", tmp_path / "build", variables=variables)
    assert done.returncode == 1
    said = "this answer-variants-pywheel (1.2.3+narrow) has no answer_wide; it has answer"
    assert said in " ".join(done.stdout.split())


def test_an_option_that_a_configuration_does_not_use(tmp_path: Path) -> None:
    made = make_sample("cmake-variants", tmp_path)
    recipe = made.folder / "recipe.toml"
    text = recipe.read_text(encoding="utf-8")
    text = text.replace("ANSWER_WIDE = true", "ANSWER_WIDE = true, ANSWER_WIED = true")
    recipe.write_text(text.replace("[build]", "[build]\noptions = { ANSWER_DEEP = 7 }"))
    done = libwheel("build", made.folder, "-o", tmp_path / "dist")
    assert done.returncode == 1
    said = [line for line in done.stdout.splitlines() if "was not used" in line]
    assert len(said) == 2
    assert "build.options.ANSWER_DEEP was not used" in said[0]
    assert "build.options.ANSWER_WIED (configuration 'wide') was not used" in said[1]


def test_two_configurations_that_install_one_path(tmp_path: Path) -> None:
    made = make_sample("cmake-variants", tmp_path)
    recipe = made.folder / "recipe.toml"
    text = recipe.read_text(encoding="utf-8")
    assert "ANSWER_WIDE = true" in text
    recipe.write_text(text.replace("ANSWER_WIDE = true", 'CMAKE_C_FLAGS_RELEASE = "-g"'))
    done = libwheel("build", made.folder, "-o", tmp_path / "dist")
    assert done.returncode == 1
    assert (
        "build.configuration: the configurations 'narrow' and 'wide' both install "
        "lib/libanswer.so.1.2.3, with different content: one of them must not"
    ) in done.stdout
    assert "include/answer.h, with" not in done.stdout


def in_tree(folder: Path) -> Path:
    recipe = make_sample("cmake-variants", folder).folder
    shutil.copy(ROOT / "recipes" / "zlib" / "_libwheel.py", recipe)
    shutil.copytree(ROOT / "backend", recipe / "backend")
    return recipe


def test_the_sdist_of_a_variant_builds_that_variant(tmp_path: Path) -> None:
    """By `build`, which gives both steps the settings, and again from the sdist alone."""
    folder, out = in_tree(tmp_path), tmp_path / "dist"
    build_ = (sys.executable, "-m", "build", "--no-isolation", "-o", out)
    run(*build_, folder, "-C", "widths=narrow", variables={"PYTHONPATH": ""})
    sdist = out / "answer_variants-1.2.3+narrow.tar.gz"
    [wheel] = out.glob("*.whl")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    unpacked = tmp_path / "answer_variants-1.2.3+narrow"
    assert "\nVersion: 1.2.3+narrow\n" in (unpacked / "PKG-INFO").read_text(encoding="utf-8")
    for number, chosen in enumerate([(), ("-C", "widths=narrow", "-C", "version=1.2.3")]):
        again = tmp_path / f"again{number}"
        run(*build_[:-1], again, "--wheel", unpacked, *chosen, variables={"PYTHONPATH": ""})
        [second] = again.iterdir()
        assert second.name == wheel.name
        assert second.read_bytes() == wheel.read_bytes()
    done = attempt(*build_, "--wheel", unpacked, "-C", "widths=both", variables={"PYTHONPATH": ""})
    assert done.returncode == 1
    assert "-C widths=both: this sdist is of 1.2.3+narrow" in done.stdout


def test_a_program_that_one_source_needs(tmp_path: Path) -> None:
    """The next source is built; where that cannot be had, the message says what each needs."""
    made = make_sample("cmake-variants", tmp_path)
    recipe = made.folder / "recipe.toml"
    text = recipe.read_text(encoding="utf-8")
    head, source, rest = text.partition("[[release.source]]")
    needy = rest.rstrip() + '\nprograms = ["no-such-fortran"]\n'
    recipe.write_text(f"{head}{source}{needy}{source}{rest}")
    assert build(made, tmp_path / "dist").name.startswith("answer_variants-1.2.3-0-")
    other = rest.replace(made.archive.name, "other.tar.gz")
    other = other.replace('sha256 = "', f'sha256 = "{64 * "1"}" # ')
    recipe.write_text(f"{head}{source}{needy}{source}{other}")
    done = libwheel("build", made.folder, "-o", tmp_path / "dist")
    assert done.returncode == 1
    name = "no-such-fortran"
    why = f"needs {name}, which is not on PATH (Debian: apt install {name})"
    assert f"    {why}\n" in done.stdout
    assert "\nother.tar.gz needs no such program\n" in done.stdout
    fetched = libwheel("fetch", made.folder)
    assert fetched.returncode == 0
    assert f"warning: {made.archive.name} {why}: it cannot be built here\n" in fetched.stdout
