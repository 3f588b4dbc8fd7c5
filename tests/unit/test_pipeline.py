from __future__ import annotations

import io
from importlib.metadata import PathDistribution
from pathlib import Path

import pytest

from conftest import ROOT
from libwheel import pipeline, task
from libwheel.console import Console
from libwheel.errors import InternalError
from libwheel.task import Task
from unit.staged import write


def load(**config: str) -> Task:
    folder = ROOT / "recipes" / "zlib"
    return task.load(folder, config, {"HOME": "/home/me"}, Console(io.StringIO()))


def test_a_local_archive_asks_for_what_unpacks_it(tmp_path: Path) -> None:
    zstd = "backports.zstd; python_version < '3.14'"
    local = write(tmp_path / "zlib.tar.zst", "")
    assert zstd in pipeline.wheel_requirements(load(source=str(local)))
    assert zstd not in pipeline.wheel_requirements(load())


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
