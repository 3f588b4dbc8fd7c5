"""Consumers' wheels, repaired: small extensions against a small library wheel, for real."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

import mapped
from environments import libwheel, make_venv, run
from extensions import library_wheel
from libwheel.binaries import elf
from libwheel.binaries.binary import Binary
from libwheel.consumer.repair import wheel_file
from libwheel.wheel import Member
from wheel_files import (
    EXT_SUFFIX,
    INFO,
    PROGRAM,
    TAG,
    Host,
    compile_c,
    compile_extension,
    contents,
    install,
    make_wheel,
)

pytestmark = pytest.mark.compiles

LIBRARY = "libanswer-pywheel-1.so"
DATA = "guest-1.0.data"

_TOLD = f"""
import importlib, json, sys
{mapped.SOURCE}
told = [importlib.import_module(name).told() for name in sys.argv[1:]]
print(json.dumps([told, mapped("libanswer")]))
"""


@dataclass(frozen=True)
class Bench:
    """A library wheel, the prefix that it is installed in, and how to link against it."""

    library_wheel: Path
    host: Host
    work: Path

    @property
    def flags(self) -> tuple[str, ...]:
        """Link as builds do that write the folders of the build into the result."""
        lib = self.host.prefix / "lib"
        return (f"-L{lib}", "-lanswer-pywheel-1", f"-Wl,-rpath,/build/time/lib:{lib}:")

    def extension(self, module: str, *more: str | Path) -> bytes:
        return compile_extension(self.work, module, *more, *self.flags)

    def repair(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return libwheel("repair", *arguments, variables=self.host.variables)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    folder = tmp_path_factory.mktemp("repair")
    wheel = library_wheel("make-answer", folder)
    return Bench(wheel, install(wheel, folder / "host"), folder / "work")


@pytest.fixture(scope="module")
def everywhere(bench: Bench) -> list[Member]:
    """Return files at every kind of place that a wheel has."""
    program = compile_c(bench.work, "tool", PROGRAM, *bench.flags)
    return [
        Member(f"guest/sub/deep/_deep{EXT_SUFFIX}", bench.extension("_deep")),
        Member(f"guest/_shallow{EXT_SUFFIX}", bench.extension("_shallow")),
        Member(f"_top{EXT_SUFFIX}", bench.extension("_top")),
        Member(f"{DATA}/platlib/guest/_scheme{EXT_SUFFIX}", bench.extension("_scheme")),
        Member(f"{DATA}/scripts/guest-tool", program, executable=True),
        Member(f"{DATA}/data/libexec/guest/tool", program, executable=True),
        Member("guest/__init__.py", b""),
        Member("guest/data.txt", b"not a program"),
    ]


PATHS = {
    f"guest/sub/deep/_deep{EXT_SUFFIX}": "$ORIGIN/../../../../../../lib",
    f"guest/_shallow{EXT_SUFFIX}": "$ORIGIN/../../../../lib",
    f"_top{EXT_SUFFIX}": "$ORIGIN/../../../lib",
    f"{DATA}/platlib/guest/_scheme{EXT_SUFFIX}": "$ORIGIN/../../../../lib",
    f"{DATA}/scripts/guest-tool": "$ORIGIN/../lib",
    f"{DATA}/data/libexec/guest/tool": "$ORIGIN/../../lib",
}
MODULES = ("guest.sub.deep._deep", "guest._shallow", "_top", "guest._scheme")


@pytest.fixture(scope="module")
def wheel(bench: Bench, everywhere: list[Member]) -> Path:
    return make_wheel(bench.work / "dist", everywhere, build="7")


@pytest.fixture(scope="module")
def repaired(bench: Bench, wheel: Path) -> Path:
    before = wheel.read_bytes()
    done = bench.repair(wheel, "-o", bench.work / "wheelhouse")
    assert done.returncode == 0, done.stdout
    assert wheel.read_bytes() == before
    return Path(done.stdout.splitlines()[-1])


def binaries(wheel: Path) -> dict[str, Binary]:
    found = ((name, elf.read_any(data, name)) for name, data in contents(wheel).items())
    return {name: binary for name, binary in found if binary}


def test_every_place_gets_its_own_way_to_the_library(repaired: Path) -> None:
    found = {name: (b.rpath, b.runpath) for name, b in binaries(repaired).items()}
    assert found == {name: ((path,), ()) for name, path in PATHS.items()}


def test_the_files_are_those_of_the_wheel(wheel: Path, repaired: Path) -> None:
    before, after = contents(wheel), contents(repaired)
    assert after.keys() == before.keys()
    other = {name for name in before if before[name] != after[name]}
    assert other == {*PATHS, f"{INFO}/METADATA", f"{INFO}/WHEEL", f"{INFO}/RECORD"}


def test_modes_times_and_record(repaired: Path) -> None:
    assert wheel_file.read(repaired).members  # its RECORD is right
    with zipfile.ZipFile(repaired) as archive:
        listed = archive.infolist()
    assert {info.date_time for info in listed} == {(1980, 1, 1, 0, 0, 0)}
    executable = {info.filename for info in listed if (info.external_attr >> 16) & 0o111}
    assert executable == {f"{DATA}/scripts/guest-tool", f"{DATA}/data/libexec/guest/tool"}


def test_the_metadata_requires_the_library_wheel(repaired: Path) -> None:
    assert contents(repaired)[f"{INFO}/METADATA"] == (
        b"Metadata-Version: 2.1\nName: guest\nVersion: 1.0\nRequires-Dist: answer-make~=1.2.3\n"
        b"\nAbout it.\n"
    )


def test_the_platform_is_what_auditwheel_proves(repaired: Path) -> None:
    interpreter, _, arch = TAG.rpartition("-")
    assert repaired.name.startswith(f"guest-1.0-7-{interpreter}-")
    assert any(p.startswith("manylinux_2_") for p in platforms(repaired))
    assert tags(repaired) == {f"{interpreter}-{p}" for p in platforms(repaired)}
    assert all(p.endswith(arch.removeprefix("linux")) for p in platforms(repaired))


def platforms(wheel: Path) -> list[str]:
    return wheel.stem.rpartition("-")[2].split(".")


def tags(wheel: Path) -> set[str]:
    lines = contents(wheel)[f"{INFO}/WHEEL"].decode().splitlines()
    return {line.removeprefix("Tag: ") for line in lines if line.startswith("Tag: ")}


def test_the_platform_is_lifted_to_the_library_wheels(
    bench: Bench, wheel: Path, tmp_path: Path
) -> None:
    interpreter, _, arch = TAG.rpartition("-")
    platform = f"manylinux_2_99{arch.removeprefix('linux')}"
    host = retagged(bench.host, tmp_path / "host", platform)
    done = libwheel("repair", wheel, "-o", tmp_path / "out", variables=host.variables)
    assert f"  platform: {platform}\n" in done.stdout
    [made] = (tmp_path / "out").iterdir()
    assert made.name == f"guest-1.0-7-{interpreter}-{platform}.whl"
    assert tags(made) == {f"{interpreter}-{platform}"}
    again = libwheel("repair", "--check", made, variables=host.variables)
    assert again.returncode == 0


RANDOM = """
#include <sys/random.h>
int private_number(void) { char byte; return getrandom(&byte, 1, 0) > 0; }
"""  # which glibc has since 2.25


def test_a_platform_that_is_too_low_does_not_stay(bench: Bench, tmp_path: Path) -> None:
    interpreter, _, arch = TAG.rpartition("-")
    low = f"manylinux_2_17{arch.removeprefix('linux')}"
    source = tmp_path / "random.c"
    source.write_text(RANDOM)
    extension = bench.extension("_it", "-DPRIVATE", source)
    files = [Member(f"guest/_it{EXT_SUFFIX}", extension)]
    host = retagged(bench.host, tmp_path / "host", low)
    wheel = make_wheel(tmp_path / "dist", files, tag=f"{interpreter}-{low}")
    done = libwheel("repair", wheel, "-o", tmp_path / "out", variables=host.variables)
    assert done.returncode == 0, done.stdout
    [made] = (tmp_path / "out").iterdir()
    assert all(int(p.split("_")[2]) >= 25 for p in platforms(made))
    assert tags(made) == {f"{interpreter}-{p}" for p in platforms(made)}
    again = libwheel("repair", "--check", made, variables=host.variables)
    assert again.returncode == 0


def retagged(host: Host, prefix: Path, platform: str) -> Host:
    """Copy the host's prefix; its library wheel has another platform tag there."""
    shutil.copytree(host.prefix, prefix)
    copy = Host(prefix)
    [described] = copy.site.glob("answer_make-*.dist-info/WHEEL")
    lines = [line for line in described.read_text().splitlines() if not line.startswith("Tag")]
    described.write_text("\n".join([*lines, f"Tag: py3-none-{platform}", ""]))
    return copy


