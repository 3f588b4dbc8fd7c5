"""The page that doctor writes: sound HTML, everything told, nothing of a name's taken as markup."""

from __future__ import annotations

import re
import sys
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from libwheel.consumer.doctor.html_report import page
from libwheel.consumer.doctor.report import (
    About,
    Copy,
    Diagnosis,
    FailedImport,
    Imports,
    LibraryRow,
    Mapped,
    Report,
    Rule,
    Severity,
    Use,
)
from libwheel.consumer.pools import Pool
from unit import goldens

PREFIX = Path("/srv/env")
SITE = PREFIX / "lib/python3.11/site-packages"
VOID = {"meta"}


class Reader(HTMLParser):
    """Collects what a page is made of; a tag that closes another than the open one is an error."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: Counter[str] = Counter()
        self.links: list[str] = []
        self.tags: Counter[str] = Counter()
        self.shapes: list[dict[str, str | None]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        assert len(named) == len(attrs)
        self.tags[tag] += 1
        self.ids.update(filter(None, [named.get("id")]))
        self.links += [
            value or "" for name, value in attrs if name in ("href", "src", "xlink:href")
        ]
        self.shapes += [{"tag": tag, **named}]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text += data


def copy(library: str, owner: str, *, shared: bool = False, size: int = 2_000_000) -> Copy:
    if shared:
        name = f"lib{library}-pywheel-310.so"
        return Copy(library, PREFIX / "lib" / name, name, owner, "1.14.5", True, size)
    name = f"lib{library}-0a1b2c3d.so.310"
    return Copy(library, SITE / f"{owner}.libs" / name, name, owner, "3.16.0", False, size)


def use(consumer: str, used: Copy) -> Use:
    return Use(consumer, SITE / consumer / "_ext.abi3.so", used.path)


def report(**changes: object) -> Report:
    fields: dict[str, object] = {
        "python": PREFIX / "bin/python",
        "prefix": PREFIX,
        "distributions": 3,
        "library_wheels": (),
        "copies": (),
        "uses": (),
        "diagnoses": (),
        "imports": None,
    }
    return Report(**{**fields, **changes})  # type: ignore[arg-type]


def faulty() -> Report:
    ours, theirs = copy("hdf5", "hdf5", shared=True), copy("hdf5", "tables", size=3_000_000)
    mapped = tuple(
        Mapped(
            c.path, c.soname, c.size, module, (SITE / module / "_ext.abi3.so",), c.path, c.library
        )
        for module, c in (("h5py", ours), ("tables", theirs))
    )
    return report(
        library_wheels=(
            LibraryRow("hdf5", "1.14.5", ("manylinux_2_17_x86_64",), (ours.path,), ("h5py",)),
        ),
        copies=(ours, theirs, copy("aec", "tables", size=50_000)),
        uses=(use("h5py", ours), use("tables", theirs)),
        diagnoses=(
            Diagnosis(
                *(Severity.FAULT, Rule.MAPPED_TWICE, About.LIBRARY, "hdf5"),
                *("2 copies of hdf5 are here", "share one"),
            ),
            Diagnosis(
                *(Severity.NOTE, Rule.UNREADABLE, About.FILE, str(theirs.path)),
                *(f"see {theirs.path}", f"look at {theirs.path}"),
            ),
        ),
        imports=Imports(("h5py", "tables", "nope"), mapped, (FailedImport("nope", "no such"),)),
    )


@pytest.mark.parametrize("made", [report(), faulty()], ids=["empty", "faulty"])
def test_it_is_sound_and_needs_nothing_else(made: Report) -> None:
    text = page(made)
    reader = Reader(text)
    assert reader.open == []
    assert not [name for name, count in reader.ids.items() if count > 1]
    assert not reader.links
    assert not reader.tags.keys() & {"script", "link", "img", "iframe"}
    assert "url(" not in text
    assert "@import" not in text


def test_every_label_is_there() -> None:
    reader = Reader(page(faulty()))
    named = " ".join(shape.get("aria-labelledby") or "" for shape in reader.shapes).split()
    assert named
    assert set(named) <= reader.ids.keys()


def test_the_page() -> None:
    text = re.sub(r"(?s)<style>.*?</style>", "<style></style>", page(faulty()))
    goldens.check(
        "doctor-page.html", re.sub(r"libwheel doctor [\w.+]+\.", "libwheel doctor.", text)
    )


def test_the_verdict() -> None:
    assert "Nothing is wrong." in Reader(page(report())).text
    assert "One thing is wrong." in Reader(page(faulty())).text
    assert "sharing one copy of each would save 2.0 MB" in Reader(page(faulty())).text


def test_names_are_text() -> None:
    evil = "<script>alert('&amp;\"')</script>"
    bad = copy("hdf5", evil)
    made = report(
        prefix=Path("/srv/<b>"),
        copies=(bad, copy("hdf5", "tables")),
        uses=(use(evil, bad),),
        diagnoses=(Diagnosis(Severity.FAULT, Rule.UNREADABLE, About.LIBRARY, evil, evil, evil),),
        library_wheels=(LibraryRow(evil, evil, (evil,), (Path(evil),), (evil,)),),
        imports=Imports((evil,), (), (FailedImport(evil, evil),)),
    )
    reader = Reader(page(made))
    assert not reader.tags.keys() & {"script", "b"}
    assert reader.text.count(evil) > 8


def test_a_path_that_is_no_text_is_written_all_the_same() -> None:
    stray = Diagnosis(
        Severity.NOTE, Rule.UNREADABLE, About.FILE, "lib\udcff.so", "message", "remedy"
    )
    text = page(report(diagnoses=(stray,)))
    assert b"lib\\udcff.so" in text.encode("utf-8")


def test_paths_are_seen_from_the_prefix() -> None:
    other = f"/opt{PREFIX}/lib/x.so"
    found = Diagnosis(
        *(Severity.NOTE, Rule.UNREADABLE, About.FILE, f"{PREFIX}/lib/y.so"),
        *(f"see {other}", f"rm {PREFIX}/lib/z.so"),
    )
    text = Reader(page(report(diagnoses=(found,)))).text
    assert other in text
    assert f"{PREFIX}/lib/y.so" not in text
    assert "lib/y.so" in text
    assert f"What to do: rm {PREFIX}/lib/z.so" in text  # to be pasted


def boxes(made: Report) -> list[tuple[float, float, float, float]]:
    rects = [
        s for s in Reader(page(made)).shapes if s["tag"] == "rect" and s.get("class") != "twin"
    ]
    picture = [s for s in rects if float(s["width"] or 0) > 42]  # not the key's
    return [
        (float(s["x"] or 0), float(s["y"] or 0), float(s["width"] or 0), float(s["height"] or 0))
        for s in picture
    ]


@pytest.mark.parametrize(("packages", "count"), [(40, 40), (40, 2), (2, 40)])
def test_nothing_overlaps(packages: int, count: int) -> None:
    copies = [copy(f"lib{number // 2}", f"owner{number}") for number in range(count)]
    uses = tuple(
        use(f"package{number}", copies[(number * 7 + step) % count])
        for number in range(max(packages, count))
        for step in range(2)
        if number < packages
    )
    found = boxes(report(copies=tuple(copies), uses=uses))
    assert len(found) == count + packages
    for number, (x, y, width, height) in enumerate(found):
        assert y > 0
        for left, top, other_width, other_height in found[:number]:
            apart = x >= left + other_width or left >= x + width
            assert apart or y >= top + other_height or top >= y + height


def test_a_copy_inside_an_extension_is_no_bytes_to_save() -> None:
    whole, held = copy("hdf5", "h5py"), replace(copy("hdf5", "opencv"), linked_in=True)
    uses = (use("h5py", whole), Use("opencv", held.path, held.path))
    text = Reader(page(report(copies=(whole, held), uses=uses))).text
    assert "inside: libhdf5" in text
    assert "would save" not in text


def test_one_file_under_several_names_is_here_once() -> None:
    names = ("libarrow.so", "libarrow.so.26", "libarrow.so.26.1")
    one = copy("arrow", "pyarrow")
    several = tuple(replace(one, path=one.path.with_name(name), soname=names[1]) for name in names)
    text = Reader(page(report(copies=several))).text
    assert "more than once" not in text
    assert "1 library more, here once" in text
    assert "would save" not in text
    other = copy("arrow", "other", size=3_000_000)
    text = Reader(page(report(copies=(*several, other)))).text
    assert "1 library is here more than once; sharing one copy of each would save 2.0 MB" in text


def test_what_holds_a_copy_is_not_counted_as_a_library() -> None:
    held = replace(copy("hdf5", "opencv"), linked_in=True)
    assert (
        "0 library wheels, 1 shared library\n"
        in Reader(page(report(copies=(copy("hdf5", "h5py"), held)))).text
    )


def test_what_an_owner_has_inside_its_files_is_one_thing_to_look_at() -> None:
    held = [
        replace(copy("hdf5", "opencv"), path=SITE / f"cv{number}.so", linked_in=True)
        for number in range(3)
    ]
    uses = tuple(Use("opencv", one.path, one.path) for one in held)
    made = report(copies=(copy("hdf5", "h5py"), *held), uses=uses)
    assert len(boxes(made)) == 3  # a package, its node, the other copy
    assert "inside: cv0.so and 2 more" in Reader(page(made)).text
    assert "4 copies, 2.0 MB" in Reader(page(made)).text


def test_the_picture_leaves_out_what_is_here_once() -> None:
    alone = copy("aec", "tables")
    assert boxes(report(copies=(alone,), uses=(use("tables", alone),))) == []


def lines(made: Report) -> dict[tuple[str, str], str]:
    """Return the class of each line, by the package at its start and the copy's owner."""
    text = page(made)
    box = r'<title>(\S+)[^<]*</title>\s*<rect x="([\d.]+)" y="([\d.]+)"[^>]* height="([\d.]+)"'
    at = {
        (x == "1", float(y) + float(height) / 2): name
        for name, x, y, height in re.findall(box, text)
    }
    paths = re.findall(r'd="M\d+ ([\d.]+)C[^"]* ([\d.]+)" class="(\w+)"', text)
    return {(at[True, float(y1)], at[False, float(y2)]): kind for y1, y2, kind in paths}


