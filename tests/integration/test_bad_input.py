"""Whatever is wrong, it is told, there is no wheel, nothing is lost, and the next build works."""

from __future__ import annotations

import bz2
import os
import random
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import pytest

from environments import attempt, libwheel
from sample_projects import SAMPLES, TOP
from unit.source.loopback import Loopback, Resource, closed_port, loopback
from workbench import (
    PATIENCE,
    Bench,
    Done,
    make_bench,
    on_small_disk,
    processes_below,
    read_until,
    repack,
    stand_in,
    wait_until,
)

pytestmark = pytest.mark.compiles

NOISE = random.Random(0).randbytes(1 << 20)  # noqa: S311 (it shall not shrink, no more)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return make_bench(tmp_path)


@pytest.fixture
def server() -> Iterator[Loopback]:
    with loopback() as running:
        yield running


def assert_refused(done: Done, bench: Bench, *texts: str) -> None:
    """Check that the build failed with these texts, no traceback, and nothing half-done."""
    assert done.returncode == 1, done.stdout
    assert "error: " in done.stdout
    assert "Traceback" not in done.stdout
    for text in texts:
        assert text in done.stdout
    assert [path for path in bench.leftovers() if "/cache/logs/" not in path] == []


def assert_builds(bench: Bench, *arguments: str | Path, **variables: str) -> str:
    done = bench.build(*arguments, **variables)
    assert done.returncode == 0, done.stdout
    assert len(bench.wheels()) == 1
    return done.stdout


# The recipe, and what is asked of it

MISTAKES = {
    "malformed": ('abi = "1"', 'abi = "1', ("recipe.toml: ", "line 2")),
    "unknown key": (
        'abi = "1"',
        'abi = "1"\ncolour = "red"',
        ("recipe.toml: colour: is not a known key",),
    ),
    "misspelt keys": (
        'system = "make"',
        'systen = "make"\noption = {}',
        ("did you mean 'system'?", "did you mean 'options'?"),
    ),
}


@pytest.mark.parametrize(("old", "new", "texts"), MISTAKES.values(), ids=list(MISTAKES))
def test_a_mistake_in_the_recipe(bench: Bench, old: str, new: str, texts: tuple[str, ...]) -> None:
    bench.edit(old, new)
    assert_refused(bench.build(), bench, *texts)
    assert_refused(libwheel("check", bench.sample.folder), bench, *texts)


def test_an_unknown_version(bench: Bench) -> None:
    done = bench.build("-C", "version=1.2.4")
    assert_refused(done, bench, "has no release '1.2.4' (did you mean '1.2.3'?); it has 1.2.3")


def test_variables_that_are_not_used(bench: Bench) -> None:
    said = assert_builds(bench, CFLAGS="-O9", LDFLAGS="-s").splitlines()
    note = "CFLAGS, LDFLAGS are set and not used: a recipe's flags stand in the recipe"
    assert said.count(f"  {note}") == 1


# The source

RELEASE = """
[[release]]
version = "{version}"
licenses = ["LICENSE"]
source = [{{ urls = ["{url}"], sha256 = "{sha256}" }}]
"""


def add_release(bench: Bench, version: str, url: str, sha256: str = "0" * 64) -> None:
    with bench.recipe.open("a", encoding="utf-8") as stream:
        stream.write(RELEASE.format(version=version, url=url, sha256=sha256))


def unreachable() -> str:
    """Return the address of a host that refuses connections."""
    return f"https://127.0.0.1:{closed_port()}"


def served(bench: Bench, server: Loopback, resource: Resource) -> dict[str, str]:
    """Let the source be on that server alone; return the variables that a build needs then."""
    name = bench.sample.archive.name
    server.serve(f"/{name}", resource)
    bench.edit(bench.sample.archive.as_uri(), f"{unreachable()}/{name}")
    return {"LIBWHEEL_MIRRORS": server.address}


def test_a_wrong_hash(bench: Bench) -> None:
    bench.sample.archive.write_bytes(b"something else")
    assert_refused(bench.build(), bench, "wrong SHA-256: wanted", "the file is not kept")
    kept = [path.suffix for path in (bench.cache / "archives").rglob("*") if path.is_file()]
    assert kept == [".lock"]


def test_a_download_that_is_cut_off_is_gone_on_with(bench: Bench, server: Loopback) -> None:
    resource = Resource(bench.sample.archive.read_bytes(), faults=[50] * 4)
    variables = served(bench, server, resource)
    done = bench.build(**variables)
    size = len(resource.body)
    assert_refused(done, bench, ".tar.gz: the download was cut off after ", f" of {size} bytes\n")
    assert_builds(bench, **variables)
    assert server.ranges[-1] is not None  # what had come was not lost