def test_it_says_what_it_does(bench: Bench, wheel: Path, tmp_path: Path) -> None:
    done = bench.repair(wheel, "-o", tmp_path)
    name = f"guest/_shallow{EXT_SUFFIX}"
    assert f"* repair {wheel.name}\n" in done.stdout
    [line] = (line for line in done.stdout.splitlines() if name in line)
    assert ": RPATH $ORIGIN/../../../../lib (was: RUNPATH /build/time/lib:" in line
    assert "  Requires-Dist: answer-make~=1.2.3\n" in done.stdout


def test_exact(bench: Bench, wheel: Path, tmp_path: Path) -> None:
    done = bench.repair("--exact", wheel, "-o", tmp_path)
    assert "Requires-Dist: answer-make==1.2.3\n" in done.stdout
    [made] = tmp_path.iterdir()
    assert b"Requires-Dist: answer-make==1.2.3\n" in contents(made)[f"{INFO}/METADATA"]
    assert bench.repair("--check", made).returncode == 0


def test_repairing_twice_changes_nothing(bench: Bench, repaired: Path, tmp_path: Path) -> None:
    done = bench.repair(repaired, "-o", tmp_path)
    assert (done.returncode, "nothing to repair" in done.stdout) == (0, True)
    assert (tmp_path / repaired.name).read_bytes() == repaired.read_bytes()


