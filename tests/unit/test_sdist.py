from __future__ import annotations

import gzip
import io
import shutil
import sys
import tarfile
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

import libwheel
from environments import run
from libwheel import sdist
from libwheel.errors import BuildError
from libwheel.metadata import Identity
from libwheel.naming import Tag
from libwheel.sdist import Member
from unit.staged import write

TAG = Tag("zlib-ng", "2.2.4", "2", 0)
PACKAGE = Path(libwheel.__file__).parent
OURS = (
    "LICENSE",
    "libwheel/hooks.py",
    "libwheel/locator_template/__init__.py",
    "libwheel/py.typed",
)


PATCHES = ("patches/0001-a.patch", "patches/dist/0002-b.patch")  # only at the top a product


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a recipe with what belongs into an sdist, and what does not."""
    folder = tmp_path / "zlib-ng"
    for name in (
        *("pyproject.toml", "recipe.toml", "README.md", "LICENSE.recipe", "smoke.c"),
        *("docs/about.md", *PATCHES),
        *("zlib-ng-2.2.4.whl", "out/zlib-ng-2.2.4.whl", "out/zlib-ng-2.2.4.tar.gz"),
        *("work/source/LICENSE", "work/logs/build.log", "patches/0003-unused.patch"),
        *("dist/zlib_ng-2.2.4.tar.gz", "sources/old.tar.gz", "PKG-INFO"),
        *(".git/config", ".gitignore", "patches/.swp", "__pycache__/_libwheel.cpython-311.pyc"),
    ):
        write(folder / name, name)
    return folder


RECIPE = {
    "LICENSE.recipe",
    "PKG-INFO",
    "README.md",
    "docs/about.md",
    *PATCHES,
    "pyproject.toml",
    "recipe.toml",
    "smoke.c",
}
IN_TREE = ("_libwheel.py", "_libwheel/**")


def identified(folder: Path, *backend: str) -> Identity:
    return Identity(folder, {"name": "zlib-ng", "readme": "docs/about.md"}, backend)


def members(folder: Path, *archives: tuple[str, Path], in_tree: bool = False) -> dict[str, bytes]:
    identity = identified(folder, *(IN_TREE if in_tree else ()))
    packed = sdist.choose(identity, PATCHES).packed
    found = sdist.members(identity, packed, b"Version: 2.2.4\n", archives)
    assert [member.name for member in found] == sorted(member.name for member in found)
    content = {str(member.name): member.content for member in found}
    assert len(content) == len(found)
    return content


def test_a_recipe_that_carries_no_backend(folder: Path) -> None:
    found = members(folder)
    assert found.keys() == RECIPE
    assert found.pop("PKG-INFO") == b"Version: 2.2.4\n"
    assert all(content.decode() == name for name, content in found.items())


def test_what_is_not_packed_is_told_but_for_what_never_is(folder: Path) -> None:
    chosen = sdist.choose(identified(folder), PATCHES)
    assert chosen.left == ("out/", "patches/0003-unused.patch", "work/", "zlib-ng-2.2.4.whl")
    assert set(chosen.packed) == RECIPE - {"PKG-INFO"}


def test_a_file_that_is_spelt_in_two_ways_is_packed_once(folder: Path) -> None:
    chosen = sdist.choose(identified(folder), ("./patches//0001-a.patch", *PATCHES))
    assert set(chosen.packed) == RECIPE - {"PKG-INFO"}


def test_what_an_earlier_build_left_there_makes_no_difference(folder: Path) -> None:
    before = members(folder, in_tree=True)
    write(folder / "wheels" / "zlib_ng-2.2.4.tar.gz", "sdist")
    write(folder / "work-dir" / "source" / "README.md", "upstream's")
    assert members(folder, in_tree=True) == before


def test_the_module_that_finds_the_backend_is_packed(folder: Path) -> None:
    write(folder / "_libwheel.py", "")
    write(folder / "setup.py", "")
    chosen = sdist.choose(identified(folder, *IN_TREE), PATCHES)
    assert "_libwheel.py" in chosen.packed
    assert "setup.py" in chosen.left
    assert "_libwheel.py" in sdist.choose(identified(folder), PATCHES).left


def test_a_recipe_that_carries_its_backend(folder: Path) -> None:
    found = members(folder, in_tree=True)
    backend = found.keys() - RECIPE
    assert all(name.startswith("backend/") for name in backend)
    assert {f"backend/{name}" for name in OURS} <= backend
    assert not any("__pycache__" in name for name in backend)
    assert found["backend/libwheel/hooks.py"] == (PACKAGE / "hooks.py").read_bytes()
    assert b"MIT" in found["backend/LICENSE"]


VENDOR = """
import sys
from pathlib import Path
from libwheel import sdist
from libwheel.metadata import Identity
identity = Identity(Path(sys.argv[1]), {"readme": "docs/about.md"}, ("_libwheel.py",))
packed = sdist.choose(identity, sys.argv[2:]).packed
for member in sdist.members(identity, packed, b"", ()):
    print(member.name)
