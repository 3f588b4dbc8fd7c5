from __future__ import annotations

import sys
from pathlib import Path

import pytest

from libwheel.consumer.doctor.environment import Environment
from libwheel.consumer.doctor.loader import Rules
from libwheel.consumer.doctor.survey import Survey, survey
from libwheel.naming import Tag
from unit.binaries.compiled import shared
from unit.consumer.installed import SITE, install, install_library_wheel
from unit.consumer.surveys import MARKERS
from unit.staged import TAG

pytestmark = pytest.mark.compiles

NAME = TAG.library_file("hdf5")
CALLER = "int value(void); int PyInit_ext(void) { return value(); }"


def surveyed(prefix: Path, *library_path: Path) -> Survey:
    program = Path(sys.executable).resolve()
    place = Environment(program, program, prefix, Path("/usr"), (prefix / SITE,), MARKERS)
    return survey(place, Rules(tuple(map(str, library_path)), {}, (), "lib"))


@pytest.fixture
def extension(tmp_path: Path) -> bytes:
    """An extension without RPATH, whose library wheel is installed in a prefix."""
    library = shared(tmp_path / "build" / NAME, "int value(void) { return 1; }")
    install_library_wheel(tmp_path / "prefix", TAG, {"hdf5": library.read_bytes()})
    return shared(tmp_path / "build/ext.so", CALLER, library, script="").read_bytes()


def found(prefix: Path, extension: bytes, text: str) -> Path | None:
    files = {
        f"{SITE}/one/__init__.py": text.encode(),
        f"{SITE}/one/sub/ext.so": extension,
    }
    install(prefix, "one", files)
    [need] = surveyed(prefix).needs
    assert (need.name, need.by.name) == (NAME, "ext.so")
    return need.found


@pytest.mark.parametrize(
    "text",
    [
        "import hdf5_pywheel\nhdf5_pywheel.load()\n",
        "import hdf5_pywheel as libraries; libraries.load()\n",
        "from hdf5_pywheel import load\n\nload()\n",
        "def _libraries():\n    from hdf5_pywheel import load as more\n    return more()\n",
    ],
)
def test_a_package_that_loads_the_libraries(tmp_path: Path, extension: bytes, text: str) -> None:
    assert found(tmp_path / "prefix", extension, text) == tmp_path / "prefix/lib" / NAME


@pytest.mark.parametrize(
    "text",
    [
        "",
        '"""Without import hdf5_pywheel; hdf5_pywheel.load() it does not work."""\n',
        "# import hdf5_pywheel; hdf5_pywheel.load()\n",
        "import hdf5_pywheel\n\nhdf5_pywheel.load\n",
        "import json, hdf5_pywheel\n\njson.load(hdf5_pywheel.files()[0])\n",
        "from hdf5_pywheel import libdir\n\nlibdir()\n",
        "from other import hdf5_pywheel\n\nhdf5_pywheel.load()\n",
        "import hdf5_pywheel; hdf5_pywheel.load(\n",
        "import hdf5_pywheel; hdf5_pywheel.load() # \0\n",
    ],
)
def test_to_speak_of_it_is_not_to_load_them(tmp_path: Path, extension: bytes, text: str) -> None:
    assert found(tmp_path / "prefix", extension, text) is None


def test_others_escape_sequences_are_not_told(tmp_path: Path, extension: bytes) -> None:
    text = "import hdf5_pywheel; hdf5_pywheel.load('\\d')\n"  # warnings are errors here
    assert found(tmp_path / "prefix", extension, text) == tmp_path / "prefix/lib" / NAME


def test_a_library_wheel_without_its_locator_still_has_its_libraries(
    tmp_path: Path, extension: bytes
) -> None:
    install(tmp_path / "prefix", "one", {f"{SITE}/one/ext.so": extension})
    (tmp_path / "prefix" / SITE / "hdf5_pywheel/__init__.py").unlink()
    looked_at = surveyed(tmp_path / "prefix")
    assert looked_at.providers[NAME][1] == tmp_path / "prefix/lib" / NAME
    assert looked_at.consumers == {"hdf5": ("one",)}


def test_is_elsewhere(tmp_path: Path, extension: bytes) -> None:
    prefix, folder = tmp_path / "prefix", tmp_path / "elsewhere"
    install(prefix, "one", {f"{SITE}/one/ext.so": extension})
    folder.mkdir()
    (folder / NAME).write_bytes((prefix / "lib" / NAME).read_bytes())
    for path, is_elsewhere in ((prefix / "lib", False), (folder, True)):
        looked_at = surveyed(prefix, path)
        assert [looked_at.is_elsewhere(need) for need in looked_at.needs] == [is_elsewhere]


def test_load_loads_what_the_library_wheel_runs_with(tmp_path: Path, extension: bytes) -> None:
    prefix, tag = tmp_path / "prefix", Tag("above", "1.0", "1", 0)
    install_library_wheel(prefix, tag, {"above": b""}, requires={"hdf5": ">=1.14"})
    assert found(prefix, extension, "import above_pywheel; above_pywheel.load()\n") == (
        prefix / "lib" / NAME
    )
