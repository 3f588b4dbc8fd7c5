from __future__ import annotations

from dataclasses import replace

import pytest

from libwheel.consumer.library_wheels import LibraryWheel
from libwheel.consumer.repair import library_needs, planning
from libwheel.consumer.repair.elf_members import ElfMember
from libwheel.consumer.repair.planning import Plan
from libwheel.consumer.repair.wheel_file import WheelFile
from libwheel.errors import BuildError
from libwheel.wheel import Member
from unit.consumer.consumers import HDF5, libraries, library_wheel, member

INFO = "guest-1.0.dist-info"
OURS = "$ORIGIN/../../../../lib"
NAME = "guest-1.0-cp311-cp311-{}.whl"
MANYLINUX = "manylinux_2_17_x86_64"


NO_PLAN = Plan((), (), (), (), frozenset(), new_platforms=False, dropped=(), warnings=())


def wheel(
    *members: ElfMember, platform: str = MANYLINUX, requires: str = "hdf5~=1.14.5"
) -> WheelFile:
    metadata = f"Name: guest\nRequires-Dist: {requires}\n".encode()
    described = f"Tag: cp311-cp311-{platform}\n".encode()
    files = [Member(m.name, m.content) for m in members]
    info = [Member(f"{INFO}/METADATA", metadata), Member(f"{INFO}/WHEEL", described)]
    return WheelFile(NAME.format(platform), INFO, (*files, *info), ())


def plan(
    *members: ElfMember,
    before: WheelFile | None = None,
    made: WheelFile | None = None,
    library: LibraryWheel | None = None,
    exact: bool = False,
) -> Plan:
    needs = library_needs.find(members, libraries(wheel=library))
    made = made or wheel(*members)
    return planning.make(before or made, made, members, needs, exact=exact)


def path_of(*members: ElfMember) -> str:
    """Return what is to be done to the first one's path, in words."""
    edits = (edit for edit in plan(*members).paths if edit.member == members[0].name)
    return next(
        (line for edit in edits for line in replace(NO_PLAN, paths=(edit,)).lines()), "nothing"
    )


FIT = member("guest/_it.so", HDF5, rpath=(OURS,))


def test_a_wheel_that_is_fit() -> None:
    found = plan(FIT)
    assert found.is_empty
    assert not list(found.lines())


@pytest.mark.parametrize(
    ("runpath", "after"),
    [
        ((), OURS),
        ((OURS,), OURS),  # LD_LIBRARY_PATH wins over a RUNPATH
        (("/build/lib", "", "$ORIGIN/gone", "lib", "$ORIGIN/../../../../../x"), OURS),
        (("$ORIGIN/../guest.libs", "/opt"), f"$ORIGIN/../guest.libs:{OURS}"),
        (("${ORIGIN}/.own", OURS, "$ORIGIN/.own"), f"${{ORIGIN}}/.own:$ORIGIN/.own:{OURS}"),
    ],
)
def test_paths_of_what_needs_a_library_wheel(runpath: tuple[str, ...], after: str) -> None:
    others = (member("guest.libs/libx.so"), member("guest/.own/liby.so"))
    it = member("guest/_it.so", HDF5, runpath=runpath)
    assert path_of(it, *others).startswith(f"guest/_it.so: RPATH {after} (was: ")


@pytest.mark.parametrize("entry", ["$ORIGIN/../torch/lib", "$ORIGIN/../nvidia/cublas/lib"])
def test_the_way_to_another_distribution_stays(entry: str) -> None:
    it = member("guest/_it.so", HDF5, runpath=(entry, "/build"))
    assert path_of(it).startswith(f"guest/_it.so: RPATH {entry}:{OURS} (was: ")
    other = member("guest/_other.so", runpath=(entry, "/build"))
    assert path_of(other, FIT).startswith(f"guest/_other.so: RUNPATH {entry} (was: ")


def test_the_way_to_what_its_own_packages_lack_goes() -> None:
    """Also where there is no library in any folder of the package."""
    entries = ("$ORIGIN/gone", "$ORIGIN/../guest/gone", "$ORIGIN/../data/gone")
    it = member("guest/_it.so", HDF5, runpath=entries)
    made = wheel(it)
    made = replace(made, members=(*made.members, Member("data/table.txt", b"")))
    [edit] = plan(it, made=made).paths
    assert edit.after.entries == (OURS,)


@pytest.mark.parametrize(
    "entry",
    [
        "/usr/lib/python3/dist-packages/torch/lib",
        "$ORIGIN/../../torch/lib",
        "$ORIGIN/../../../../../torch/lib",
        "$ORIGIN/../../../python3.11/site-packages/torch/lib",
    ],
)
def test_a_way_through_what_is_not_site_packages_goes(entry: str) -> None:
    [edit] = plan(member("guest/_it.so", HDF5, runpath=(entry,))).paths
    assert edit.after.entries == (OURS,)