SOUND_LINES = {("h5py", "hdf5"): "sound", ("tables", "tables"): "sound"}


@pytest.mark.parametrize(
    ("about", "subject", "wrong"),
    [
        (About.LIBRARY, "hdf5", ("tables", "tables")),
        (About.DISTRIBUTION, "hdf5", ("h5py", "hdf5")),  # the library wheel's files are missing
        (About.DISTRIBUTION, "h5py", ("h5py", "hdf5")),
        (About.DISTRIBUTION, "tables", ("tables", "tables")),
        (About.FILE, str(SITE / "tables/_ext.abi3.so"), ("tables", "tables")),
        (About.FILE, str(copy("hdf5", "tables").path), ("tables", "tables")),
        (About.FILE, str(copy("hdf5", "hdf5", shared=True).path), ("h5py", "hdf5")),
        (About.MODULE, "tables", None),
        (About.MODULE, "hdf5", None),
        (About.LIBRARY, "tables", None),
    ],
)
def test_a_fault_s_lines_stand_out(
    about: About, subject: str, wrong: tuple[str, str] | None
) -> None:
    for severity in Severity:
        found = Diagnosis(severity, Rule.UNREADABLE, about, subject, "message", "remedy")
        made = replace(faulty(), diagnoses=(found,))
        is_fault = wrong and severity is Severity.FAULT
        assert lines(made) == {**SOUND_LINES, **({wrong: "fault"} if is_fault and wrong else {})}