def test_no_place_is_reachable(bench: Bench, server: Loopback) -> None:
    nobody, mirror = unreachable(), bench.root / "mirror"
    mirror.mkdir()
    bench.edit(bench.sample.archive.as_uri(), f"{nobody}/a.tar.gz")
    for name in ("1.2.2", "1.2.1", "1.2.0"):
        add_release(bench, name, f"{nobody}/{name}.tar.gz")
    held = server.serve("/1.2.1.tar.gz", Resource(b""))
    done = bench.build(LIBWHEEL_MIRRORS=f"{mirror} {server.address}")
    assert_refused(
        done,
        bench,
        f"    file://{mirror}/a.tar.gz: no such file\n",
        f"    {server.address}/a.tar.gz: 404 Not Found\n",
        f"    {nobody}/a.tar.gz: connection refused\n",
        f"\nother releases that can be had: 1.2.1 ({held}); choose one with -C version=\n",
    )
    assert (server.paths, server.probes) == (
        ["/a.tar.gz"],
        ["/1.2.2.tar.gz", "/1.2.1.tar.gz", "/1.2.0.tar.gz"],
    )


def test_another_release_is_in_the_cache(bench: Bench) -> None:
    assert_builds(bench)
    bench.wheels()[0].unlink()
    add_release(bench, "1.3.0", f"{unreachable()}/answer-1.3.0.tar.gz")
    done = bench.build("-C", "version=1.3.0")
    assert_refused(done, bench, "releases that can be had: 1.2.3 (in the cache); choose one with")


def test_no_other_release_either(bench: Bench) -> None:
    nobody = unreachable()
    bench.edit(bench.sample.archive.as_uri(), f"{nobody}/a.tar.gz")
    add_release(bench, "1.2.2", f"{nobody}/b.tar.gz")
    either = "none of the other releases can be had either: 1.2.2\nhint: the network seems to be"
    assert_refused(bench.build(), bench, either)


def test_a_mirror_serves_where_the_network_is_dead(bench: Bench) -> None:
    mirror, name = bench.root / "mirror", bench.sample.archive.name
    bench.edit(bench.sample.archive.as_uri(), f"{unreachable()}/{name}")
    mirror.mkdir()
    bench.sample.archive.rename(mirror / name)
    assert_builds(bench, LIBWHEEL_MIRRORS=str(mirror))


def test_a_corrupted_archive_in_the_cache(bench: Bench) -> None:
    assert_builds(bench)
    first = bench.wheels()[0].read_bytes()
    [entry] = [path for path in (bench.cache / "archives").glob("*/*") if not path.suffix]
    entry.write_bytes(entry.read_bytes()[:-1])
    assert f"warning: {entry} is corrupted; it is deleted, and" in assert_builds(bench)
    assert bench.wheels()[0].read_bytes() == first


@pytest.mark.parametrize("name", ["prefix/lib/libanswer.so.1.2.3", "facts.json"])
def test_a_corrupted_tree_in_the_cache(bench: Bench, name: str) -> None:
    assert_builds(bench)
    first = bench.wheels()[0].read_bytes()
    [path] = (bench.cache / "trees").glob(f"*/{name}")
    path.write_bytes(path.read_bytes()[:-1])
    assert "is corrupted; the tree is built again" in assert_builds(bench)
    assert bench.wheels()[0].read_bytes() == first
    assert "nothing changed" in assert_builds(bench)


@pytest.mark.parametrize("name", ["../evil", f"{TOP}/../../evil", "/tmp/evil"])
def test_an_archive_that_reaches_outside(bench: Bench, name: str) -> None:
    repack(bench, {name: b"evil"})
    assert_refused(bench.build(), bench, "is not safe to unpack; nothing of it was", name)
    assert list(bench.root.rglob("evil")) == []


def test_a_patch_that_does_not_apply(bench: Bench) -> None:
    answer = (SAMPLES / "make-answer/upstream/answer.c").read_bytes()
    repack(bench, {f"{TOP}/answer.c": answer.replace(b"41", b"40")})
    where = "0001-the-answer-is-42.patch: answer.c:5: expected '    return 41;\\n', found"
    assert_refused(bench.build(), bench, where)


# The tools