def test_an_rpath_beside_a_runpath_goes_although_it_is_void() -> None:
    it = member("guest/_it.so", HDF5, rpath=(OURS,), runpath=("/build",))
    assert path_of(it) == f"guest/_it.so: RPATH {OURS} (was: RPATH {OURS} and RUNPATH /build)"


def test_what_gets_the_same_is_told_together() -> None:
    them = [member(f"guest/_{name}.so", HDF5, rpath=("/x",)) for name in "abcde"]
    assert next(plan(*them).lines()) == (
        f"guest/_a.so, guest/_b.so, guest/_c.so and 2 more: RPATH {OURS} (was: RPATH /x)"
    )


@pytest.mark.parametrize(
    ("it", "words"),
    [
        (member("guest/_it.so", rpath=("/x",)), "guest/_it.so: no RPATH (was: RPATH /x)"),
        (member("guest/_it.so", runpath=("",)), "guest/_it.so: no RUNPATH (was: RUNPATH )"),
        (
            member("guest/_it.so", runpath=("/x", "$ORIGIN")),
            "guest/_it.so: RUNPATH $ORIGIN (was: RUNPATH /x:$ORIGIN)",
        ),
        (
            member("guest/_it.so", rpath=("/x",), runpath=("$ORIGIN",)),
            "guest/_it.so: RUNPATH $ORIGIN (was: RPATH /x and RUNPATH $ORIGIN)",
        ),
        (member("guest/_it.so", rpath=("$ORIGIN",)), "nothing"),
        (member("guest/_it.so"), "nothing"),
    ],
)
def test_paths_of_what_needs_none(it: ElfMember, words: str) -> None:
    assert path_of(it, replace(FIT, name="guest/_fit.so")) == words


def test_what_auditwheel_did() -> None:
    it, libx = member("guest/_it.so", HDF5, "libx.so", rpath=(OURS,)), member("guest.libs/libx.so")
    before = wheel(replace(it, content=b"before"))
    found = plan(it, libx, before=before)
    assert (found.grafted, found.patched) == (("guest.libs/libx.so",), ("guest/_it.so",))
    [edit] = found.paths
    assert edit.after.entries == ("$ORIGIN/../guest.libs", OURS)
    assert list(found.lines())[:2] == [
        "guest.libs/libx.so: added by auditwheel",
        "guest/_it.so: changed by auditwheel",
    ]


def test_a_grafted_library_out_of_reach() -> None:
    it = member("guest-1.data/scripts/tool", HDF5, "libx.so")
    libx = member("guest.libs/libx.so")
    with pytest.raises(BuildError, match=r"scripts/tool needs libx\.so, which auditwheel has put"):
        plan(it, libx, before=wheel(it))


@pytest.mark.parametrize(
    ("requires", "exact", "added"),
    [
        ("numpy", False, ["hdf5~=1.14.5"]),
        ("numpy", True, ["hdf5==1.14.5"]),
        ("hdf5~=1.14.5", True, ["hdf5==1.14.5"]),
        ("hdf5==1.14.5", False, []),  # as --exact has made it
        ("HDF5 >=1.14", False, ["hdf5~=1.14.5"]),
        ("hdf5==1.14.5", True, []),
    ],
)
def test_requirements(requires: str, exact: bool, added: list[str]) -> None:
    found = plan(FIT, made=wheel(FIT, requires=requires), exact=exact)
    assert [str(requirement) for requirement in found.requirements] == added


def test_a_requirement_that_contradicts() -> None:
    with pytest.raises(
        BuildError, match=r"METADATA requires hdf5>=2, and hdf5 1\.14\.5 is installed"
    ):
        plan(FIT, made=wheel(FIT, requires="hdf5>=2"))


def test_platforms() -> None:
    before = wheel(FIT, platform="linux_x86_64")
    found = plan(FIT, before=before, made=wheel(FIT))
    assert found.platforms == {MANYLINUX}
    assert found.new_platforms
    assert list(found.lines()) == [f"platform: {MANYLINUX}"]


def test_a_plain_library_wheel_is_warned_of() -> None:
    found = plan(FIT, library=library_wheel(platforms=("linux_x86_64",)))
    assert found.platforms == {"linux_x86_64"}
    [warning] = found.warnings
    assert warning.startswith("hdf5 1.14.5 is tagged linux_x86_64, so the result is too")


def test_signatures_are_dropped_only_from_what_changes() -> None:
    signed = replace(wheel(FIT), signatures=(f"{INFO}/RECORD.jws",))
    assert plan(FIT, before=signed).is_empty
    assert not list(plan(FIT, before=signed).lines())
    changed = replace(signed, name=NAME.format("linux_x86_64"))
    assert f"{INFO}/RECORD.jws: dropped" in "\n".join(plan(FIT, before=changed).lines())