def test_the_same_input_gives_the_same_bytes(
    bench: Bench, wheel: Path, repaired: Path, tmp_path: Path
) -> None:
    assert bench.repair(wheel, "-o", tmp_path).returncode == 0
    assert (tmp_path / repaired.name).read_bytes() == repaired.read_bytes()


def test_check_only_reports(bench: Bench, wheel: Path, repaired: Path, tmp_path: Path) -> None:
    done = bench.repair("--check", wheel, "-o", tmp_path / "none")
    assert done.returncode == 1
    assert "Requires-Dist: answer-make~=1.2.3" in done.stdout
    again = bench.repair("--check", repaired, "-o", tmp_path / "none")
    assert (again.returncode, "nothing to repair" in again.stdout) == (0, True)
    assert not any(tmp_path.iterdir())


def told_by(python: Path, **variables: str) -> tuple[list[int], list[str]]:
    """Import every module in one process; return what they said and the copies it has mapped."""
    outside = {"PYTHONPATH": "", "LD_LIBRARY_PATH": "", **variables}
    told, paths = json.loads(run(python, "-c", _TOLD, *MODULES, variables=outside))
    return told, paths


def test_in_a_venv_one_copy_is_mapped(bench: Bench, repaired: Path, tmp_path: Path) -> None:
    venv = make_venv(tmp_path / "a präfix")
    venv.install(bench.library_wheel)
    venv.install(repaired)
    assert told_by(venv.python) == ([42] * 4, [str(venv.root / "lib" / LIBRARY)])
    assert run(venv.bin / "guest-tool") == "42\n"
    assert run(venv.root / "libexec" / "guest" / "tool") == "42\n"


def test_in_user_site(bench: Bench, repaired: Path, tmp_path: Path) -> None:
    base = {"PYTHONUSERBASE": str(tmp_path), "PIP_BREAK_SYSTEM_PACKAGES": "1"}
    outside = Path(sys.base_prefix) / "bin" / "python3"
    wheels = (bench.library_wheel, repaired)
    options = ("--quiet", "--user", "--no-deps", "--no-index")
    pip = (sys.executable, "-m", "pip", "--python", outside)
    run(*pip, "install", *options, *wheels, variables=base)
    assert told_by(outside, **base) == ([42] * 4, [str(tmp_path / "lib" / LIBRARY)])