def test_no_compiler(bench: Bench) -> None:
    empty = bench.root / "bin"
    empty.mkdir()
    hidden = hide_distributions(bench.root / "hidden", ("ziglang",))
    done = bench.build(PATH=str(empty), PYTHONPATH=f"{hidden}:{os.environ['PYTHONPATH']}")
    ways = ("install one (Debian: apt install gcc)", "python -m pip install 'ziglang==0.17.0'")
    assert_refused(done, bench, "no C compiler: none of cc, gcc, clang is on PATH", *ways)
    assert_refused(bench.build(CC="no-such-cc"), bench, "CC names 'no-such-cc', which is not")


@pytest.mark.parametrize(
    ("version", "text"),
    [
        ("", "there is no ziglang: python -m pip install 'ziglang==0.17.0'"),
        ("0.16.0", "zig is version 0.16.0; this build needs ziglang==0.17.0: python -m pip"),
        ("0.17.0-dev.9+ab", "zig is version 0.17.0-dev.9+ab; this build needs ziglang==0.17.0: "),
    ],
)
def test_no_zig_or_another_one(bench: Bench, version: str, text: str) -> None:
    hidden = hide_distributions(bench.root / "hidden", ("ziglang",))
    path = stand_in(bench.root / "bin", "zig", f"echo {version}") if version else os.environ["PATH"]
    variables = {"PATH": path, "PYTHONPATH": f"{hidden}:{os.environ['PYTHONPATH']}"}
    assert_refused(bench.build("-C", "target=x86_64-windows", **variables), bench, text)


def test_an_unknown_target(bench: Bench) -> None:
    done = bench.build("-C", "target=x86_64-linux-muls")
    assert_refused(
        done, bench, "unknown target 'x86_64-linux-muls' (did you mean 'x86_64-linux-musl'?)"
    )


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("cmake-answer", ("cmake", "ninja", "patchelf")),
        ("meson-answer", ("meson", "ninja", "patchelf")),
        ("make-answer", ("patchelf",)),
    ],
)
def test_every_missing_program_is_told(tmp_path: Path, name: str, missing: tuple[str, ...]) -> None:
    bench = make_bench(tmp_path, name)
    path = programs_without_packages(tmp_path / "bin")
    hidden = hide_distributions(tmp_path / "hidden", missing)
    done = bench.build(PATH=str(path), PYTHONPATH=f"{hidden}:{os.environ['PYTHONPATH']}")
    assert_refused(done, bench, *(f"there is no {program}: python -m pip" for program in missing))
    assert "* fetch" not in done.stdout


def programs_without_packages(folder: Path) -> Path:
    """Make a folder with the system's compiler alone."""
    folder.mkdir()
    for name in ("cc", "strip"):
        (folder / name).symlink_to(str(shutil.which(name)))
    return folder


def hide_distributions(folder: Path, names: tuple[str, ...]) -> Path:
    """Make a folder whose distributions of these names come first, and have no programs."""
    for name in names:
        info = folder / f"{name}-0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0\n")
    return folder


def test_no_make(bench: Bench) -> None:
    path = programs_without_packages(bench.root / "bin")
    assert_refused(bench.build(PATH=str(path)), bench, "there is no `make` on PATH; install it")


def break_the_source(bench: Bench) -> None:
    repack(bench, {f"{TOP}/answer.h": b"#error the header is broken\n"})


def test_a_compile_error_shows_its_last_lines_how_to_repeat_it_and_the_log(bench: Bench) -> None:
    break_the_source(bench)
    done = bench.build()
    assert_refused(done, bench, "error: compile failed with status 2:\n  | ")
    [log] = bench.cache.glob("logs/*/compile.log")
    *tail, repeat, command, last = done.stdout.partition("compile failed")[2].splitlines()
    assert any("#error the header is broken" in line for line in tail)
    assert repeat == "  to repeat it (-C work-dir=FOLDER keeps the tree):"
    assert command.startswith("    cd ")
    assert last == f"  log: {log}"
    assert "#error the header is broken" in log.read_text()


def test_the_logs_of_the_last_failures_are_kept_and_no_others(bench: Bench) -> None:
    for number in range(25):
        old = bench.cache / "logs" / f"old-{number}"
        old.mkdir(parents=True)
        os.utime(old, (number, number))
    break_the_source(bench)
    assert bench.build().returncode == 1
    names = {path.name.partition("-1.2.3-")[0] for path in (bench.cache / "logs").iterdir()}
    assert names == {"answer_make", *(f"old-{number}" for number in range(6, 25))}


