from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from libwheel import locator, required
from libwheel.consumer import library_wheels, packages
from libwheel.consumer.library_wheels import LibraryWheel
from libwheel.errors import BuildError
from libwheel.locator import Offer
from libwheel.naming import Tag
from unit.consumer.installed import SITE, install, install_library_wheel
from unit.installed_locator import install as install_hdf5
from unit.staged import WINDOWS, two, write

OMP = Tag("openmp", "19.1.7", "5", 0)
ABI = Tag("omp-debug", "1.0", "5", 2, "static")


def found(site: Path, name: str = "openmp") -> LibraryWheel:
    there = [package for package in packages.installed([site]) if package.key == name]
    [wheel] = library_wheels.among(there)
    return wheel


@pytest.fixture
def openmp(tmp_path: Path) -> LibraryWheel:
    return found(install_library_wheel(tmp_path / "env", OMP, {"omp": b"elf"}, compatible=">= 19"))


def test_an_installed_one_is_what_record_lists_of_the_prefix(tmp_path: Path) -> None:
    site = install_hdf5(tmp_path).site
    wheel = required.installed(found(site, "hdf5"))
    assert str(wheel) == "hdf5 1.14.5"
    assert sorted(map(str, wheel.files)) == [
        "include/hdf5-pywheel/hdf5.h",
        "include/hdf5-pywheel/sub/more.h",
        "lib/cmake/hdf5-pywheel/hdf5-pywheel-config.cmake",
        "lib/libhdf5-pywheel-310.so",
        "lib/libhdf5_hl-pywheel-310.so",
        "lib/pkgconfig/hdf5-pywheel-1.14.5-0.pc",
        "lib/pkgconfig/hdf5-pywheel.pc",
        "lib/pkgconfig/hdf5_hl-pywheel.pc",
    ]
    assert all(path == tmp_path / name for name, path in wheel.files.items())


def test_a_site_folder_below_lib_need_not_name_it(tmp_path: Path) -> None:
    site = install_library_wheel(tmp_path, OMP, {"omp": b""})
    record = next(site.glob("*.dist-info")) / "RECORD"
    record.write_text(record.read_text().replace("../../../lib/libomp", "../../libomp"))
    assert PurePosixPath("lib/libomp-pywheel-5.so") in required.installed(found(site)).files


def test_a_site_folder_that_is_the_prefix(tmp_path: Path) -> None:
    """`uv pip install --target`; the locator's own pkgconfig folder is none of the prefix."""
    before = install_library_wheel(tmp_path / "env", OMP, {"omp": b""})
    site = tmp_path / "target"
    shutil.copytree(before, site)
    kept = shutil.ignore_patterns("python3.11")
    for name in ("lib", "include"):
        shutil.copytree(before.parents[2] / name, site / name, ignore=kept)
    own = "openmp_pywheel/pkgconfig/openmp-pywheel.pc"
    write(site / own, "")
    record = next(site.glob("*.dist-info")) / "RECORD"
    text = record.read_text().replace("../../../", "").replace("../../lib", "lib/lib")
    record.write_text(f"{text}{own},,\n")
    wheel = found(site)
    assert required.damage_of(wheel) == ""
    assert dict(required.installed(wheel).files) == {
        PurePosixPath(name): site / name
        for name in ("lib/libomp-pywheel-5.so", "include/openmp-pywheel/header.h")
    }


def test_files_that_are_gone(openmp: LibraryWheel) -> None:
    for path in openmp.libraries.values():
        path.unlink()
    assert required.damage_of(openmp) == (
        "lib/libomp-pywheel-5.so is gone: "
        "python -m pip install --force-reinstall --no-deps 'openmp==19.1.7'"
    )


def test_what_pip_s_target_leaves_out(openmp: LibraryWheel) -> None:
    record = openmp.package.info / "RECORD"
    kept = [line for line in record.read_text().splitlines(keepends=True) if ".so" not in line]
    record.write_text("".join(kept))
    damage = required.damage_of(found(openmp.site))
    assert damage.startswith("it was installed without lib/libomp-pywheel-5.so (`pip install --t")


def test_a_lost_record(openmp: LibraryWheel) -> None:
    (openmp.package.info / "RECORD").unlink()
    assert required.damage_of(found(openmp.site)).startswith("it has no RECORD: python -m pip")


def test_a_lost_locator(openmp: LibraryWheel) -> None:
    (openmp.site / "openmp_pywheel" / "__init__.py").write_text("")
    damage = required.damage_of(found(openmp.site))
    assert damage.startswith("its locator openmp_pywheel cannot be read: python -m pip install")


def test_a_locator_that_says_something_else(openmp: LibraryWheel) -> None:
    path = openmp.site / "openmp_pywheel" / "__init__.py"
    path.write_text(path.read_text() + "OFFERS = {'omp': 'libomp-pywheel-5.so'}\n")
    damage = required.damage_of(found(openmp.site))
    assert damage.startswith("its locator openmp_pywheel cannot be read: python -m pip install")


def test_one_that_is_whole(openmp: LibraryWheel) -> None:
    assert required.damage_of(openmp) == ""