def test_in_a_prefix_also_with_lib64(bench: Bench, repaired: Path, tmp_path: Path) -> None:
    host = install(bench.library_wheel, tmp_path)
    install(repaired, tmp_path)
    python, library = Path(sys.executable), str(tmp_path / "lib" / LIBRARY)
    assert told_by(python, PYTHONPATH=str(host.site)) == ([42] * 4, [library])
    moved = tmp_path / "lib64" / host.site.parent.name
    moved.parent.mkdir()
    host.site.parent.rename(moved)
    site = str(moved / "site-packages")
    assert told_by(python, PYTHONPATH=site) == ([42] * 4, [library])


PRIVATE = "int private_number(void) { return 100; }\n"
NESTED = "int answer_number(void); int private_number(void) { return 58 + answer_number(); }\n"


def test_what_auditwheel_grafts_is_kept(bench: Bench, tmp_path: Path) -> None:
    """Also where the archive's folders are not those of the environment, and one level down."""
    make_private(tmp_path, "libalone.so.1", PRIVATE)
    make_private(tmp_path, "libnested.so.1", NESTED, *bench.flags)
    linked = ("-DPRIVATE", f"-L{tmp_path}", f"-Wl,-rpath,{tmp_path}")
    files = [
        Member(f"guest/_a{EXT_SUFFIX}", bench.extension("_a", *linked, "-l:libalone.so.1")),
        Member(
            f"{DATA}/platlib/guest/_b{EXT_SUFFIX}",
            bench.extension("_b", *linked, "-l:libnested.so.1"),
        ),
        Member("guest/__init__.py", b""),
    ]
    done = bench.repair(make_wheel(tmp_path / "dist", files), "-o", tmp_path / "out")
    assert done.returncode == 0, done.stdout
    [made] = (tmp_path / "out").iterdir()
    grafted = sorted(name for name in contents(made) if name.startswith("guest.libs/"))
    assert [name.partition("-")[0] for name in grafted] == [
        "guest.libs/libalone",
        "guest.libs/libnested",
    ]
    paths = {name: binary.rpath for name, binary in binaries(made).items()}
    ours = "$ORIGIN/../../../../lib"
    assert ours in paths.pop(grafted[1])  # some auditwheels lead it to its own folder as well
    assert paths == {
        grafted[0]: (),
        f"guest/_a{EXT_SUFFIX}": ("$ORIGIN/../guest.libs", ours),
        f"{DATA}/platlib/guest/_b{EXT_SUFFIX}": ("$ORIGIN/../guest.libs", ours),
    }
    again = bench.repair(made, "-o", tmp_path / "again")
    assert "nothing to repair" in again.stdout
    assert (tmp_path / "again" / made.name).read_bytes() == made.read_bytes()
    venv = make_venv(tmp_path / "venv")
    venv.install(bench.library_wheel)
    venv.install(made)
    told = "import guest._a as a, guest._b as b; print(a.told(), b.told())"
    assert venv.ask("-c", told) == "142 142"


def make_private(folder: Path, name: str, source: str, *flags: str | Path) -> None:
    compile_c(folder, name, source, "-shared", f"-Wl,-soname,{name}", *flags)


def test_a_librarys_way_out_of_the_data_folder_cannot_be(bench: Bench, tmp_path: Path) -> None:
    make_private(tmp_path, "libalone.so.1", PRIVATE)
    flags = (
        *bench.flags,
        f"-L{tmp_path}",
        f"-Wl,-rpath,{tmp_path}",
        "-Wl,--no-as-needed",
        "-l:libalone.so.1",
    )
    program = compile_c(tmp_path, "tool", PROGRAM, *flags)
    wheel = make_wheel(tmp_path / "dist", [Member(f"{DATA}/data/libexec/tool", program)])
    done = bench.repair(wheel, "-o", tmp_path / "out")
    assert done.returncode == 1
    assert f"{DATA}/data/libexec/tool needs libalone-" in done.stdout
    assert "no RPATH leads to from there" in done.stdout


def test_other_paths_of_the_build_go_too(bench: Bench, tmp_path: Path) -> None:
    """From files that need no library wheel; what leads to a folder of the wheel stays."""
    own = "int own_number(void) { return 1; }\n"
    make_private(tmp_path, "libown.so", own)
    paths = "-Wl,-rpath,$ORIGIN/.own:/build/lib:$ORIGIN/gone:$ORIGIN/../../../../../../outside"
    user = compile_c(tmp_path, "user.so", own, "-shared", paths, "-Wl,--enable-new-dtags")
    files = [
        Member(f"guest/_it{EXT_SUFFIX}", bench.extension("_it")),
        Member("guest/.own/libown.so", (tmp_path / "libown.so").read_bytes()),
        Member("guest/user.so", user),
    ]
    bench.repair(make_wheel(tmp_path / "dist", files), "-o", tmp_path / "out")
    [made] = (tmp_path / "out").iterdir()
    found = binaries(made)["guest/user.so"]
    assert (found.rpath, found.runpath) == ((), ("$ORIGIN/.own",))


