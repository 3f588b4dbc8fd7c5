from __future__ import annotations

import io
import struct
from dataclasses import replace
from pathlib import Path

import pytest
from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile
from elftools.elf.enums import ENUM_D_TAG

from libwheel.binaries import elf
from libwheel.consumer.repair import elf_members, planning, repairing
from libwheel.consumer.repair.planning import PathEdit, Plan, SearchPath
from libwheel.consumer.repair.repairing import Proposal, Tools
from libwheel.consumer.repair.wheel_file import WheelFile
from libwheel.errors import BuildError, InternalError
from libwheel.wheel import Member
from unit.binaries.compiled import patchelf, shared
from wheel_files import make_wheel

INFO = "guest-1.0.dist-info"
PLAN = Plan((), (), (), (), frozenset({"linux_x86_64"}), False, (), ())
WHEEL = WheelFile(
    "guest-1.0-cp311-cp311-linux_x86_64.whl",
    INFO,
    (
        Member(f"{INFO}/METADATA", b"Name: guest\n"),
        Member(f"{INFO}/WHEEL", b"Tag: cp311-cp311-linux_x86_64\n"),
    ),
    (),
)


def no_tools() -> Tools:
    raise BuildError("there is no auditwheel")


def test_tools_are_not_asked_for_where_there_is_nothing_to_repair(tmp_path: Path) -> None:
    path = tmp_path / WHEEL.name
    path.write_bytes(b"a wheel")
    for plan in (None, PLAN):
        made = repairing.write(Proposal(path, WHEEL, plan), tmp_path / "out", no_tools, 0)
        assert made.read_bytes() == b"a wheel"
        assert [entry.name for entry in (tmp_path / "out").iterdir()] == [WHEEL.name]


def test_tools_that_are_not_there(tmp_path: Path) -> None:
    plan = replace(PLAN, platforms=frozenset({"manylinux_2_17_x86_64"}), new_platforms=True)
    with pytest.raises(BuildError, match="there is no auditwheel"):
        repairing.write(Proposal(tmp_path / WHEEL.name, WHEEL, plan), tmp_path / "out", no_tools, 0)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("tag", "content", "said"),
    [
        ("cp311-cp311-win_amd64", b"", "it is for Windows"),
        ("cp311-cp311-linux_x86_64", b"\x7fELF", "guest/it.so: is not a sound ELF file"),
    ],
)
def test_every_error_names_the_wheel_once(
    tmp_path: Path, tag: str, content: bytes, said: str
) -> None:
    wheel = make_wheel(tmp_path, [Member("guest/it.so", content)], tag=tag)
    with pytest.raises(BuildError) as caught:
        repairing.propose(wheel, (), no_tools)
    assert str(caught.value).startswith(f"{wheel.name}: {said}")
    assert str(caught.value).count(wheel.name) == 1


def test_a_wheel_that_belies_its_name(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, [], tag="py3-none-any")
    renamed = wheel.rename(wheel.with_name("guest-1.0-py2-none-any.whl"))
    with pytest.raises(BuildError, match=r"(?s)py2-none-any\.whl: its files do not agree with its"):
        repairing.propose(renamed, (), no_tools)