"""


@pytest.mark.parametrize("place", ["libwheel-{}.dist-info/licenses/LICENSE", "LICENSE"])
def test_the_backend_goes_to_the_same_place_from_wherever_it_runs(
    folder: Path, tmp_path: Path, place: str
) -> None:
    site = tmp_path / "site-packages"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(PACKAGE, site / "libwheel", ignore=ignored)
    write(site / place.format(libwheel.__version__), "MIT")
    listing = run(
        sys.executable, "-c", VENDOR, folder, *PATCHES, variables={"PYTHONPATH": str(site)}
    )
    assert set(listing.split()) == members(folder, in_tree=True).keys()


def test_one_that_has_the_backend_already_keeps_its_own(folder: Path) -> None:
    write(folder / "backend/libwheel/hooks.py", "own")
    found = members(folder, in_tree=True)
    assert found.keys() == {*RECIPE, "backend/libwheel/hooks.py"}
    assert found["backend/libwheel/hooks.py"] == b"own"


def test_the_archives_go_into_a_folder_under_the_names_they_are_looked_for(
    folder: Path, tmp_path: Path
) -> None:
    cached = write(tmp_path / "cache" / "abcdef", "bytes")
    found = members(folder, ("zlib-ng-2.2.4.tar.gz", cached))
    assert found.keys() == {*RECIPE, "sources/zlib-ng-2.2.4.tar.gz"}
    assert found["sources/zlib-ng-2.2.4.tar.gz"] == b"bytes"


def test_archives_of_one_name_cannot_both_be_there(folder: Path, tmp_path: Path) -> None:
    one, two = (("v1.tar.gz", write(tmp_path / name, name)) for name in ("one", "two"))
    assert "sources/v1.tar.gz" in members(folder, one, one)
    with pytest.raises(BuildError, match=r"different archives of one name: v1\.tar\.gz"):
        members(folder, one, two)


def test_a_link_to_a_file_goes_in_as_the_file(folder: Path, tmp_path: Path) -> None:
    (folder / "README.rst").symlink_to(write(tmp_path / "README.rst", "About"))
    assert members(folder)["README.rst"] == b"About"


FILES = [
    Member(PurePosixPath("PKG-INFO"), b"Version: 2.2.4\n"),
    Member(PurePosixPath("deep", "x" * 120), b"long"),
    Member(PurePosixPath("recipe.toml"), b"schema = 1\n"),
]


def test_every_file_is_below_the_folder_that_the_name_says(tmp_path: Path) -> None:
    path = sdist.pack(tmp_path, TAG, FILES, 0)
    assert path.name == "zlib_ng-2.2.4.tar.gz"
    with tarfile.open(path) as archive:
        assert archive.getnames() == [f"zlib_ng-2.2.4/{member.name}" for member in FILES]
        for member in FILES:
            stream = archive.extractfile(f"zlib_ng-2.2.4/{member.name}")
            assert stream is not None
            assert stream.read() == member.content


@pytest.mark.parametrize("epoch", [0, 1_700_000_000, 2**32 - 1])
def test_every_file_is_nobody_s_and_of_one_time(tmp_path: Path, epoch: int) -> None:
    path = sdist.pack(tmp_path, TAG, FILES, epoch)
    with tarfile.open(path) as archive:
        found = {(m.mode, m.mtime, m.uid, m.gid, m.uname, m.gname, m.isfile()) for m in archive}
    assert found == {(0o644, epoch, 0, 0, "", "", True)}
    with gzip.GzipFile(fileobj=io.BytesIO(path.read_bytes())) as packed:
        packed.read()
        assert packed.mtime == epoch


def test_the_same_bytes_twice(tmp_path: Path) -> None:
    first, second = (sdist.pack(tmp_path / name, TAG, FILES, 1) for name in ("a", "deeper/b"))
    assert first.read_bytes() == second.read_bytes()


def test_a_variant_is_in_the_name(tmp_path: Path) -> None:
    path = sdist.pack(tmp_path, replace(TAG, variant="lp64.pthreads"), FILES, 0)
    assert path.name == "zlib_ng-2.2.4+lp64.pthreads.tar.gz"
    with tarfile.open(path) as archive:
        tops = {name.partition("/")[0] for name in archive.getnames()}
    assert tops == {"zlib_ng-2.2.4+lp64.pthreads"}