def test_a_path_with_a_space_and_an_umlaut(bench: Bench, wheel: Path, tmp_path: Path) -> None:
    place = tmp_path / "space and ä"
    place.mkdir()
    shutil.copy(wheel, place)
    done = bench.repair(place / wheel.name, "-o", place / "out ö")
    assert done.returncode == 0, done.stdout
    [made] = (place / "out ö").iterdir()
    assert done.stdout.splitlines()[-1] == str(made)


# What cannot be repaired, or need not be.


def refused(done: subprocess.CompletedProcess[str], outdir: Path) -> str:
    """Return what was said where nothing was written."""
    assert done.returncode == 1
    assert "Traceback" not in done.stdout
    assert not outdir.exists()
    return done.stdout


def test_not_installed(wheel: Path, tmp_path: Path) -> None:
    done = libwheel("repair", wheel, "-o", tmp_path / "out")
    said = refused(done, tmp_path / "out")
    assert f"built against {LIBRARY}, of a library wheel that is not installed" in said
    assert "python -m pip install answer-make)" in said


def test_installed_without_its_library(bench: Bench, wheel: Path, tmp_path: Path) -> None:
    options = ("--quiet", "--no-deps", "--no-index")
    target = tmp_path / "target"
    run(sys.executable, "-m", "pip", "install", *options, "--target", target, bench.library_wheel)
    path = f"{os.environ['PYTHONPATH']}{os.pathsep}{target}"
    done = libwheel("repair", wheel, "-o", tmp_path / "out", variables={"PYTHONPATH": path})
    assert f"is installed without its lib/{LIBRARY}" in refused(done, tmp_path / "out")


def test_an_untagged_library(bench: Bench, tmp_path: Path) -> None:
    plain = "int answer_number(void) { return 41; }\n"
    make_private(tmp_path, "libanswer_serial.so.1", plain)
    flags = (f"-L{tmp_path}", f"-Wl,-rpath,{tmp_path}", "-l:libanswer_serial.so.1")
    extension = compile_extension(tmp_path, "_plain", *flags)
    wheel = make_wheel(tmp_path / "dist", [Member(f"guest/_plain{EXT_SUFFIX}", extension)])
    said = refused(bench.repair(wheel, "-o", tmp_path / "out"), tmp_path / "out")
    assert "built against a plain libanswer_serial.so.1, not against answer-make 1.2.3" in said
    assert f"it takes 1 symbol from there that {LIBRARY} has (answer_number)" in said
    assert "answer-pywheel" in said
    assert '"$(python -m answer_make_pywheel prefix)"' in said
    assert "repair in an environment without answer-make" in said
    elsewhere = libwheel("repair", wheel, "-o", tmp_path / "out")
    assert "needs no library wheel: nothing to repair" in elsewhere.stdout


def test_an_untagged_library_behind_a_private_one(bench: Bench, tmp_path: Path) -> None:
    """It is seen once auditwheel has put both into the wheel."""
    make_private(tmp_path, "libanswer.so.1", "int answer_number(void) { return 41; }\n")
    here = (f"-L{tmp_path}", f"-Wl,-rpath,{tmp_path}")
    make_private(tmp_path, "libnested.so.1", NESTED, *here, "-l:libanswer.so.1")
    extension = bench.extension("_it", "-DPRIVATE", *here, "-l:libnested.so.1")
    wheel = make_wheel(tmp_path / "dist", [Member(f"guest/_it{EXT_SUFFIX}", extension)])
    said = refused(bench.repair(wheel, "-o", tmp_path / "out"), tmp_path / "out")
    assert "guest.libs/libnested-" in said
    assert "built against a plain libanswer-" in said