def pack(folder: Path, tag: Tag, site: Path) -> Path:
    """Make a wheel of what is installed."""
    wheel = folder / f"{tag.wheel_stem}-py3-none-linux_x86_64.whl"
    installed = required.installed(found(site, tag.wheel))
    locator = site / tag.import_name / "__init__.py"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.write(locator, f"{tag.import_name}/__init__.py")
        for name, path in installed.files.items():
            archive.write(path, f"{tag.release_stem}.data/data/{name}")
    return wheel


def test_a_wheel_gives_what_its_installation_gives(tmp_path: Path) -> None:
    site = install_library_wheel(tmp_path / "env", ABI, {"omp": b"elf"})
    installed = required.installed(found(site, "omp-debug"))
    unpacked = required.unpacked(pack(tmp_path, ABI, site), ABI, tmp_path / "unpacked")
    assert unpacked.version == "1.0+static"
    assert unpacked.constants == installed.constants
    assert unpacked.digests == installed.digests
    assert all(path.is_relative_to(tmp_path / "unpacked") for path in unpacked.files.values())


def test_a_wheel_for_windows_gives_a_prefix_as_upstreams_know_it(tmp_path: Path) -> None:
    tag, (staged,) = WINDOWS, two(WINDOWS)[:1]
    modules = locator.modules(tag, "~= 1.14.5", (staged,), {})
    texts = {str(path): text for path, text in modules.items()}
    data = f"{tag.release_stem}.data/data/Library"
    texts |= {
        f"{data}/bin/hdf5-pywheel-310.dll": "binary",
        f"{data}/lib/hdf5-pywheel-310.lib": "import library",
        f"{data}/lib/pkgconfig/hdf5-pywheel.pc": "pc",
        f"{data}/include/hdf5-pywheel/hdf5.h": "header",
    }
    wheel = tmp_path / f"{tag.wheel_stem}-py3-none-win_amd64.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in texts.items():
            archive.writestr(name, text)
    made = required.unpacked(wheel, tag, tmp_path / "unpacked")
    required.write_prefix([made], tmp_path / "requires")
    assert listing(tmp_path / "requires") == {
        "bin/hdf5-pywheel-310.dll": "binary",
        "lib/hdf5-pywheel-310.lib": "import library",
        "lib/hdf5.lib": "import library",
        "lib/pkgconfig/hdf5-pywheel.pc": "pc",
        "lib/pkgconfig/hdf5.pc": "pc",
        "include/hdf5-pywheel/hdf5.h": "header",
        "include/hdf5.h": "header",
    }


def test_the_digests_are_of_what_the_build_sees(openmp: LibraryWheel) -> None:
    before = required.installed(openmp).digests
    (openmp.site / "openmp_pywheel" / "more.py").write_text("")
    assert required.installed(openmp).digests == before
    next(iter(openmp.libraries.values())).write_text("other")
    after = required.installed(openmp).digests
    assert after.keys() == before.keys()
    assert [name for name in before if before[name] != after[name]] == ["lib/libomp-pywheel-5.so"]


def test_a_plain_name_makes_a_difference_to_a_build(openmp: LibraryWheel) -> None:
    wheel = required.installed(openmp)
    links = {name: goal for name, goal in wheel.digests.items() if goal.startswith("->")}
    assert links == {
        "include/header.h": "-> include/openmp-pywheel/header.h",
        "lib/libomp.so": "-> lib/libomp-pywheel-5.so",
        "lib/pkgconfig/omp.pc": "-> lib/pkgconfig/omp-pywheel.pc",
    }
    other = replace(wheel.constants, plain={"lib/libgomp.so": "lib/libomp-pywheel-5.so"})
    assert replace(wheel, constants=other).digests != wheel.digests


def test_the_prefix_has_plain_names_too(tmp_path: Path, openmp: LibraryWheel) -> None:
    required.write_prefix([required.installed(openmp)], tmp_path / "requires")
    names = {str(p.relative_to(tmp_path / "requires")) for p in (tmp_path / "requires").rglob("*")}
    assert {"lib/libomp-pywheel-5.so", "lib/libomp.so"} <= names
    assert {"include/openmp-pywheel/header.h", "include/header.h"} <= names
    assert (tmp_path / "requires/lib/libomp.so").read_bytes() == b"elf"
    assert (tmp_path / "requires/include/header.h").read_text() == "/* header */\n"


def test_the_prefix_leads_nowhere_else(tmp_path: Path, openmp: LibraryWheel) -> None:
    """An upstream's build may write there: what is installed stays as it is."""
    folder = tmp_path / "requires"
    required.write_prefix([required.installed(openmp)], folder)
    for path in folder.rglob("*"):
        assert path.resolve().is_relative_to(folder)
        if path.is_file():
            path.write_bytes(b"changed")
    assert next(iter(openmp.libraries.values())).read_bytes() == b"elf"


