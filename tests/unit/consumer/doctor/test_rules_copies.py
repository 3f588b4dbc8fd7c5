from __future__ import annotations

from pathlib import Path

import pytest

from libwheel.consumer.doctor.objects import Object
from libwheel.consumer.doctor.report import About, Diagnosis, Rule, Severity
from libwheel.consumer.doctor.rules_copies import several_copies
from libwheel.naming import Tag
from unit.binaries.compiled import shared
from unit.consumer.installed import install_library_wheel
from unit.consumer.surveys import names, package, survey, thing
from unit.staged import TAG

NAMES = names("H5", 100)


def library_file(prefix: Path, tag: Tag = TAG) -> Object:
    """Return the file of the library wheel that is installed there."""
    owner = next(one for one in survey(prefix).packages if one.name == tag.wheel)
    file = tag.library_file("hdf5")
    return thing(owner, f"../../{file}", NAMES, soname=Path(file).name)


def test_two_private_copies(tmp_path: Path) -> None:
    files = [
        thing(package(name, tmp_path), f"{name}.libs/libhdf5-{8 * str(n)}.so", NAMES)
        for n, name in enumerate(("h5py", "tables"))
    ]
    assert list(several_copies(survey(tmp_path, files))) == [
        Diagnosis(
            Severity.FAULT,
            Rule.SEVERAL_COPIES,
            About.LIBRARY,
            "hdf5",
            "2 copies (2 kB) of hdf5: libhdf5-00000000.so of h5py 1.0; libhdf5-11111111.so of "
            "tables 1.0",
            "ask the maintainers of h5py and tables to share one library wheel; `libwheel doctor "
            "--import MODULE` shows which copies one process loads",
        )
    ]


def test_one_copy_is_no_fault(tmp_path: Path) -> None:
    one = thing(package("one", tmp_path), "one.libs/libhdf5.so", NAMES)
    assert list(several_copies(survey(tmp_path, [one]))) == []


def test_a_private_copy_beside_a_library_wheel(tmp_path: Path) -> None:
    install_library_wheel(tmp_path, TAG, {"hdf5": b"a library"})
    private = thing(package("h5py", tmp_path), "h5py.libs/libhdf5-00000000.so", NAMES)
    [found] = several_copies(survey(tmp_path, [library_file(tmp_path), private]))
    assert found.severity is Severity.FAULT
    assert "libhdf5-pywheel-310.so of hdf5 1.14.5" in found.message
    assert found.remedy.startswith("build h5py from source against hdf5 1.14.5, and run")


def test_a_copy_that_is_linked_in_counts(tmp_path: Path) -> None:
    install_library_wheel(tmp_path, TAG, {"hdf5": b"a library"})
    holder = thing(package("h5py", tmp_path), "h5py/ext.so", {"PyInit_ext", *NAMES})
    [found] = several_copies(survey(tmp_path, [library_file(tmp_path), holder]))
    assert found.severity is Severity.FAULT
    assert found.message.endswith("; linked into ext.so of h5py 1.0")


def test_one_file_under_several_names_is_a_note(tmp_path: Path) -> None:
    owner = package("pyarrow", tmp_path)
    files = [
        thing(owner, f"pyarrow/libarrow.so{end}", NAMES, soname="libarrow.so.1")
        for end in ("", ".1", ".1.0")
    ]
    [found] = several_copies(survey(tmp_path, files))
    assert (found.severity, found.rule) == (Severity.NOTE, "repeated-file")
    assert found.message.startswith("pyarrow 1.0 has arrow under 3 names, 3 kB together")


def test_what_one_package_has_twice_is_its_makers_affair(tmp_path: Path) -> None:
    owner = package("one", tmp_path)
    files = [thing(owner, f"{folder}/libhdf5.so", NAMES) for folder in "ab"]
    [found] = several_copies(survey(tmp_path, files))
    assert (found.severity, found.rule) == (Severity.NOTE, "several-copies")
    assert found.message == "2 copies (2 kB) of hdf5: libhdf5.so and libhdf5.so of one 1.0"
    assert found.remedy == "nothing; the makers of one could do with one of them"


@pytest.mark.compiles
@pytest.mark.parametrize(
    ("nodes", "severity"),
    [(("HDF5_PYWHEEL_310", "HDF5_PYWHEEL_320"), Severity.NOTE), (("H5", "H5"), Severity.FAULT)],
)
def test_library_wheels_of_two_abis(
    tmp_path: Path, nodes: tuple[str, str], severity: Severity
) -> None:
    files = []
    for node, tag in zip(nodes, (TAG, Tag("hdf5-2", "2.0.0", "320", 0)), strict=True):
        path = tmp_path / node / tag.wheel / tag.library_file("hdf5")
        source = shared(path, "int value(void) { return 1; }", script=f"{node} {{ global: *; }};\n")
        install_library_wheel(tmp_path, tag, {"hdf5": source.read_bytes()})
        files.append(library_file(tmp_path, tag))
    [found] = several_copies(survey(tmp_path, files))
    assert (found.severity, found.rule) == (severity, "several-copies")