def test_what_is_wrong_with_all_blas_is_wrong_with_each_library() -> None:
    made = faulty()
    copies = tuple(replace(one, pool=Pool.BLAS) for one in made.copies)
    found = Diagnosis(Severity.FAULT, Rule.SEVERAL_BLAS, About.LIBRARY, "BLAS", "m", "r")
    blamed = lines(replace(made, copies=copies, diagnoses=(found,)))
    assert blamed == {**SOUND_LINES, ("tables", "tables"): "fault"}


def test_where_all_are_shared_all_are_to_blame() -> None:
    both = (copy("hdf5", "hdf5", shared=True), copy("hdf5", "hdf5-2", shared=True))
    other = replace(both[1], path=PREFIX / "lib/other.so")
    found = Diagnosis(Severity.FAULT, Rule.SEVERAL_COPIES, About.LIBRARY, "hdf5", "m", "r")
    uses = (use("h5py", both[0]), use("tables", other))
    made = report(copies=(both[0], other), uses=uses, diagnoses=(found,))
    assert set(lines(made).values()) == {"fault"}


def calls(count: int) -> int:
    """Count what a page takes with so many packages; each loads its own copy and a neighbour's."""
    copies = [copy(f"lib{number // 2}", f"owner{number}") for number in range(count)]
    uses = [use(f"p{n}", copies[(n + step) % count]) for n in range(count) for step in (0, 1)]
    made = report(copies=tuple(copies), uses=tuple(uses))
    counted = Counter[str]()
    sys.setprofile(lambda _frame, event, _: counted.update([event]))
    try:
        page(made)
    finally:
        sys.setprofile(None)
    return counted["call"]


def test_twice_as_many_packages_are_twice_the_work() -> None:
    assert calls(80) < 2.5 * calls(40)


def test_what_belongs_together_stands_together() -> None:
    pairs = [(copy("a", "p1"), "p1"), (copy("b", "p9"), "p9"), (copy("a", "p2"), "p2")]
    pairs += [(copy("b", "p8"), "p8")]
    made = report(copies=tuple(c for c, _ in pairs), uses=tuple(use(p, c) for c, p in pairs))
    text = page(made)
    order = re.findall(r"<title>(p\d)</title>", text)
    assert {frozenset(order[:2]), frozenset(order[2:])} == {
        frozenset({"p1", "p2"}),
        frozenset({"p8", "p9"}),
    }
    assert re.findall(r"<title>(p\d) 3.16.0, private", text) == order