def test_no_two_can_have_one_plain_name(tmp_path: Path, openmp: LibraryWheel) -> None:
    other = Tag("other", "2.0", "1", 0)
    site = install_library_wheel(tmp_path / "second", other, {"other": b""})
    wheels = [required.installed(openmp), required.installed(found(site, "other"))]
    message = "openmp 19.1.7 and other 2.0 both have include/header.h: no build can use both"
    with pytest.raises(BuildError, match=message):
        required.write_prefix(wheels, tmp_path / "requires")


def test_no_two_can_have_one_name_of_their_own(tmp_path: Path, openmp: LibraryWheel) -> None:
    one = required.installed(openmp)
    text = write(tmp_path / "x.pc", "")
    name = PurePosixPath("lib/pkgconfig/x-pywheel.pc")
    wheels = [replace(one, files={name: text}), replace(one, version="20", files={name: text})]
    message = f"openmp 19.1.7 and openmp 20 both have {name}: no build can use both"
    with pytest.raises(BuildError, match=message):
        required.write_prefix(wheels, tmp_path / "requires")


OUTSIDE = "include/openmp-pywheel/../../../escaped"


def test_nothing_is_written_outside_the_prefix(tmp_path: Path, openmp: LibraryWheel) -> None:
    """By a line of RECORD, or by the plain name or its goal that the locator has."""
    record = openmp.package.info / "RECORD"
    record.write_text(record.read_text() + f"../../../{OUTSIDE},,\n")
    (tmp_path / "escaped").write_text("")  # where that is
    recorded = required.installed(found(openmp.site))
    whole = required.installed(openmp)
    absolute = str(tmp_path / "a1" / "escaped")
    plain = ({absolute: "lib/libomp.so"}, {"lib/../../escaped": "x"}, {"x": "../escaped"})
    said = (replace(whole, constants=replace(whole.constants, plain=names)) for names in plain)
    for number, wheel in enumerate((recorded, *said)):
        folder = tmp_path / f"a{number}" / "requires"
        with pytest.raises(BuildError, match=r"openmp 19\.1\.7 names '.*escaped', which would be"):
            required.write_prefix([wheel], folder)
        assert not list(folder.parent.rglob("escaped*"))


HEADERS = {
    "openblas/cblas.h": "32",
    "openblas/sub/a.h": "",
    "openblas64/cblas.h": "64",
    "more/cblas.h": "more",
    "more/sub/b.h": "",
    "top.h": "",
    "sub/top.h": "",
    "openmp-pywheel/top.h": "",
}
OFFER: Offer = {
    "file": "libomp-pywheel-5.so",
    "link": "omp-pywheel-5",
    "include": ".",
    "requires": [],
    "cflags": [],
    "libs": [],
    "conflicts": [],
}


def test_the_plain_names_are_the_locator_s(tmp_path: Path, openmp: LibraryWheel) -> None:
    """Those of the wheel's include folder, and of the libraries' that go together."""
    offers: dict[str, Offer] = {
        "one": {**OFFER, "include": "openblas", "conflicts": ["other"]},
        "other": {**OFFER, "include": "openblas64"},
        "more": {**OFFER, "include": "more"},
    }
    locator = openmp.site / "openmp_pywheel" / "__init__.py"
    text = locator.read_text()
    kept = [line for line in text.splitlines() if not line.startswith("OFFERS")]
    at = next(i for i, line in enumerate(kept) if line.startswith("REQUIRES"))
    locator.write_text("\n".join([*kept[:at], f"OFFERS: dict = {offers!r}", *kept[at:]]))
    record = openmp.package.info / "RECORD"
    names = [f"include/openmp-pywheel/{name}" for name in HEADERS]
    names.append("lib/pkgconfig/openmp-pywheel-19.1.7-0.pc")
    names.append("lib/pkgconfig/omp-pywheel.pc")
    names.append("lib/cmake/openmp-pywheel/openmp-pywheel-config.cmake")
    for name in names:
        header = HEADERS.get(name.removeprefix("include/openmp-pywheel/"), "")
        write(openmp.site.parents[2] / name, header)
    lines = "".join(f"../../../{name},,\n" for name in names)
    record.write_text(record.read_text() + lines)
    mine = tmp_path / "requires"
    required.write_prefix([required.installed(found(openmp.site))], mine)
    asked = (sys.executable, "-m", "openmp_pywheel", "prefix")
    variables = {"PYTHONPATH": str(openmp.site), "LIBWHEEL_CACHE": str(tmp_path / "cache")}
    done = subprocess.run(asked, env=variables, check=True, capture_output=True, text=True)
    assert listing(mine) == listing(Path(done.stdout.strip()))
    assert (mine / "include/cblas.h").read_text() == "more"
    assert not (mine / "include/sub/a.h").exists()


def listing(prefix: Path) -> dict[str, str]:
    """Return what the files of a prefix hold, also those that links lead to."""
    return {
        str(Path(folder, name).relative_to(prefix)): Path(folder, name).read_text()
        for folder, _, names in os.walk(prefix, followlinks=True)
        for name in names
    }


def test_what_is_no_library_wheel_is_not_found(tmp_path: Path) -> None:
    site = install(tmp_path, "openmp", {f"{SITE}/openmp.py": b""})
    assert library_wheels.among(packages.installed([site])) == ()
