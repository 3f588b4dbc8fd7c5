"""Doctor's report as one HTML page that needs nothing else: no script, no font, no network."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from xml.etree.ElementTree import Element

from libwheel.consumer.doctor import picture
from libwheel.consumer.doctor.markup import Content, element, written
from libwheel.consumer.doctor.report import (
    About,
    Copy,
    Diagnosis,
    Imports,
    Mapped,
    Report,
    Severity,
)
from libwheel.consumer.doctor.several import are_several
from libwheel.version import __version__
from libwheel.words import sized

Cell = tuple[str, Sequence[Content]]  # its class, what is in it


def page(report: Report) -> str:
    """Return the page. Paths in the environment are shown as seen from its prefix."""
    style = (files("libwheel.consumer.doctor") / "html_report.css").read_text(encoding="utf-8")
    title = f"Shared libraries of {report.prefix.name or report.prefix}"
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", title),
        element("style", style),
    )
    parts = (_picture, _faults, _notes, _library_wheels, _copies, _imports)
    sections = [section for part in parts for section in part(report)]
    body = element(
        "body",
        _header(report, title),
        element("main", *sections),
        element("footer", element("p", f"Made by libwheel doctor {__version__}.")),
    )
    return written(element("html", head, body, lang="en"))


# The top: the verdict, and what was looked at


def _header(report: Report, title: str) -> Element:
    facts: dict[str, list[Content]] = {
        "Environment": [element("code", str(report.prefix))],
        "Python": [element("code", str(report.python))],
        "Looked at": [
            f"{_count(report.distributions, 'distribution')}, "
            f"{_count(len(report.library_wheels), 'library wheel')}, "
            f"{_count(report.libraries, 'shared library')}"
        ],
    }
    pairs = [
        part for name, told in facts.items() for part in (element("dt", name), element("dd", *told))
    ]
    return element(
        "header",
        element("h1", title),
        element("p", _verdict(report), class_=f"verdict {'good' if report.is_sound else 'bad'}"),
        *(element("p", line) for line in _explained(report)),
        element("dl", *pairs),
    )


def _verdict(report: Report) -> str:
    faults = len(_of(report, Severity.FAULT))
    if not faults:
        return "Nothing is wrong."
    return "One thing is wrong." if faults == 1 else f"{faults} things are wrong."


def _explained(report: Report) -> Iterator[str]:
    several = [copies for _, copies in _kinds(report.copies) if are_several(copies)]
    if several:
        wasted = sum(_wasted(copies) for copies in several)
        saved = f"; sharing one copy of each would save {sized(wasted)}" if wasted else ""
        verb = "is" if len(several) == 1 else "are"
        yield f"{_count(len(several), 'library')} {verb} here more than once{saved}."
    if report.imports:
        done = len(report.imports.modules) - len(report.imports.failed)
        yield f"Of {_count(len(report.imports.modules), 'module')}, {done} could be imported."


# The picture


def _picture(report: Report) -> Iterator[Element]:
    drawing = picture.picture(report)
    if drawing is None:
        return
    drawing.set("class", "picture")
    figure = element(
        "figure",
        element("div", drawing, class_="scroll"),
        element("figcaption", element("ul", *_key(), class_="key")),
    )
    yield _section("Who loads which copy", figure)


def _key() -> Iterator[Element]:
    def sample(*shapes: Element, kind: str = "") -> Element:
        group = element("g", *shapes, class_=kind)
        return element("svg", group, viewBox="0 0 44 20", aria_hidden="true")

    box = element("rect", x=1, y=1, width=42, height=18, rx=4)
    twin = element("rect", x=4, y=4, width=36, height=12, rx=2, class_="twin")
    own = element("rect", x=1, y=1, width=42, height=18, rx=4)
    fault = element("path", d="M0 10H44", class_="fault")
    sound = element("path", d="M0 10H44")
    yield element("li", sample(box, twin, kind="shared"), "a library wheel's, shared")
    yield element(
        "li",
        sample(own, kind="private"),
        "private to a package, or inside one of its extension modules",
    )
    yield element("li", sample(sound), "loads it")
    yield element("li", sample(fault), "loads it, and something is wrong")


# What is wrong, and what is worth knowing


def _faults(report: Report) -> Iterator[Element]:
    yield from _diagnoses("What is wrong", Severity.FAULT, report)


def _notes(report: Report) -> Iterator[Element]:
    yield from _diagnoses("Worth knowing", Severity.NOTE, report)


def _diagnoses(title: str, severity: Severity, report: Report) -> Iterator[Element]:
    """Yield a section, with one article for all that is mended in the same way."""
    together: dict[tuple[str, str], list[Diagnosis]] = {}
    for found in _of(report, severity):
        together.setdefault((found.rule, found.remedy), []).append(found)
    if together:
        yield _section(title, *(_article(several, report) for several in together.values()))


def _of(report: Report, severity: Severity) -> list[Diagnosis]:
    return [found for found in report.diagnoses if found.severity is severity]


def _article(several: Sequence[Diagnosis], report: Report) -> Element:
    kind = element("span", "What to do: ", class_="kind")
    said = [
        part
        for found in several
        for part in (
            element("h3", _code(_subject(found, report))),
            element("p", _shown(found.message, report), class_="message"),
        )
    ]
    return element(
        "article",
        *said,
        element("p", kind, several[0].remedy, class_="message remedy"),
        element("p", _code(several[0].rule), class_="dim"),
        class_=several[0].severity.value,
    )


def _subject(found: Diagnosis, report: Report) -> str:
    return _shown(found.subject, report) if found.about is About.FILE else found.subject


# The tables


def _imports(report: Report) -> Iterator[Element]:
    if not report.imports:
        return
    rows = [_mapped_row(mapped, report) for mapped in report.imports.mapped]
    names = ("library", "size", "came with", "needed by")
    yield _section(
        "What the imports loaded",
        element("p", *_told_modules(report.imports)),
        *([_table("Shared libraries in the process", names, rows)] if rows else []),
    )


def _told_modules(imports: Imports) -> Iterator[Content]:
    failed = {failure.module for failure in imports.failed}
    yield "One process imported, in this order: "
    for number, module in enumerate(imports.modules):
        yield ", " if number else ""
        yield element("code", module)
        yield " (failed)" if module in failed else ""
    yield "."


def _mapped_row(mapped: Mapped, report: Report) -> list[Cell]:
    return [
        ("", [element("code", _path(mapped.path, report))]),
        ("number", [sized(mapped.size)]),
        ("", [element("code", mapped.imported)]),
        ("", [_needers(mapped, report)]),
    ]


def _needers(mapped: Mapped, report: Report) -> Content:
    if not mapped.needed_by:
        return "no other file: loaded directly"
    paths = [element("li", element("code", _path(p, report))) for p in mapped.needed_by]
    if len(paths) <= _FEW:
        return element("ul", *paths)
    return element("details", element("summary", f"{len(paths)} files"), element("ul", *paths))


_FEW = 3


def _library_wheels(report: Report) -> Iterator[Element]:
    if not report.library_wheels:
        return
    rows: list[list[Cell]] = [
        [
            ("", [wheel.name]),
            ("", [wheel.version]),
            ("", [_list(map(_code, (_path(file, report) for file in wheel.files)))]),
            ("", [", ".join(wheel.consumers) or "nobody"]),
            ("", [_list(wheel.platforms)]),
        ]
        for wheel in report.library_wheels
    ]
    names = ("name", "version", "libraries", "used by", "platform")
    yield _section("Library wheels", _table("Copies that packages can share", names, rows))


def _copies(report: Report) -> Iterator[Element]:
    kinds = _kinds(report.copies)
    several = [(name, copies) for name, copies in kinds if are_several(copies)]
    single = [(name, copies) for name, copies in kinds if not are_several(copies)]
    parts = [_copy_table("Libraries that are here more than once", several, report)]
    if single:
        table = _copy_table("Libraries that are here once", single, report)
        summary = element("summary", f"{_count(len(single), 'library')} more, here once")
        parts.append(element("details", summary, table))
    if report.copies:
        yield _section("Copies of libraries", *(parts if several else parts[1:]))


def _copy_table(
    caption: str, kinds: Sequence[tuple[str, Sequence[Copy]]], report: Report
) -> Element:
    rows: list[list[Cell]] = [
        [
            ("", [name if number == 0 else element("span", name, class_="dim")]),
            ("", [f"{copy.owner} {copy.version}"]),
            ("", [picture.kind(copy)]),
            ("number", [sized(copy.size)]),
            ("", [_code(_path(copy.path, report))]),
        ]
        for name, copies in kinds
        for number, copy in enumerate(copies)
    ]
    wasted = sum(_wasted(copies) for _, copies in kinds)
    total: list[Cell] = [
        ("", ["sharing would save"]),
        ("", []),
        ("", []),
        ("number", [sized(wasted)]),
        ("", []),
    ]
    names = ("library", "of", "kind", "size", "file")
    return _table(caption, names, rows, total if wasted else ())


def _kinds(copies: Iterable[Copy]) -> list[tuple[str, list[Copy]]]:
    found: dict[str, list[Copy]] = {}
    for copy in sorted(copies, key=lambda c: (c.library, not c.shared, c.owner, c.path)):
        found.setdefault(copy.library, []).append(copy)
    return list(found.items())


def _wasted(copies: Sequence[Copy]) -> int:
    """Return the bytes that sharing would save, were the largest copy the one that stays.

    What is linked into other files is not counted: its own size is not known. Nor is what one
    distribution has under several names: sharing does not change that.
    """
    sizes = {copy.file: copy.size for copy in copies if not copy.linked_in}
    return sum(sizes.values()) - max(sizes.values(), default=0)


# The pieces


def _section(title: str, *content: Content) -> Element:
    name = re.sub(r"\W+", "-", title.lower())
    return element("section", element("h2", title, id=name), *content, aria_labelledby=name)


def _table(
    caption: str,
    names: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    total: Sequence[Cell] = (),
) -> Element:
    heads = [
        element("th", name, scope="col", class_="number" if name == "size" else "")
        for name in names
    ]
    foot = [element("tfoot", _row(names, total))] if total else []
    return element(
        "table",
        element("caption", caption),
        element("thead", element("tr", *heads)),
        element("tbody", *(_row(names, row) for row in rows)),
        *foot,
        class_="wide",
    )


def _row(names: Sequence[str], cells: Sequence[Cell]) -> Element:
    (kind, first), *others = cells
    return element(
        "tr",
        element("th", *first, scope="row", class_=kind),
        *(
            element("td", *content, class_=kind, **({"data_label": name} if content else {}))
            for name, (kind, content) in zip(names[1:], others, strict=True)
        ),
    )


def _list(parts: Iterable[Content]) -> Element:
    return element("ul", *(element("li", part) for part in parts))


def _code(text: str) -> Element:
    return element("code", text)


def _path(path: Path, report: Report) -> str:
    return _shown(str(path), report)


def _shown(text: str, report: Report) -> str:
    """Return the text with the paths in the environment as seen from its prefix."""
    prefix = str(report.prefix).rstrip("/")
    return re.sub(rf"(?<![\w./-]){re.escape(prefix)}/", "", text) if prefix else text


def _count(number: int, thing: str) -> str:
    plural = re.sub("y$", "ie", thing) + "s"
    return f"{number:,} {thing if number == 1 else plural}"