@pytest.mark.parametrize("place", [".", "new", "new/deep"])
def test_a_folder_that_can_be_written_to_is_not_made(tmp_path: Path, place: str) -> None:
    repairing.refuse_unwritable(tmp_path / place)
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("place", ["", "new", "new/deep"])
def test_a_folder_that_cannot_be_written_to(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("")
    folder = tmp_path / "file" / place
    with pytest.raises(BuildError, match=f"cannot write to {folder}: a part of the path is no f"):
        repairing.refuse_unwritable(folder)


@pytest.mark.parametrize(
    ("tag", "name"), [("py3-none-any", "guest/tests/it.so"), ("cp311-cp311-linux_x86_64", "it.elf")]
)
def test_broken_test_data_is_nothing_to_repair(tmp_path: Path, tag: str, name: str) -> None:
    wheel = make_wheel(tmp_path, [Member(name, b"\x7fELF")], tag=tag)
    assert repairing.propose(wheel, (), no_tools).plan is None


@pytest.fixture
def paths(tmp_path: Path) -> dict[str, bytes]:
    """Return libraries with each kind of search path."""
    flags = {"none": (), "runpath": ("-Wl,--enable-new-dtags,-rpath,/x",)}
    flags["rpath"] = ("-Wl,--disable-new-dtags,-rpath,/x",)
    flags["both"] = flags["runpath"]
    made = {
        name: shared(tmp_path / f"{name}.so", "int x(void) { return 1; }", *more, script="")
        for name, more in flags.items()
    }
    found = {name: path.read_bytes() for name, path in made.items()}
    return {**found, "both": with_rpath_too(found["both"])}


def with_rpath_too(content: bytes) -> bytes:
    """Put an RPATH of the RUNPATH's text into one of the spare entries of .dynamic (64 bits)."""
    section = ELFFile(io.BytesIO(content)).get_section_by_name(".dynamic")
    assert isinstance(section, DynamicSection)
    tags = [tag.entry for tag in section.iter_tags()]
    [text] = (tag.d_val for tag in tags if tag.d_tag == "DT_RUNPATH")
    changed = bytearray(content)
    end = section["sh_offset"] + 16 * (len(tags) - 1)
    struct.pack_into("=QQ", changed, end, ENUM_D_TAG["DT_RPATH"], text)
    return bytes(changed)


@pytest.mark.compiles
@pytest.mark.parametrize("is_rpath", [True, False])
@pytest.mark.parametrize("entries", [(), ("$ORIGIN", "$ORIGIN/../../lib")])
def test_each_search_path_becomes_each_other(
    paths: dict[str, bytes], entries: tuple[str, ...], is_rpath: bool
) -> None:
    after = SearchPath(entries, is_rpath)
    members = tuple(Member(name, content) for name, content in paths.items())
    before = {m.name: planning.search_paths(m.binary) for m in elf_members.read(members)}
    assert [len(before[name]) for name in ("none", "runpath", "rpath", "both")] == [0, 1, 1, 2]
    plan = replace(PLAN, paths=tuple(PathEdit(name, before[name], after) for name in paths))
    made = replace(WHEEL, members=(*members, *WHEEL.members))
    changed = {m.name: m.content for m in repairing.applied(plan, made, patchelf())}
    for name in paths:
        binary = elf.read_any(changed[name], name)
        assert binary
        assert (binary.rpath, binary.runpath) == ((entries, ()) if is_rpath else ((), entries))


@pytest.mark.compiles
def test_a_patchelf_that_does_something_else_is_our_fault(paths: dict[str, bytes]) -> None:
    edit = PathEdit("runpath", (), SearchPath(("$ORIGIN",), is_rpath=True))
    made = replace(WHEEL, members=(Member("runpath", paths["runpath"]), *WHEEL.members))
    with pytest.raises(InternalError, match=r"runpath: RPATH \$ORIGIN was to be set, it has RUNP"):
        repairing.applied(replace(PLAN, paths=(edit,)), made, Path("true"))


def test_a_patchelf_that_fails_is_our_fault() -> None:
    edit = PathEdit("text", (), SearchPath(("$ORIGIN",), is_rpath=True))
    made = replace(WHEEL, members=(Member("text", b"no ELF"), *WHEEL.members))
    with pytest.raises(InternalError, match="patchelf failed"):
        repairing.applied(replace(PLAN, paths=(edit,)), made, patchelf())


def test_the_dist_info_folder_comes_last() -> None:
    made = replace(WHEEL, members=(*WHEEL.members, Member("z.py", b""), Member("a.py", b"")))
    names = [member.name for member in repairing.applied(PLAN, made, Path("patchelf"))]
    assert names == ["a.py", "z.py", f"{INFO}/METADATA", f"{INFO}/WHEEL"]