def test_another_abi(bench: Bench, tmp_path: Path) -> None:
    changed = bench.extension("_it").replace(b"libanswer-pywheel-1.so", b"libanswer-pywheel-2.so")
    wheel = make_wheel(tmp_path / "dist", [Member(f"guest/_it{EXT_SUFFIX}", changed)])
    said = refused(bench.repair(wheel, "-o", tmp_path / "out"), tmp_path / "out")
    assert "built against libanswer-pywheel-2.so, ABI 2; answer-make 1.2.3, which is" in said
    assert "has ABI 1: install the version" in said


def test_a_newer_library(bench: Bench, tmp_path: Path) -> None:
    changed = bench.extension("_it").replace(b"\0answer_number\0", b"\0answer_future\0")
    wheel = make_wheel(tmp_path / "dist", [Member(f"guest/_it{EXT_SUFFIX}", changed)])
    said = refused(bench.repair(wheel, "-o", tmp_path / "out"), tmp_path / "out")
    assert "built against a newer answer-make than 1.2.3" in said
    assert f"{LIBRARY} has no answer_future." in said


def test_another_architecture(bench: Bench, tmp_path: Path) -> None:
    image = bytearray(bench.extension("_it"))
    image[18] = 183 if image[18] != 183 else 62  # e_machine: AArch64, x86-64
    wheel = make_wheel(tmp_path / "dist", [Member(f"guest/_it{EXT_SUFFIX}", bytes(image))])
    said = refused(bench.repair(wheel, "-o", tmp_path / "out"), tmp_path / "out")
    assert "the wheel is for " in said
    assert "repair it on a machine of its kind" in said


def test_a_tag_of_another_architecture(bench: Bench, tmp_path: Path) -> None:
    own = TAG.rpartition("linux_")[2]
    other = "aarch64" if own != "aarch64" else "x86_64"
    files = [Member(f"guest/_it{EXT_SUFFIX}", bench.extension("_it"))]
    wheel = make_wheel(tmp_path / "dist", files, tag=TAG.replace(own, other))
    said = refused(bench.repair(wheel, "-o", tmp_path / "out"), tmp_path / "out")
    assert f"it is tagged for {other}, and holds binaries for {own} (guest/_it{EXT_SUFFIX})" in said
    assert "auditwheel" not in said


@pytest.mark.parametrize(
    ("platform", "system"),
    [
        ("macosx_11_0_arm64", "macOS"),
        ("win_amd64", "Windows"),
        ("musllinux_1_2_x86_64", "Linux with musl"),
    ],
)
def test_another_system(bench: Bench, tmp_path: Path, platform: str, system: str) -> None:
    wheel = make_wheel(tmp_path / "dist", [], tag=f"py3-none-{platform}")
    said = refused(bench.repair(wheel, "-o", tmp_path / "out"), tmp_path / "out")
    assert f"{wheel.name}: it is for {system}; libwheel repairs wheels for Linux with glibc" in said


def test_a_corrupt_wheel(bench: Bench, wheel: Path, tmp_path: Path) -> None:
    broken = tmp_path / wheel.name
    broken.write_bytes(wheel.read_bytes()[:-100])
    said = refused(bench.repair(broken, "-o", tmp_path / "out"), tmp_path / "out")
    assert f"{broken}: the archive is damaged" in said


def test_a_pure_wheel_has_nothing_to_repair(bench: Bench, tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path / "dist", [Member("guest.py", b"")], tag="py3-none-any")
    done = bench.repair(wheel, "-o", tmp_path / "out")
    assert done.returncode == 0
    assert "needs no library wheel: nothing to repair" in done.stdout
    assert (tmp_path / "out" / wheel.name).read_bytes() == wheel.read_bytes()
    checked = bench.repair("--check", wheel)
    assert (checked.returncode, checked.stdout.count("nothing to repair")) == (0, 1)


def test_a_library_wheel_has_nothing_to_repair(bench: Bench, tmp_path: Path) -> None:
    done = bench.repair(bench.library_wheel, "-o", tmp_path / "out")
    assert "needs no library wheel: nothing to repair" in done.stdout


def test_the_wheel_itself_stays_where_it_is(
    bench: Bench, repaired: Path, everywhere: list[Member], tmp_path: Path
) -> None:
    fit = tmp_path / repaired.name
    shutil.copy(repaired, fit)
    done = bench.repair(fit, "-o", tmp_path)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, str(fit))
    assert fit.read_bytes() == repaired.read_bytes()
    tag = repaired.stem.partition("-7-")[2]
    unfit = make_wheel(tmp_path / "same", everywhere, tag=tag)
    before = unfit.read_bytes()
    done = bench.repair(unfit, "-o", unfit.parent)
    assert done.returncode == 1
    assert "would be replaced by its repaired self: choose another --outdir" in done.stdout
    assert unfit.read_bytes() == before


