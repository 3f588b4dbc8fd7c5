from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from libwheel.binaries import elf
from libwheel.consumer.repair import repairing
from libwheel.consumer.repair.planning import PathEdit, Plan, SearchPath
from libwheel.consumer.repair.repairing import Proposal, Tools
from libwheel.consumer.repair.wheel_file import WheelFile
from libwheel.errors import BuildError, InternalError
from libwheel.wheel import Member
from unit.binaries.compiled import patchelf, shared

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
    assert not any((tmp_path / "out").iterdir())


@pytest.fixture
def paths(tmp_path: Path) -> dict[str, bytes]:
    """Return libraries with each kind of search path."""
    flags = {"none": (), "runpath": ("-Wl,--enable-new-dtags,-rpath,/x",)}
    flags["rpath"] = ("-Wl,--disable-new-dtags,-rpath,/x",)
    made = {
        name: shared(tmp_path / f"{name}.so", "int x(void) { return 1; }", *more, script="")
        for name, more in flags.items()
    }
    return {name: path.read_bytes() for name, path in made.items()}


@pytest.mark.compiles
@pytest.mark.parametrize("is_rpath", [True, False])
@pytest.mark.parametrize("entries", [(), ("$ORIGIN", "$ORIGIN/../../lib")])
def test_each_search_path_becomes_each_other(
    paths: dict[str, bytes], entries: tuple[str, ...], is_rpath: bool
) -> None:
    before, after = SearchPath((), is_rpath=False), SearchPath(entries, is_rpath)
    members = tuple(Member(name, content) for name, content in paths.items())
    plan = replace(PLAN, paths=tuple(PathEdit(name, before, after) for name in paths))
    made = replace(WHEEL, members=(*members, *WHEEL.members))
    changed = {m.name: m.content for m in repairing.applied(plan, made, patchelf())}
    for name in paths:
        binary = elf.read_any(changed[name], name)
        assert binary
        assert (binary.rpath, binary.runpath) == ((entries, ()) if is_rpath else ((), entries))


def test_a_patchelf_that_fails_is_our_fault() -> None:
    edit = PathEdit("text", SearchPath((), is_rpath=False), SearchPath(("$ORIGIN",), is_rpath=True))
    made = replace(WHEEL, members=(Member("text", b"no ELF"), *WHEEL.members))
    with pytest.raises(InternalError, match="patchelf failed"):
        repairing.applied(replace(PLAN, paths=(edit,)), made, patchelf())


def test_the_dist_info_folder_comes_last() -> None:
    made = replace(WHEEL, members=(*WHEEL.members, Member("z.py", b""), Member("a.py", b"")))
    names = [member.name for member in repairing.applied(PLAN, made, Path("patchelf"))]
    assert names == ["a.py", "z.py", f"{INFO}/METADATA", f"{INFO}/WHEEL"]
