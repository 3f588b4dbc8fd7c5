"""A sample library's wheels for macOS and Windows, made on Linux; those for Windows run in wine."""

from __future__ import annotations

import shutil
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from cross_programs import Prefix, link, unpack
from environments import libwheel, run, run_alone
from libwheel import locator
from libwheel.binaries import reading
from libwheel.binaries.binary import LINKER_MADE, Binary
from libwheel.target import Format, Target, parse
from machines import Machine, machines
from sample_projects import SampleRecipe, make_sample

pytestmark = pytest.mark.compiles

PLATFORMS = {
    "aarch64-macos.11": "macosx_11_0_arm64",
    "x86_64-macos.11": "macosx_11_0_x86_64",
    "x86_64-windows": "win_amd64",
}
MACOS = [name for name in PLATFORMS if "macos" in name]
WINDOWS = "x86_64-windows"
DATA, PACKAGE = "answer_cmake-1.2.3.data/data", "answer_cmake_pywheel"
INFO, PYWHEEL = "answer_cmake-1.2.3.dist-info", "answer-cmake-pywheel"
PACKAGES = ("answer-pywheel", "question-pywheel", f"{PYWHEEL}-1.2.3-0")
CMAKE = (f"{PYWHEEL}-config.cmake", f"{PYWHEEL}-config-version.cmake")
ON_MACOS = {"lib/libanswer-pywheel-1.dylib", "lib/libquestion-pywheel-1.dylib"}
ON_WINDOWS = {
    f"Library/{name}"
    for stem in ("answer", "question")
    for name in (f"bin/{stem}-pywheel-1.dll", f"lib/{stem}-pywheel-1.lib")
}


def target_of(name: str) -> Target:
    found = parse(name)
    assert found
    return found


class Bench:
    """The sample, and a wheel of it for each target, which is built once."""

    def __init__(self, sample: SampleRecipe, folder: Path) -> None:
        self.sample = sample
        self.folder = folder
        self.wheels: dict[str, Path] = {}

    def wheel(self, target: str) -> Path:
        if target not in self.wheels:
            self.wheels[target] = self.build(target, self.folder / target)
        return self.wheels[target]

    def build(self, target: str, out: Path) -> Path:
        done = libwheel("build", self.sample.folder, "-o", out, "-C", f"target={target}")
        assert done.returncode == 0, done.stdout
        [wheel] = out.iterdir()
        return wheel

    def unpacked(self, target: str, folder: Path) -> Prefix:
        return unpack([self.wheel(target)], target_of(target).os, folder)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    folder = tmp_path_factory.mktemp("other-systems")
    return Bench(make_sample("cmake-answer", folder), folder)


@pytest.fixture(scope="module")
def wine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    [machine] = machines(target_of(WINDOWS), tmp_path_factory.mktemp("wine"))
    return machine


def expected(target: str) -> set[str]:
    """Return the whole listing of a wheel."""
    top, libraries = ("Library/", ON_WINDOWS) if target == WINDOWS else ("", ON_MACOS)
    return {
        *(f"{DATA}/{path}" for path in libraries),
        *(f"{DATA}/{top}include/{PYWHEEL}/{stem}.h" for stem in ("answer", "question")),
        *(f"{DATA}/{top}lib/pkgconfig/{name}.pc" for name in PACKAGES),
        *(f"{DATA}/{top}lib/cmake/{PYWHEEL}/{name}" for name in CMAKE),
        *(f"{PACKAGE}/pkgconfig/{name}.pc" for name in PACKAGES),
        *(f"{PACKAGE}/cmake/{name}" for name in CMAKE),
        *(f"{PACKAGE}/{name}.py" for name in ("__init__", "__main__", "_prefix")),
        *(f"{INFO}/{name}" for name in ("METADATA", "WHEEL", "RECORD", "entry_points.txt")),
        f"{INFO}/licenses/LICENSE",
        f"{INFO}/sboms/answer-cmake.cdx.json",
    }


@pytest.mark.parametrize("target", PLATFORMS)
def test_the_wheel_is_of_the_platform_and_has_its_layout(bench: Bench, target: str) -> None:
    wheel = bench.wheel(target)
    assert wheel.name == f"answer_cmake-1.2.3-0-py3-none-{PLATFORMS[target]}.whl"
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        executable = {n.filename for n in archive.infolist() if n.external_attr >> 16 & 0o111}
        described = archive.read(f"{INFO}/WHEEL").decode()
    assert sorted(names) == sorted(expected(target))
    assert f"Tag: py3-none-{PLATFORMS[target]}\n" in described
    libraries = set() if target == WINDOWS else {f"{DATA}/{path}" for path in ON_MACOS}
    assert executable == libraries


def binaries(prefix: Prefix) -> dict[str, Binary]:
    return {path.name: reading.read(path) for path in prefix.libraries()}