def test_a_folder_that_cannot_be_written_to(bench: Bench, wheel: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = bench.repair(wheel, "-o", tmp_path / "file" / "out")
    assert done.returncode == 1
    assert f"cannot write to {tmp_path / 'file' / 'out'}: a part of the path is no folder" in (
        done.stdout
    )


def test_all_that_can_be_are_repaired(bench: Bench, wheel: Path, tmp_path: Path) -> None:
    gone = tmp_path / wheel.name.replace("guest", "gone")
    named = tmp_path / "guest.zip"
    named.write_bytes(b"")
    done = bench.repair(gone, wheel, named, "-o", tmp_path / "out")
    assert done.returncode == 1
    assert f"error: {gone} is not there" in done.stdout
    assert f"error: {named}: this is no wheel's name" in done.stdout
    assert len(list((tmp_path / "out").iterdir())) == 1


def test_what_auditwheel_says_is_shown(bench: Bench, tmp_path: Path) -> None:
    make_private(tmp_path, "libgone.so.1", PRIVATE)
    linked = ("-DPRIVATE", f"-L{tmp_path}", "-l:libgone.so.1")
    extension = bench.extension("_it", *linked)
    wheel = make_wheel(tmp_path / "dist", [Member(f"guest/_it{EXT_SUFFIX}", extension)])
    said = refused(bench.repair(wheel, "-o", tmp_path / "out"), tmp_path / "out")
    assert f"{wheel.name}: auditwheel cannot repair it:" in said
    assert 'library "libgone.so.1" could not be located' in said
    assert "  Name the folder of the library in LD_LIBRARY_PATH, where auditwheel looks" in said
    helped = {**bench.host.variables, "LD_LIBRARY_PATH": str(tmp_path)}
    again = libwheel("repair", wheel, "-o", tmp_path / "out", variables=helped)
    assert again.returncode == 0, again.stdout


def test_a_requirement_that_contradicts(
    bench: Bench, everywhere: list[Member], tmp_path: Path
) -> None:
    wheel = make_wheel(tmp_path / "dist", everywhere, requires=["Answer_Make>=2"])
    said = refused(bench.repair(wheel, "-o", tmp_path / "out"), tmp_path / "out")
    assert "METADATA requires Answer_Make>=2, and answer-make 1.2.3 is installed here" in said


def test_a_signature_is_dropped(bench: Bench, everywhere: list[Member], tmp_path: Path) -> None:
    signature = f"{INFO}/RECORD.jws"
    wheel = make_wheel(tmp_path / "dist", [*everywhere, Member(signature, b"{}")])
    done = bench.repair(wheel, "-o", tmp_path / "out")
    assert f"{signature}: dropped" in done.stdout
    [made] = (tmp_path / "out").iterdir()
    assert signature not in contents(made)


def test_a_plain_linux_library_wheel_makes_a_plain_linux_consumer(
    bench: Bench, wheel: Path, tmp_path: Path
) -> None:
    platform = TAG.rpartition("-")[2]
    host = retagged(bench.host, tmp_path / "host", platform)
    done = libwheel("repair", wheel, "-o", tmp_path / "out", variables=host.variables)
    assert done.returncode == 0, done.stdout
    assert f"warning: answer-make 1.2.3 is tagged {platform}, so the result is too" in done.stdout
    [made] = (tmp_path / "out").iterdir()
    assert made.name == wheel.name
    again = libwheel("repair", made, "-o", tmp_path / "again", variables=host.variables)
    assert "nothing to repair" in again.stdout


def test_source_date_epoch(bench: Bench, wheel: Path, tmp_path: Path) -> None:
    variables = {**bench.host.variables, "SOURCE_DATE_EPOCH": "1000000000"}
    assert libwheel("repair", wheel, "-o", tmp_path, variables=variables).returncode == 0
    [made] = tmp_path.iterdir()
    with zipfile.ZipFile(made) as archive:
        assert {info.date_time[:3] for info in archive.infolist()} == {(2001, 9, 9)}
