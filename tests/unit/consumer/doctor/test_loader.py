from __future__ import annotations

import os
import re
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from libwheel.binaries.elf_light import Glance, Machine
from libwheel.consumer.doctor import loader
from libwheel.consumer.doctor.loader import Load, Loader, Rules
from unit.binaries.compiled import patchelf, run, shared

X86_64, I386, ARM64 = Machine(2, 1, 62), Machine(1, 1, 3), Machine(2, 1, 183)
PROGRAM = "/usr/bin/python3"


class Files:
    """ELF files, of which the loader sees what is said here."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.glances: dict[str, Glance | None] = {PROGRAM: glance()}

    def add(self, name: str, found: Glance | None) -> str:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        self.glances[str(path)] = found
        return str(path)

    def loader(self, rules: Rules | None = None) -> Loader:
        return Loader(rules or Rules((), {}, (), "lib64"), PROGRAM, self.glances)


def glance(
    *needed: str,
    soname: str = "",
    rpath: tuple[str, ...] = (),
    runpath: tuple[str, ...] | None = None,
    machine: Machine = X86_64,
) -> Glance:
    return Glance(machine, soname, needed, rpath, runpath)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def found(loads: tuple[Load, ...]) -> dict[str, str | None]:
    return {load.name: load.found for load in loads}


@pytest.mark.parametrize("origin", ["$ORIGIN", "${ORIGIN}"])
def test_origin_is_the_folder_of_the_file(files: Files, origin: str) -> None:
    one = files.add("site/pkg/one.so", glance("liba.so", rpath=(f"{origin}/../../lib",)))
    library = files.add("lib/liba.so", glance())
    assert files.loader().loads(one, {}) == (Load("liba.so", one, library),)


def test_lib_is_the_machine_s(files: Files) -> None:
    one = files.add("one.so", glance("liba.so", rpath=("$ORIGIN/$LIB",)))
    library = files.add("lib64/liba.so", glance())
    assert found(files.loader().loads(one, {})) == {"liba.so": library}


def test_other_words_with_a_dollar_stay() -> None:
    assert loader.expanded("$ORIGINAL/x", "/a/b.so", "lib") == "$ORIGINAL/x"


def test_an_empty_entry_is_the_current_folder() -> None:
    assert loader.expanded("", "/a/b.so", "lib") == "."


def test_the_order_is_rpath_environment_runpath_cache_folders(files: Files) -> None:
    places = {name: files.add(f"{name}/liba.so", glance()) for name in ("e", "r", "c", "d")}
    root = str(files.root)
    rules = Rules((f"{root}/e",), {"liba.so": (places["c"],)}, (f"{root}/d",), "lib")
    by_rpath = files.add("one.so", glance("liba.so", rpath=("$ORIGIN/r",)))
    by_runpath = files.add("two.so", glance("liba.so", runpath=("$ORIGIN/r",)))
    assert found(files.loader(rules).loads(by_rpath, {})) == {"liba.so": places["r"]}
    assert found(files.loader(rules).loads(by_runpath, {})) == {"liba.so": places["e"]}
    no_environment = Rules((), rules.cache, rules.folders, "lib")
    assert found(files.loader(no_environment).loads(by_runpath, {})) == {"liba.so": places["r"]}
    bare = files.add("three.so", glance("liba.so"))
    assert found(files.loader(no_environment).loads(bare, {})) == {"liba.so": places["c"]}
    only_folders = Rules((), {}, rules.folders, "lib")
    assert found(files.loader(only_folders).loads(bare, {})) == {"liba.so": places["d"]}


def test_an_rpath_serves_what_its_libraries_need(files: Files) -> None:
    one = files.add("pkg/one.so", glance("liba.so", rpath=("$ORIGIN/libs",)))
    first = files.add("pkg/libs/liba.so", glance("libb.so"))
    second = files.add("pkg/libs/libb.so", glance())
    assert files.loader().loads(one, {}) == (
        Load("liba.so", one, first),
        Load("libb.so", first, second),
    )


def test_a_runpath_serves_its_file_alone(files: Files) -> None:
    one = files.add("pkg/one.so", glance("liba.so", runpath=("$ORIGIN/libs",)))
    files.add("pkg/libs/liba.so", glance("libb.so"))
    files.add("pkg/libs/libb.so", glance())
    assert found(files.loader().loads(one, {}))["libb.so"] is None


def test_a_library_with_a_runpath_does_not_ask_its_loader_s_rpath(files: Files) -> None:
    one = files.add("pkg/one.so", glance("liba.so", rpath=("$ORIGIN/libs",)))
    files.add("pkg/libs/liba.so", glance("libb.so", runpath=("/nowhere",)))
    files.add("pkg/libs/libb.so", glance())
    assert found(files.loader().loads(one, {}))["libb.so"] is None


def test_what_is_loaded_already_is_taken_by_its_soname(files: Files) -> None:
    one = files.add("one.so", glance("libx.so", "liba.so", rpath=("$ORIGIN/libs",)))
    other = files.add("libs/libx.so", glance(soname="liba.so"))
    files.add("libs/liba.so", glance())
    assert found(files.loader().loads(one, {})) == {"libx.so": other, "liba.so": other}
    assert found(files.loader().loads(one, {"libx.so": "/a/libx.so"}))["libx.so"] == "/a/libx.so"


@pytest.mark.parametrize("machine", [I386, ARM64])
def test_a_file_for_another_machine_is_passed_over(files: Files, machine: Machine) -> None:
    one = files.add("one.so", glance("liba.so", rpath=("$ORIGIN/a", "$ORIGIN/b")))
    files.add("a/liba.so", glance(machine=machine))
    right = files.add("b/liba.so", glance())
    assert found(files.loader().loads(one, {})) == {"liba.so": right}


def test_a_link_to_nowhere_is_passed_over(files: Files) -> None:
    one = files.add("one.so", glance("liba.so", rpath=("$ORIGIN/a", "$ORIGIN/b")))
    (files.root / "a").mkdir()
    (files.root / "a/liba.so").symlink_to("nowhere")
    right = files.add("b/liba.so", glance())
    assert found(files.loader().loads(one, {})) == {"liba.so": right}


@pytest.mark.parametrize("wrong", [None, glance(machine=Machine(2, 2, 62))])
def test_a_file_of_no_kind_ends_the_search(files: Files, wrong: Glance | None) -> None:
    one = files.add("one.so", glance("liba.so", rpath=("$ORIGIN/a", "$ORIGIN/b")))
    files.add("a/liba.so", wrong)
    files.add("b/liba.so", glance())
    assert found(files.loader().loads(one, {})) == {"liba.so": None}


def test_an_empty_runpath_is_one(files: Files) -> None:
    one = files.add("one.so", glance("liba.so", rpath=("$ORIGIN/libs",)))
    files.add("libs/liba.so", glance("libb.so", runpath=()))
    files.add("libs/libb.so", glance())
    assert found(files.loader().loads(one, {}))["libb.so"] is None


def test_what_needs_the_root_by_its_soname_has_it(files: Files) -> None:
    one = files.add("libroot-1.so", glance("liba.so", soname="libroot.so", rpath=("$ORIGIN",)))
    files.add("liba.so", glance("libroot.so"))
    files.add("libroot.so", glance())
    assert found(files.loader().loads(one, {}))["libroot.so"] == one
    other = found(files.loader().loads(one, {"libroot.so": "/other"}))
    assert other["libroot.so"] == "/other"


def test_the_first_of_one_soname_is_taken(files: Files) -> None:
    needed = ("liba.so", "libb.so", "libx.so")
    one = files.add("one.so", glance(*needed, rpath=("$ORIGIN",)))
    first = files.add("liba.so", glance(soname="libx.so"))
    files.add("libb.so", glance(soname="libx.so"))
    assert found(files.loader().loads(one, {}))["libx.so"] == first


def test_the_program_s_rpath_serves_all(files: Files) -> None:
    files.glances[PROGRAM] = glance("libp.so", rpath=(f"{files.root}/p",))
    of_program = files.add("p/libp.so", glance())
    other = files.add("p/liba.so", glance())
    one = files.add("one.so", glance("liba.so"))
    assert files.loader().loaded_at_start() == {"libp.so": of_program}
    assert found(files.loader().loads(one, {})) == {"liba.so": other}


def test_libraries_that_need_each_other_are_loaded_once(files: Files) -> None:
    one = files.add("liba.so", glance("libb.so", soname="liba.so", rpath=("$ORIGIN",)))
    other = files.add("libb.so", glance("liba.so", rpath=("$ORIGIN",)))
    assert files.loader().loads(one, {}) == (
        Load("libb.so", one, other),
        Load("liba.so", other, one),
    )


def test_a_path_as_a_name_is_a_path(files: Files) -> None:
    library = files.add("liba.so", glance())
    one = files.add("one.so", glance(library, "/nowhere/libb.so"))
    assert found(files.loader().loads(one, {})) == {library: library, "/nowhere/libb.so": None}


def test_a_name_with_a_token_is_a_path(files: Files) -> None:
    name = "$ORIGIN/../pkg/liba.so"
    one = files.add("pkg/one.so", glance(name, "${ORIGIN}/libc.so"))
    library = files.add("pkg/liba.so", glance(name))
    assert files.loader().loads(one, {}) == (
        Load(name, one, library),
        Load("${ORIGIN}/libc.so", one, None),
        Load(name, library, library),
    )


def test_what_the_program_has_is_known_by_its_soname_too(files: Files) -> None:
    files.glances[PROGRAM] = glance("libp.so", rpath=(f"{files.root}/p",))
    of_program = files.add("p/libp.so", glance(soname="libp.so.1"))
    one = files.add("one.so", glance("libp.so.1"))
    at_start = files.loader().loaded_at_start()
    assert at_start == {"libp.so": of_program, "libp.so.1": of_program}
    assert found(files.loader().loads(one, at_start)) == {"libp.so.1": of_program}


def test_ld_library_path_is_split_at_both_signs() -> None:
    rules = loader.of_this_machine({"LD_LIBRARY_PATH": "/a:/b;/c"})
    assert rules.library_path == ("/a", "/b", "/c")
    assert loader.of_this_machine({}).library_path == ()


@pytest.mark.compiles
def test_reads_what_ldconfig_writes(tmp_path: Path) -> None:
    library = shared(tmp_path / "libs/libmine.so.1", "int mine;")
    (tmp_path / "conf").write_text(f"{library.parent}\n")
    ldconfig = shutil.which("ldconfig", path=f"{os.environ['PATH']}:/sbin:/usr/sbin") or "ldconfig"
    run(ldconfig, "-X", "-i", "-C", tmp_path / "cache", "-f", tmp_path / "conf")
    found = loader.read_cache(tmp_path / "cache")
    assert found["libmine.so.1"] == (str(library),)
    assert all(Path(path).is_file() for path in found["libc.so.6"])


def cache(entries: list[tuple[str, str, int]], before: bytes = b"") -> bytes:
    """Return an ld.so.cache of names, paths and hwcaps."""
    strings, table = b"", b""
    start = 48 + 24 * len(entries)
    for name, path, hwcap in entries:
        places = []
        for text in (name, path):
            places.append(start + len(strings))
            strings += text.encode() + b"\0"
        table += struct.pack("=iIIIQ", 0x303, *places, 0, hwcap)
    head = struct.pack("=20sII20x", b"glibc-ld.so.cache1.1", len(entries), len(strings))
    return before + head + table + strings


@pytest.mark.parametrize("before", [b"", b"ld.so-1.7.0\0" + bytes(20)])
def test_reads_a_cache_of_either_format(tmp_path: Path, before: bytes) -> None:
    entries = [("liba.so", "/v3/liba.so", 1 << 62), ("liba.so", "/x/liba.so", 0)]
    (tmp_path / "cache").write_bytes(cache([*entries, ("liba.so", "/y/liba.so", 0)], before))
    assert loader.read_cache(tmp_path / "cache") == {"liba.so": ("/x/liba.so", "/y/liba.so")}


@pytest.mark.parametrize("content", [None, b"", b"text", cache([("a", "/a", 0)])[:60]])
def test_a_cache_that_is_none_is_empty(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "cache").write_bytes(content)
    assert loader.read_cache(tmp_path / "cache") == {}


# As the loader itself does it


def library(path: Path, *needed: Path, rpath: str = "", runpath: str = "") -> Path:
    """Compile a library that has nothing to do with others but what it is linked to here."""
    tags = "--enable-new-dtags" if runpath else "--disable-new-dtags"
    search = (f"-Wl,{tags},-rpath,{rpath or runpath}",) if rpath or runpath else ()
    return shared(path, "int it;", "-nostdlib", "-Wl,--no-as-needed", *search, *needed, script="")


def an_rpath_for_all(top: Path) -> Path:
    second = library(top / "libs/libb.so")
    return library(top / "root.so", library(top / "libs/liba.so", second), rpath="$ORIGIN/libs")


def a_runpath_for_one(top: Path) -> Path:
    second = library(top / "libs/libb.so")
    return library(top / "root.so", library(top / "libs/liba.so", second), runpath="$ORIGIN/libs")


def an_empty_rpath(top: Path) -> Path:
    root = library(top / "root.so", library(top / "liba.so"), rpath="/nowhere")
    run(patchelf(), "--force-rpath", "--set-rpath", "", root)
    return root


def an_empty_part(top: Path) -> Path:
    return library(top / "root.so", library(top / "liba.so"), rpath="/nowhere::/nowhere")


def an_empty_runpath(top: Path) -> Path:
    first = library(top / "libs/liba.so", library(top / "libs/libb.so"), runpath="/nowhere")
    run(patchelf(), "--set-rpath", "", first)
    return library(top / "root.so", first, rpath="$ORIGIN/libs")


def the_root_by_its_soname(top: Path) -> Path:
    needing = library(top / "liba.so", library(top / "libroot.so"))
    root = library(top / "other/libroot.so", needing, rpath="$ORIGIN/..")
    return root.rename(top / "other/libother.so")


def two_of_one_soname(top: Path) -> Path:
    needed = [library(top / f"lib{letter}.so") for letter in "abx"]
    root = library(top / "root.so", *needed, rpath="$ORIGIN")
    for path in needed[:2]:
        run(patchelf(), "--set-soname", "libx.so", path)
    return root


def a_token_in_a_name(top: Path) -> Path:
    second = library(top / "libs/libb.so")
    root = library(top / "root.so", library(top / "libs/liba.so", second))
    run(patchelf(), "--replace-needed", "liba.so", "$ORIGIN/libs/../libs/liba.so", root)
    run(patchelf(), "--replace-needed", "libb.so", "${ORIGIN}/libb.so", top / "libs/liba.so")
    return root


def first(top: Path) -> tuple[Path, Path]:
    """Return a library and the place for another that the loader looks at first."""
    root = library(top / "root.so", library(top / "liba.so"), rpath="$ORIGIN/first:$ORIGIN")
    (top / "first").mkdir()
    return root, top / "first/liba.so"


def an_empty_file_first(top: Path) -> Path:
    root, other = first(top)
    other.touch()
    return root


def a_folder_first(top: Path) -> Path:
    root, other = first(top)
    other.mkdir()
    return root


def a_link_to_nothing_first(top: Path) -> Path:
    root, other = first(top)
    other.symlink_to("nowhere")
    return root


def changed_first(top: Path, offset: int) -> Path:
    root, other = first(top)
    data = bytearray((top / "liba.so").read_bytes())
    data[offset] ^= 3
    other.write_bytes(data)
    return root


def another_byte_order_first(top: Path) -> Path:
    return changed_first(top, 5)


def another_machine_first(top: Path) -> Path:
    return changed_first(top, 18)


LAYOUTS = (
    *(an_rpath_for_all, a_runpath_for_one, an_empty_rpath, an_empty_part, an_empty_runpath),
    *(the_root_by_its_soname, two_of_one_soname, an_empty_file_first, a_folder_first),
    *(a_token_in_a_name, a_link_to_nothing_first, another_byte_order_first, another_machine_first),
)


def traced(root: Path, top: Path) -> set[str | Path]:
    """Return what the loader itself takes, and the names of what it misses or gives up at."""
    interpreter = run(patchelf(), "--print-interpreter", sys.executable).strip()
    done = subprocess.run(
        (interpreter, root),
        env={"LD_TRACE_LOADED_OBJECTS": "1"},
        cwd=top,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        return {Path(path).name for path in re.findall(r"libraries: (.*?): ", done.stderr)}
    lines = re.findall(r"^\t(\S+)(?: => (not found|\S+))?", done.stdout, re.MULTILINE)
    missing = {name for name, path in lines if path == "not found"}
    found = {(top / (path or name)).resolve() for name, path in lines}
    return missing | {path for path in found if path.is_file()}  # what the kernel gives is no file


@pytest.mark.compiles
@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_loader_does_the_same(
    layout: Callable[[Path], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = layout(tmp_path)
    monkeypatch.chdir(tmp_path)
    loads = Loader(loader.of_this_machine({}), str(root)).loads(str(root), {})
    told = {Path(load.found) if load.found else load.name for load in loads}
    truth = traced(root, tmp_path)
    assert truth
    assert told - {root} == truth