FRONTENDS = {
    "build": ("build", "--wheel", "--no-isolation", "--skip-dependency-check", "--outdir"),
    "pip": ("pip", "wheel", "--no-build-isolation", "--no-deps", "--wheel-dir"),
}


@pytest.mark.parametrize("frontend", FRONTENDS)
@pytest.mark.parametrize(
    ("breaks", "message"),
    [
        (break_the_source, "error: compile failed with status 2:\n| "),
        (lambda bench: bench.edit('abi = "1"', 'abbi = "1"'), "(did you mean 'abi'?)"),
    ],
    ids=["source", "recipe"],
)
def test_a_frontend_shows_our_message_and_no_traceback(
    bench: Bench, frontend: str, breaks: Callable[[Bench], None], message: str
) -> None:
    breaks(bench)
    (bench.sample.folder / "_libwheel.py").write_text("from libwheel.hooks import *\n")
    command = (sys.executable, "-m", *FRONTENDS[frontend], bench.dist, bench.sample.folder)
    variables = {**bench.variables, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    done = attempt(*command, variables=variables)
    shown = "\n".join(line.strip() for line in done.stdout.splitlines())
    assert done.returncode == 1
    assert message in shown
    assert "Traceback" not in shown
    assert bench.wheels() == []


# The disk


def test_the_output_folder_is_full(bench: Bench) -> None:
    repack(bench, {f"{TOP}/LICENSE": NOISE})
    done, left = on_small_disk(bench, bench.dist, "512k")
    message = f"cannot write to {bench.dist}: the disk is full (0."
    assert_refused(done, bench, "* pack", message, " MB free)")
    assert left == []
    assert_builds(bench)


def test_the_cache_is_full_when_fetching(bench: Bench) -> None:
    repack(bench, {f"{TOP}/LICENSE": NOISE})
    done, left = on_small_disk(bench, bench.cache, "512k")
    message = f"cannot write to {bench.cache}/archives/"
    assert_refused(done, bench, message, ": the disk is full (0.", "LIBWHEEL_CACHE names another")
    assert not [name for name in left if name.startswith("./logs")]


def test_the_cache_is_full_when_all_is_built(bench: Bench) -> None:
    repack(bench, {f"{TOP}/LICENSE": NOISE})
    done, left = on_small_disk(bench, bench.cache, "1500k")
    assert done.returncode == 0, done.stdout
    full = f"the installed tree is not kept: cannot write to {bench.cache}/trees: the disk is full"
    assert f"warning: {full}" in done.stdout
    assert not [name for name in left if name.startswith("./trees/") and ".lock" not in name]
    assert len(bench.wheels()) == 1


BALLAST = b"\nchar answer_ballast[2 << 20] = {1};\n"  # 2 MiB in the object file, as in the library


@pytest.mark.parametrize(
    ("size", "step"),
    [("20k", "unpack"), ("1m", "compile"), ("5m", "install"), ("7m", "stage")],
)
def test_the_temporary_folder_is_full(bench: Bench, size: str, step: str) -> None:
    answer = (SAMPLES / "make-answer/upstream/answer.c").read_bytes()
    repack(bench, {f"{TOP}/answer.c": answer + BALLAST})
    done, left = on_small_disk(bench, bench.temporary, size)
    message = f"cannot write to {bench.temporary}/libwheel-"
    assert_refused(done, bench, message, ": the disk is full (", " MB free)")
    assert done.stdout.rpartition("\n* ")[2].startswith(step)
    assert left == []


def test_the_work_dir_is_full(bench: Bench) -> None:
    work = bench.root / "work"
    repack(bench, {f"{TOP}/LICENSE": NOISE})
    done, _ = on_small_disk(bench, work, "512k", "-C", f"work-dir={work}")
    assert_refused(done, bench, f"cannot write to {work}/source: the disk is full (")


# Interruptions

HALT = 'echo $$ > "{folder}/new"; mv "{folder}/new" "{folder}/halted"; exec /bin/sleep 1000'
COPIES = 40


def end(process: subprocess.Popen[str], bench: Bench, number: int, **variables: str) -> None:
    """Interrupt a build; check that nothing stays of it, and that the next one succeeds."""
    process.send_signal(number)
    output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, output
    assert output.endswith("error: interrupted\n")
    assert bench.leftovers() == []
    assert_builds(bench, **variables)


HALTED = [
    ("configure", "cmake-answer", "cc", signal.SIGINT),
    ("compile", "make-answer", "cc", signal.SIGINT),
    ("compile", "make-answer", "cc", signal.SIGTERM),
    ("compile", "make-answer", "cc", signal.SIGHUP),
    ("install", "make-answer", "install", signal.SIGINT),
    ("stage", "make-answer", "strip", signal.SIGINT),
]


@pytest.mark.parametrize(("step", "name", "program", "number"), HALTED)
def test_an_interrupted_program(
    tmp_path: Path, step: str, name: str, program: str, number: int
) -> None:
    bench = make_bench(tmp_path, name)
    path = stand_in(tmp_path / "bin", program, HALT.format(folder=tmp_path))
    with bench.start(PATH=path) as process:
        read_until(process, f"* {step}")
        wait_until((tmp_path / "halted").exists)
        assert len(processes_below(bench.temporary)) >= 1
        end(process, bench, number)


# Frontends run a hook in this way: after Ctrl-C it has 0.25 s, and then SIGKILL comes.
FRONTEND = """
import subprocess, sys
hook = "import sys, libwheel.hooks; libwheel.hooks.build_wheel(sys.argv[1])"
subprocess.run((sys.executable, "-W", "error", "-c", hook, sys.argv[1]), check=True)
"""
FILES = 4000
GONE = 20.0  # seconds that a tree may take to go


@pytest.mark.parametrize("before", ["", "sleep 1; "], ids=["as it is", "slow"])
def test_an_interrupted_frontend(bench: Bench, before: str) -> None:
    repack(bench, {f"{TOP}/many/{n // 100}/{n}": b"text" for n in range(FILES)})
    stand_in(bench.root / "bin", "rm", f'{before}exec $REAL "$@"')
    deaf = f"trap '' TERM; {HALT.format(folder=bench.root)}"
    path = stand_in(bench.root / "bin", "cc", deaf)
    with start_frontend(bench, PATH=path) as frontend:
        wait_until((bench.root / "halted").exists)
        assert len(list(bench.temporary.glob("libwheel-*/source/many/*/*"))) == FILES
        os.killpg(frontend.pid, signal.SIGINT)
        output, _ = frontend.communicate(timeout=PATIENCE)
    assert "ResourceWarning" not in output
    if before:
        assert any(bench.temporary.iterdir())  # the hook was killed before it was gone
    wait_until(lambda: not any(bench.temporary.iterdir()), GONE)
    wait_until(lambda: not processes_below(bench.root), GONE)
    assert bench.leftovers() == []
    assert_builds(bench)


def start_frontend(bench: Bench, **variables: str) -> subprocess.Popen[str]:
    """Start a frontend, in a process group as a shell gives it, that builds the recipe."""
    return subprocess.Popen(
        (sys.executable, "-c", FRONTEND, bench.dist),
        cwd=bench.sample.folder,
        env={**os.environ, **bench.variables, **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def test_an_interrupted_download(bench: Bench, server: Loopback) -> None:
    repack(bench, {f"{TOP}/LICENSE": NOISE})
    resource = Resource(bench.sample.archive.read_bytes(), gate=Event())
    variables = served(bench, server, resource)
    with bench.start(**variables) as process:
        assert resource.half_sent.wait(PATIENCE)
        wait_until(lambda: any(p.stat().st_size for p in bench.cache.rglob("*.part")))
        resource.gate = None
        end(process, bench, signal.SIGINT, **variables)
    assert server.ranges[-1] is not None  # what had come was not lost


def slow_to_read(content: bytes) -> bytes:
    """Compress a tar file with noise in it so that nobody can read it in less than a second."""
    start = content.index(NOISE)
    end_ = start + COPIES * len(NOISE)
    return (
        bz2.compress(content[:start]) + bz2.compress(NOISE) * COPIES + bz2.compress(content[end_:])
    )


@pytest.mark.parametrize("step", ["unpack", "pack"])
def test_an_interrupted_step_of_ours(bench: Bench, step: str) -> None:
    repack(bench, {f"{TOP}/LICENSE": NOISE * COPIES}, slow_to_read)
    with bench.start() as process:
        read_until(process, f"* {step}")
        end(process, bench, signal.SIGINT)


# Two at once


def test_two_builds_at_once(bench: Bench) -> None:
    go = bench.root / "go"
    script = (
        f'touch "{bench.root}/begun"; while ! [ -e "{go}" ]; do sleep 0.05; done; exec $REAL "$@"'
    )
    path = stand_in(bench.root / "bin", "cc", script)
    other = Bench(bench.root / "other", bench.sample)
    with bench.start(PATH=path) as first:
        wait_until((bench.root / "begun").exists)
        with other.start(PATH=path, **bench.variables) as second:
            waits = read_until(second, "another build makes the same tree: waiting for it")
            go.touch()
            ends, _ = second.communicate(timeout=PATIENCE)
        makes, _ = first.communicate(timeout=PATIENCE)
    assert (first.returncode, second.returncode) == (0, 0)
    assert "* compile" in makes
    assert "* compile" not in waits + ends
    [one], [two] = bench.wheels(), other.wheels()
    assert one.read_bytes() == two.read_bytes()


# -C work-dir and -C source


def test_a_work_dir_with_other_files_is_left_alone(bench: Bench) -> None:
    work = bench.root / "work"
    (work / "source").mkdir(parents=True)
    (work / "source" / "thesis.txt").write_text("all of it")
    done = bench.build("-C", f"work-dir={work}")
    assert_refused(done, bench, f"-C work-dir: {work} holds files that are not a build's")
    assert [str(path.relative_to(work)) for path in work.rglob("*")] == [
        "source",
        "source/thesis.txt",
    ]


def test_a_work_dir_keeps_the_tree_and_what_somebody_put_beside_it(bench: Bench) -> None:
    work = bench.root / "work"
    assert_builds(bench, "-C", f"work-dir={work}")
    (work / "notes").mkdir()
    (work / "source" / "mine").touch()
    assert "* compile" in assert_builds(bench, "-C", f"work-dir={work}")
    assert {path.name for path in work.iterdir()} >= {"source", "logs", "notes"}
    assert not (work / "source" / "mine").exists()
    assert (work / "source" / "answer.o").exists()


def test_a_work_dir_that_another_build_uses(bench: Bench) -> None:
    work = bench.root / "work"
    path = stand_in(bench.root / "bin", "cc", HALT.format(folder=bench.root))
    with bench.start("-C", f"work-dir={work}", PATH=path) as process:
        wait_until((bench.root / "halted").exists)
        done = bench.build("-C", f"work-dir={work}")
        assert_refused_beside(done, f"-C work-dir: another build works in {work}")
        assert (work / "source").exists()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE)
    assert_builds(bench, "-C", f"work-dir={work}")


def assert_refused_beside(done: Done, text: str) -> None:
    assert done.returncode == 1
    assert text in done.stdout


def test_a_work_dir_with_white_space(bench: Bench) -> None:
    done = bench.build("-C", f"work-dir={bench.root}/a b")
    assert_refused(done, bench, "-C work-dir must have no white space")
    assert not (bench.root / "a b").exists()


def test_a_temporary_folder_with_white_space(bench: Bench) -> None:
    spaced = bench.root / "a b"
    spaced.mkdir()
    done = bench.build(TMPDIR=str(spaced))
    assert_refused(done, bench, "TMPDIR must have no white space")
    assert list(spaced.iterdir()) == []


def library(bench: Bench) -> bytes:
    with zipfile.ZipFile(bench.wheels()[0]) as wheel:
        [name] = [name for name in wheel.namelist() if name.endswith(".so")]
        return wheel.read(name)


def test_a_local_source(bench: Bench) -> None:
    assert_builds(bench)
    from_release = library(bench)
    local = bench.root / "local"
    shutil.unpack_archive(bench.sample.archive, bench.root / "unpacked")
    (bench.root / "unpacked" / TOP).rename(local)
    before = sorted(local.iterdir())
    work = local / "work"
    for arguments in (
        ("-C", f"source={bench.sample.archive}"),
        ("-C", f"source={local}"),
        ("-C", f"source={local}", "-C", f"work-dir={work}"),
        ("-C", f"source={local}", "-C", f"work-dir={work}"),
    ):
        said = assert_builds(bench, *arguments)
        assert "* compile" in said
        assert library(bench) == from_release
    shutil.rmtree(work)
    assert sorted(local.iterdir()) == before


def test_a_local_source_that_the_work_dir_would_take_with_it(bench: Bench) -> None:
    work = bench.root / "work"
    assert_builds(bench, "-C", f"work-dir={work}")
    bench.wheels()[0].unlink()
    source = work / "source"
    done = bench.build("-C", f"work-dir={work}", "-C", f"source={source}")
    assert_refused(done, bench, f"-C source: {source} is in -C work-dir, which every build empties")
    assert (source / "answer.c").exists()
