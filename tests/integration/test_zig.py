"""What zig compiles, for real: the samples, the same bytes anywhere, and what can go wrong."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest

from environments import attempt, libwheel, run
from libwheel.binaries import elf, reading
from libwheel.guard import REFUSED
from libwheel.settings import environment
from libwheel.target import Target, parse
from libwheel.toolchains import zig
from libwheel.toolchains.zig_wrapper import linker
from sample_projects import WHOLE, make_sample
from unit.staged import write
from workbench import Bench, in_read_only_home, make_bench, on_small_disk

pytestmark = pytest.mark.compiles

GNU, MUSL, ARM = "x86_64-linux-gnu.2.17", "x86_64-linux-musl", "aarch64-linux-gnu.2.17"
PLATFORMS = {GNU: "manylinux_2_17_x86_64", MUSL: "musllinux_1_2_x86_64"}
SOURCE = "int answer(void) { return 42; }\n"


@pytest.fixture(scope="module", params=WHOLE)
def sample(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module", params=PLATFORMS)
def target(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def wheel(sample: str, target: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    recipe = make_sample(sample, folder).folder
    done = libwheel("build", recipe, "-C", f"target={target}", "-o", folder / "dist")
    assert done.returncode == 0, done.stdout
    (found,) = (folder / "dist").iterdir()
    return found


def test_each_build_system_makes_a_wheel_for_the_target(
    wheel: Path, target: str, tmp_path: Path
) -> None:
    assert wheel.name.endswith(f"-{PLATFORMS[target]}.whl")
    zipfile.ZipFile(wheel).extractall(tmp_path)
    libraries = [elf.read(path) for path in tmp_path.glob("*.data/data/lib/*.so")]
    assert libraries
    for binary in libraries:
        assert {symbol.version for symbol in binary.exports} <= {binary.version_nodes[-1]}
        assert not {"libm.so.6"} & set(binary.needed)
    runtime = {name for binary in libraries for name in binary.needed if "pywheel" not in name}
    assert runtime <= ({"libc.so"} if target == MUSL else {"libc.so.6"})
    if target == GNU:  # musl's are run where musl is
        code = "import ctypes, sys; print(ctypes.CDLL(sys.argv[1]).answer_number())"
        (path,) = tmp_path.glob("*.data/data/lib/libanswer-pywheel-1.so")
        assert run(sys.executable, "-c", code, path).strip() == "42"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    found = make_bench(tmp_path, "cmake-answer")
    share_zig_cache(found)
    return found


def share_zig_cache(bench: Bench) -> None:
    bench.cache.mkdir()
    (bench.cache / "zig").symlink_to(Path(os.environ["LIBWHEEL_CACHE"], "zig").resolve())


@pytest.mark.parametrize("name", [GNU, "aarch64-macos.11", "x86_64-windows"])
def test_the_same_bytes_in_another_folder_with_other_jobs(bench: Bench, name: str) -> None:
    found = []
    for place, jobs in (("a", "1"), ("deeper/and/elsewhere", "4")):
        words = (f"target={name}", f"jobs={jobs}", f"work-dir={bench.root / place}")
        done = bench.build(*(word for setting in words for word in ("-C", setting)))
        assert done.returncode == 0, done.stdout
        (wheel,) = bench.wheels()
        found.append(contents(wheel))
        wheel.unlink()
    assert found[0] == found[1]


def contents(wheel: Path) -> dict[str, str]:
    with zipfile.ZipFile(wheel) as archive:
        digests = {name: sha256(archive.read(name)).hexdigest() for name in archive.namelist()}
    return {**digests, wheel.name: sha256(wheel.read_bytes()).hexdigest()}


def test_a_plan_is_a_script_that_builds(bench: Bench, tmp_path: Path) -> None:
    """It says how zig comes to be on PATH; the programs of the build system are there."""
    place = ("-C", f"target={GNU}", "-C", f"work-dir={tmp_path / 'w'}")
    script = libwheel("plan", bench.sample.folder, *place, variables=bench.variables)
    (tmp_path / "plan.sh").write_text(script.stdout, "utf-8")
    fetch = libwheel(
        *("fetch", bench.sample.folder, "--unpack", tmp_path / "w/source", "-C", f"target={GNU}"),
        variables=bench.variables,
    )
    assert (script.returncode, fetch.returncode) == (0, 0), script.stdout + fetch.stdout
    [zig_on_path] = re.findall(r"^#   (export PATH=.*)$", script.stdout, re.MULTILINE)
    variables = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    run("sh", "-c", f'{zig_on_path}; sh "$0"', tmp_path / "plan.sh", variables=variables)
    installed = tmp_path / "w/destination/usr/local/lib/libanswer.so.1.2.3"
    assert elf.read(installed).soname == "libanswer.so.1"


def test_without_home(bench: Bench) -> None:
    done = bench.build("-C", f"target={GNU}", HOME="")
    assert done.returncode == 0, done.stdout


def test_a_home_that_is_read_only(bench: Bench) -> None:
    """Nothing is written to it but the cache, where that is not elsewhere."""
    setting = ("-C", f"target={GNU}")
    nowhere = in_read_only_home(bench, *setting, LIBWHEEL_CACHE="", XDG_CACHE_HOME="")
    assert nowhere.returncode == 1
    cache = bench.root / "home/.cache/libwheel"
    text = f"cannot write to {cache}/logs: it is read-only; LIBWHEEL_CACHE names another folder"
    assert text in nowhere.stdout
    assert "Traceback" not in nowhere.stdout
    elsewhere = in_read_only_home(bench, *setting)
    assert elsewhere.returncode == 0, elsewhere.stdout
    assert len(bench.wheels()) == 1


def test_a_native_compiler_that_is_named_is_not_used(bench: Bench) -> None:
    done = bench.build("-C", f"target={GNU}", CC="no-such-compiler")
    assert done.returncode == 0, done.stdout
    assert "CC and CXX name native compilers and are not used: zig compiles" in done.stdout


def test_the_cache_is_full(tmp_path: Path) -> None:
    bench = make_bench(tmp_path, "cmake-answer")
    done, _ = on_small_disk(bench, bench.cache, "1m", "-C", f"target={ARM}", "-C", "launcher=none")
    assert done.returncode == 1
    assert f"cannot write to {bench.cache / 'zig'}: the disk is full" in done.stdout
    assert "LIBWHEEL_CACHE names another folder for the cache" in done.stdout


def test_a_cache_that_is_no_folder(bench: Bench) -> None:
    (bench.cache / "zig").unlink()
    write(bench.cache / "zig", "")
    done = bench.build("-C", f"target={GNU}")
    assert done.returncode == 1
    text = f"cannot write to {bench.cache / 'zig'}: a part of the path is no folder; LIBWHEEL_CACHE"
    assert text in done.stdout


def test_a_source_that_needs_fortran_is_refused_before_it_compiles(bench: Bench) -> None:
    bench.edit('sha256 = "', 'programs = ["gfortran"]\nsha256 = "')
    done = bench.build("-C", f"target={GNU}")
    assert done.returncode == REFUSED
    assert "needs gfortran, which zig does not have" in done.stdout
    assert "configure" not in done.stdout


def parsed(name: str) -> Target:
    found = parse(name)
    assert found
    return found


class Compiler:
    """The script `cc` of a target, and zig itself, in a folder with something to compile."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.target = folder, parsed(name)
        found = zig.find(environment(os.environ), self.target, {"answer": "libanswer-x.so"})
        for file, text in found.files.items():
            write(folder / "toolchain" / file, text).chmod(0o755)
        (folder / "answer.c").write_text(SOURCE, "utf-8")
        places = [str(program.path.parent) for program in found.programs]
        self.variables = {"PATH": ":".join([*places, os.environ["PATH"]])}

    def cc(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the script."""
        return self._run(self.folder / "toolchain/cc", *words)

    def zig(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run zig as it is."""
        start = ("zig", "cc", "-target", zig.zig_name(self.target), "-O2", "-g0")
        return self._run(*start, *words)

    def _run(self, *argv: str | Path) -> subprocess.CompletedProcess[str]:
        return attempt(*argv, cwd=self.folder, variables=self.variables)


@pytest.fixture(scope="module")
def gnu(tmp_path_factory: pytest.TempPathFactory) -> Compiler:
    return Compiler(tmp_path_factory.mktemp("gnu"), GNU)


@pytest.fixture(scope="module")
def arm(tmp_path_factory: pytest.TempPathFactory) -> Compiler:
    return Compiler(tmp_path_factory.mktemp("arm"), ARM)


LINK = ("-shared", "-fPIC", "-o", "libanswer.so", "answer.c")


@pytest.mark.parametrize("option", sorted(linker._INSTEAD))  # noqa: SLF001 - the table itself
def test_zig_refuses_what_we_refuse(gnu: Compiler, option: str) -> None:
    word = f"-Wl,{option},answer" if option in linker.WITH_VALUE else f"-Wl,{option}"
    assert gnu.zig(*LINK, word).returncode != 0
    refused = gnu.cc(*LINK, word)
    assert refused.returncode == 1
    assert refused.stdout.startswith(f"cc: error: zig: no linker option {option}: ")


@pytest.mark.parametrize(
    "word",
    [
        *("-Wl,--icf=all", "-Wl,--threads=2", "-Wl,-z,separate-code", "-Wl,-Map,x.map"),
        *("-Wl,--warn-common", "-Wl,-t", "-Wl,--cref", "-Wl,--no-copy-dt-needed-entries"),
        *("-Wl,-O1", "-Wl,-rpath-link,/x", "-static-libgcc", "-fuse-ld=bfd", "-flto=auto"),
    ],
)
def test_zig_warns_of_hints_and_the_script_takes_them(gnu: Compiler, word: str) -> None:
    alone = gnu.zig(*LINK, word)
    assert alone.returncode or alone.stdout
    taken = gnu.cc(*LINK, word)
    assert (taken.returncode, taken.stdout) == (0, "")


def test_zig_takes_mtune_for_march_and_the_script_does_not(gnu: Compiler) -> None:
    words = ("-dM", "-E", "-mtune=haswell", "answer.c")
    assert "__AVX2__" in gnu.zig(*words).stdout
    assert "__AVX2__" not in gnu.cc(*words).stdout
    assert "__AVX2__" in gnu.cc("-dM", "-E", "-march=core-avx2", "answer.c").stdout


@pytest.mark.parametrize(
    "name",
    [
        *("x86-64", "x86-64-v2", "x86-64-v3", "x86-64-v4", "nocona", "core2", "nehalem", "atom"),
        *("westmere", "corei7", "corei7-avx", "sandybridge", "core-avx-i", "ivybridge", "haswell"),
        *("core-avx2", "broadwell", "skylake", "skylake-avx512", "icelake-client", "cascadelake"),
        *("icelake-server", "sapphirerapids", "goldmont-plus", "alderlake", "k8-sse3", "btver2"),
        *("amdfam10", "bdver4", "znver1", "znver4"),
    ],
)
def test_processors_that_gcc_knows(gnu: Compiler, name: str) -> None:
    done = gnu.cc("-c", f"-march={name}", "answer.c")
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize(
    "word",
    [
        *("-march=armv8-a", "-march=armv8.2-a+sve", "-march=armv8.2-a+fp16+dotprod+rdma"),
        *("-march=armv8.5-a+sve2+bf16+rng+memtag", "-march=armv8-a+crc+crypto", "-march=armv9-a"),
        *("-march=armv9-a+sve2-aes+sve2-sha3+sve2-sm4+sve2-bitperm", "-march=armv8-a+nosimd"),
        *("-mcpu=cortex-a53", "-mcpu=neoverse-n1", "-mcpu=neoverse-v1", "-mcpu=neoverse-n2"),
        *("-mcpu=zeus", "-mcpu=apple-m1", "-mcpu=a64fx", "-mcpu=neoverse-n1+nocrypto"),
        *("-mcpu=thunderx2t99", "-mtune=cortex-a72"),
    ],
)
def test_processors_of_aarch64(arm: Compiler, word: str) -> None:
    done = arm.cc("-c", word, "answer.c")
    assert (done.returncode, done.stdout) == (0, "")


def test_several_version_scripts(gnu: Compiler) -> None:
    write(gnu.folder / "a.map", "A_1 { };")
    write(gnu.folder / "b.map", "B_1 { global: answer; missing; local: *; };")
    scripts = ("-Wl,--version-script=a.map", "-Wl,--version-script,b.map")
    done = gnu.cc(*LINK, *scripts)
    assert (done.returncode, done.stdout) == (0, "")
    assert set(elf.read(gnu.folder / "libanswer.so").version_nodes) == {"A_1", "B_1"}


def test_archives_are_the_same_at_any_time(gnu: Compiler) -> None:
    assert gnu.cc("-c", "answer.c").returncode == 0
    found = []
    for time in (1, 10**9):
        os.utime(gnu.folder / "answer.o", (time, time))
        run(
            gnu.folder / "toolchain/ar",
            "rc",
            "x.a",
            "answer.o",
            cwd=gnu.folder,
            variables=gnu.variables,
        )
        run(gnu.folder / "toolchain/ranlib", "x.a", cwd=gnu.folder, variables=gnu.variables)
        found.append((gnu.folder / "x.a").read_bytes())
        (gnu.folder / "x.a").unlink()
    assert found[0] == found[1]


def test_nothing_of_the_machine_is_included_or_linked(gnu: Compiler) -> None:
    (gnu.folder / "uses.c").write_text("#include <zlib.h>\n", "utf-8")
    done = gnu.cc("-c", "uses.c")
    assert "'zlib.h' file not found" in done.stdout
    assert 'unable to find dynamic system library "z"' in gnu.cc(*LINK, "-lz").stdout


def test_a_dll_exports_nothing_of_the_c_runtime(tmp_path: Path) -> None:
    """One that declares no exports exports everything, of zig's own objects too."""
    windows = Compiler(tmp_path, "x86_64-windows")
    assert windows.zig("-shared", "-o", "zigs.dll", "answer.c").returncode == 0
    assert "atexit" in {symbol.name for symbol in reading.read(tmp_path / "zigs.dll").exports}
    for name in ("ours.dll", "answer.dll"):  # the second gets a name when it is linked
        done = windows.cc("-shared", "-o", name, "answer.c")
        assert (done.returncode, done.stdout) == (0, "")
        binary = reading.read(tmp_path / name)
        assert {symbol.name for symbol in binary.exports} == {"answer"}
