from __future__ import annotations

import struct
from pathlib import Path

import pytest

from libwheel.binaries.elf_light import Glance, Machine
from libwheel.consumer.doctor import loader
from libwheel.consumer.doctor.loader import Load, Loader, Rules

X86_64, I386 = Machine(2, 1, 62), Machine(1, 1, 3)
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
    runpath: tuple[str, ...] = (),
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


def test_a_file_for_another_machine_or_of_no_kind_is_passed_over(files: Files) -> None:
    one = files.add("one.so", glance("liba.so", rpath=("$ORIGIN/a", "$ORIGIN/b", "$ORIGIN/c")))
    files.add("a/liba.so", glance(machine=I386))
    files.add("b/liba.so", None)
    right = files.add("c/liba.so", glance())
    assert found(files.loader().loads(one, {})) == {"liba.so": right}


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
        Load("libb.so", one, other),
    )


def test_a_path_as_a_name_is_a_path(files: Files) -> None:
    library = files.add("liba.so", glance())
    one = files.add("one.so", glance(library, "/nowhere/libb.so"))
    assert found(files.loader().loads(one, {})) == {library: library, "/nowhere/libb.so": None}


def test_ld_library_path_is_split_at_both_signs() -> None:
    rules = loader.of_this_machine({"LD_LIBRARY_PATH": "/a:/b;/c"})
    assert rules.library_path == ("/a", "/b", "/c")
    assert loader.of_this_machine({}).library_path == ()


def test_this_machine_s_cache_has_the_c_library() -> None:
    paths = loader.of_this_machine({}).cache["libc.so.6"]
    assert all(Path(path).is_file() for path in paths)


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