@pytest.mark.parametrize("target", MACOS)
def test_of_macos_the_names_inside_are_the_files(bench: Bench, target: str, tmp_path: Path) -> None:
    found = binaries(bench.unpacked(target, tmp_path))
    assert set(found) == {"libanswer-pywheel-1.dylib", "libquestion-pywheel-1.dylib"}
    for name, binary in found.items():
        assert (binary.format, binary.arch) == (Format.MACHO, target_of(target).arch)
        assert binary.soname == name
        assert binary.minimum_os == (11, 0)
        assert binary.signature_flaw is None
        assert (*binary.rpath, *binary.runpath) == ("@loader_path",)
    assert "libanswer-pywheel-1.dylib" in found["libquestion-pywheel-1.dylib"].needed
    exported = {symbol.name for symbol in found["libanswer-pywheel-1.dylib"].exports}
    assert exported - LINKER_MADE == {"answer_number", "answer_source", "answer_version"}


def test_of_windows_the_names_inside_are_the_files(bench: Bench, tmp_path: Path) -> None:
    found = binaries(bench.unpacked(WINDOWS, tmp_path))
    assert set(found) == {"answer-pywheel-1.dll", "question-pywheel-1.dll"}
    for name, binary in found.items():
        assert (binary.format, binary.arch, binary.soname) == (Format.PE, "x86_64", name)
        assert binary.movable
    assert "answer-pywheel-1.dll" in found["question-pywheel-1.dll"].needed


@pytest.mark.parametrize(
    ("target", "floor"),
    [("aarch64-macos.11", "macOS 11.0"), ("x86_64-windows", "Windows 10")],
)
def test_it_can_be_shown(bench: Bench, target: str, floor: str) -> None:
    shown = libwheel("show", bench.wheel(target)).stdout.splitlines()
    assert shown[0].startswith(f"answer-cmake 1.2.3 build 0, for {PLATFORMS[target]}, ")
    rows = [line for line in shown if "-pywheel-1." in line.partition(" ")[0]]
    assert len(rows) == 2
    for row in rows:
        name, soname, abi, *_ = row.split()
        assert (name, abi) == (soname, "1")
        assert f" {floor} " in row
    [question] = (row.split() for row in rows if "question-pywheel" in row.partition(" ")[0])
    assert question[3] == "1"  # nothing that the linker has made is counted


@pytest.mark.parametrize("target", PLATFORMS)
def test_the_same_bytes_twice(bench: Bench, target: str, tmp_path: Path) -> None:
    place = ("-C", f"work-dir={tmp_path / 'another-place'}", "-C", "jobs=1")
    again = tmp_path / "out"
    build = ("build", bench.sample.folder, "-o", again, "-C", f"target={target}")
    done = libwheel(*build, *place)
    assert done.returncode == 0, done.stdout
    [wheel] = again.iterdir()
    assert wheel.read_bytes() == bench.wheel(target).read_bytes()


# Programs that are linked to it.

PRINTS = "answer 1.2.3: 42"


def smoke(bench: Bench) -> Path:
    return bench.sample.folder / "smoke.c"


@pytest.mark.parametrize("target", MACOS)
def test_a_program_for_macos_asks_for_the_tagged_names(
    bench: Bench, target: str, tmp_path: Path
) -> None:
    prefix = bench.unpacked(target, tmp_path / "prefix")
    program = link(prefix, smoke(bench), "question-pywheel", target_of(target), tmp_path)
    names = {"libanswer-pywheel-1.dylib", "libquestion-pywheel-1.dylib"}
    assert names < set(reading.read(program).needed)  # without @rpath/, which they began with


def test_a_program_for_windows_runs_beside_the_libraries(
    bench: Bench, wine: Machine, tmp_path: Path
) -> None:
    prefix = bench.unpacked(WINDOWS, tmp_path / "prefix")
    program = link(prefix, smoke(bench), "question-pywheel", target_of(WINDOWS), tmp_path)
    assert wine.run(program).strip() == PRINTS


def test_a_program_for_windows_by_cmake_finds_them_on_path(
    bench: Bench, wine: Machine, tmp_path: Path
) -> None:
    prefix = bench.unpacked(WINDOWS, tmp_path / "prefix")
    program = by_cmake(prefix, smoke(bench), tmp_path / "project")
    assert {"answer-pywheel-1.dll", "question-pywheel-1.dll"} < set(reading.read(program).needed)
    path = {"WINEPATH": f"Z:{prefix.runtime}".replace("/", "\\")}
    there = replace(wine, variables={**wine.variables, **path})
    assert there.run(program).strip() == PRINTS
    with pytest.raises(AssertionError, match=r"smoke\.exe on wine"):
        wine.run(program)


def by_cmake(prefix: Prefix, source: Path, folder: Path) -> Path:
    """Let CMake find the package below the layout's top, as in conda's environments."""
    folder.mkdir()
    (folder / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.15)\nproject(smoke C)\n"
        f"find_package({PYWHEEL} 1.2 REQUIRED COMPONENTS question)\n"
        f"add_executable(smoke {source})\n"
        f"target_link_libraries(smoke PRIVATE {PYWHEEL}::question)\n"
    )
    compiler = (sys.executable, "-m", "ziglang", "cc", "-target", "x86_64-windows-gnu")
    options = {
        "CMAKE_SYSTEM_NAME": "Windows",
        "CMAKE_C_COMPILER": ";".join(compiler),
        "CMAKE_PREFIX_PATH": str(prefix.root / prefix.layout.top),
    }
    given = (f"-D{name}={value}" for name, value in options.items())
    run("cmake", "-S", folder, "-B", folder / "build", "-G", "Ninja", *given)
    run("cmake", "--build", folder / "build")
    return folder / "build" / "smoke.exe"


# A library wheel that runs with another.


class Chain(Bench):
    """The sample that is built on the other, whose recipe is beside it."""

    def __init__(self, bench: Bench, folder: Path) -> None:
        shutil.copytree(bench.sample.folder, folder / "answer-cmake")
        super().__init__(make_sample("cmake-asker", folder), folder)


@pytest.fixture(scope="module")
def chain(bench: Bench, tmp_path_factory: pytest.TempPathFactory) -> Chain:
    return Chain(bench, tmp_path_factory.mktemp("chain"))


@pytest.mark.parametrize("target", PLATFORMS)
def test_a_wheel_on_a_wheel_needs_its_tagged_names(
    chain: Chain, target: str, tmp_path: Path
) -> None:
    wheel = chain.wheel(target)
    assert wheel.name == f"asker_cmake-1.2.3-0-py3-none-{PLATFORMS[target]}.whl"
    with zipfile.ZipFile(wheel) as archive:
        described = archive.read("asker_cmake-1.2.3.dist-info/METADATA").decode()
        module = archive.read("asker_cmake_pywheel/__init__.py").decode()
    assert "Requires-Dist: answer-cmake~=1.2.3\n" in described
    assert dict(locator.read(module).requires) == {"answer-cmake": "~=1.2.3"}
    prefix = chain.unpacked(target, tmp_path)
    [(name, asker)] = binaries(prefix).items()
    assert asker.soname == name
    question = name.replace("asker", "question")
    assert question in asker.needed
    assert not {"question.dll", "libquestion.dll", "libquestion.1.dylib"} & set(asker.needed)
    text = (prefix.pkgconfig / "asker-pywheel.pc").read_text()
    assert "Requires: question-pywheel >= 1.2.3\n" in text


def test_a_wheel_on_a_wheel_runs_on_windows(
    bench: Bench, chain: Chain, wine: Machine, tmp_path: Path
) -> None:
    wheels = [chain.wheel(WINDOWS), bench.wheel(WINDOWS)]
    prefix = unpack(wheels, target_of(WINDOWS).os, tmp_path / "prefix")
    program = link(prefix, smoke(chain), "asker-pywheel", target_of(WINDOWS), tmp_path)
    assert wine.run(program).strip() == "42"


# What the locator's `load()` counts on, asked of Windows as Python's ctypes and import ask it:
# a library is loaded by its path, an extension elsewhere then finds it by its name.

LOADER = r"""
#include <stdio.h>
#include <string.h>
#include <windows.h>

#define IN_DEFAULT_FOLDERS 0x1000
#define IN_ITS_OWN 0x100

int main(int count, char **names)
{
    for (int i = 1; i < count; i++) {
        int where = IN_DEFAULT_FOLDERS | (strchr(names[i], '\\') ? IN_ITS_OWN : 0);
        HMODULE before = GetModuleHandleA(names[i]);
        HMODULE loaded = LoadLibraryExA(names[i], NULL, where);
        printf("%s\n", !loaded ? "missing" : loaded == before ? "there" : "loaded");
    }
    return 0;
}
"""
EXTENSION = """
#include <question.h>
__declspec(dllexport) int ask(void) { return question_is_answered_by(42); }
"""


def test_an_extension_for_windows_finds_what_was_loaded_by_its_path(
    bench: Bench, wine: Machine, tmp_path: Path
) -> None:
    prefix = bench.unpacked(WINDOWS, tmp_path / "prefix")
    (tmp_path / "loader.c").write_text(LOADER)
    (tmp_path / "extension.c").write_text(EXTENSION)
    (tmp_path / "program").mkdir()
    compiler = (sys.executable, "-m", "ziglang", "cc", "-target", WINDOWS, "-g0")
    loader = tmp_path / "program" / "loader.exe"
    run(*compiler, tmp_path / "loader.c", "-o", loader)
    extension = tmp_path / "extension.pyd"
    libraries = (f"-L{prefix.root}/Library/lib", "-lquestion-pywheel-1")
    include = f"-I{prefix.root}/Library/include/{PYWHEEL}"
    run(*compiler, "-shared", include, tmp_path / "extension.c", *libraries, "-o", extension)
    question = prefix.runtime / "question-pywheel-1.dll"
    assert loads(wine, loader, question.name, extension) == ["missing", "missing"]
    found = loads(wine, loader, question, extension, question.name)
    assert found == ["loaded", "loaded", "there"]


def loads(wine: Machine, loader: Path, *files: Path | str) -> list[str]:
    names = [f"Z:{one}".replace("/", "\\") if isinstance(one, Path) else one for one in files]
    return run_alone(*wine.start, loader, *names, variables=wine.variables).split()
