"""Doctor's report for a person: tables and sentences, as wide as the terminal is."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from libwheel.console import BOLD, DIM, RED, YELLOW, Console, plain
from libwheel.consumer.doctor.report import About, Copy, Diagnosis, Imports, Report, Severity
from libwheel.consumer.doctor.several import are_several
from libwheel.words import counted, listed, sized

_INDENT = "  "
_NARROWEST = 40
_LAST = 20  # columns that a table's last one keeps while others are wider
_GAP = "..."
Row = Sequence[str]


def text(report: Report, console: Console, width: int | None) -> str:
    """Return the report; lines are `width` columns at most, or as long as they get.

    But for a path or a name in a sentence that is longer: it is there to be copied.
    """
    page = _Page(report, console, max(width, _NARROWEST) if width else None)
    parts = (
        *(page.head, page.library_wheels, page.copies, page.imports, page.diagnoses),
        page.pip,
    )
    blocks = ["\n".join(part()) for part in parts]
    return "\n\n".join([*filter(None, blocks), page.verdict()])


@dataclass(frozen=True)
class _Page:
    """The parts of the text; paths are shown as seen from the environment's packages."""

    report: Report
    console: Console
    width: int | None

    def head(self) -> Iterator[str]:
        report = self.report
        yield f"environment  {plain(str(report.prefix))}"
        yield f"python       {plain(str(report.python))}"
        distributions = counted(report.distributions, "distribution", "distributions")
        libraries = counted(report.libraries, "shared library", "shared libraries")
        yield f"looked at    {distributions}, {libraries}"

    def library_wheels(self) -> Iterator[str]:
        rows: list[Row] = [
            (wheel.name, wheel.version, self._used_by(wheel.consumers), " ".join(names))
            for wheel in self.report.library_wheels
            for names in [[file.name for file in wheel.files]]
        ]
        yield from self._table("library wheels", ("name", "version", "used by", "files"), rows)
        if not rows:
            yield "library wheels: none"

    def _used_by(self, consumers: Sequence[str]) -> str:
        return listed(consumers) or "nobody"

    def copies(self) -> Iterator[str]:
        rows: list[Row] = []
        for library, copies in groupby(self.report.copies, key=lambda copy: copy.library):
            several = list(copies)
            if are_several(several):
                rows += self._copy_rows(library, several)
        names = ("library", "size", "of", "file")
        yield from self._table("libraries that are here more than once", names, rows, right=(1,))

    def _copy_rows(self, library: str, copies: Sequence[Copy]) -> Iterator[Row]:
        """Yield a row for each file, and one for all that a distribution has linked in."""
        cells = [
            (sized(copy.size), _owner(copy), self._shown(copy.path))
            for copy in copies
            if not copy.linked_in
        ]
        held: dict[str, list[str]] = {}
        for copy in copies:
            if copy.linked_in:
                held.setdefault(_owner(copy), []).append(copy.path.name)
        cells += [("linked in", owner, listed(files)) for owner, files in held.items()]
        for number, row in enumerate(cells):
            yield ("" if number else library, *row)

    def imports(self) -> Iterator[str]:
        imports = self.report.imports
        if imports:
            names = ("import", "size", "library", "needed by")
            rows = list(self._mapped_rows(imports))
            title = plain(f"loaded by importing {listed(imports.modules)}")
            yield from self._table(title, names, rows, right=(1,))
            if not rows and not imports.failed:
                yield f"{title}: nothing of interest"
            if imports.failed:
                failed = [failure.module for failure in imports.failed]
                yield f"could not be imported: {plain(listed(failed, len(failed)))}"

    def _mapped_rows(self, imports: Imports) -> Iterator[Row]:
        for mapped in imports.mapped:
            needers = listed([path.name for path in mapped.needed_by]) or "nobody by name"
            yield (mapped.imported, sized(mapped.size), self._shown(mapped.path), needers)

    def diagnoses(self) -> Iterator[str]:
        for severity, colour in ((Severity.FAULT, RED), (Severity.NOTE, YELLOW)):
            found = [one for one in self.report.diagnoses if one.severity is severity]
            for diagnosis in found:
                kind = self.console.paint(f"{severity}:", colour, BOLD)
                yield f"{kind} {diagnosis.rule}: {plain(self._subject(diagnosis))}"
                yield from self._sentence(diagnosis.message)
                yield from self._sentence(f"-> {diagnosis.remedy}")

    def _subject(self, diagnosis: Diagnosis) -> str:
        if diagnosis.about is About.FILE:
            return self._shown(Path(diagnosis.subject))
        return diagnosis.subject

    def _sentence(self, text: str) -> Iterable[str]:
        sentence = plain(text)
        if not self.width:
            return [f"{_INDENT}{sentence}"]
        return textwrap.wrap(
            sentence,
            self.width,
            initial_indent=_INDENT,
            subsequent_indent=2 * _INDENT,
            break_long_words=False,
            break_on_hyphens=False,
        )

    def pip(self) -> Iterator[str]:
        """Say whose pip the remedies speak of: there may be another on PATH."""
        if any("pip install" in one.remedy for one in self.report.diagnoses):
            yield f"pip stands for: {self.report.python} -m pip"

    def verdict(self) -> str:
        counts = [
            (sum(one.severity is severity for one in self.report.diagnoses), severity.value)
            for severity in Severity
        ]
        told = [counted(count, what, f"{what}s") for count, what in counts if count]
        if self.report.is_sound:
            return self.console.paint(", ".join(["nothing wrong", *told]), BOLD)
        return self.console.paint(", ".join(told), BOLD, RED)

    def _table(
        self, title: str, names: Row, rows: Sequence[Row], right: Sequence[int] = ()
    ) -> Iterator[str]:
        """Yield aligned columns under a title; what is too long loses its middle."""
        if not rows:
            return
        yield self.console.paint(title, BOLD)
        whole = [[plain(cell) for cell in row] for row in (names, *rows)]
        widths = self._fitting([max(map(len, column)) for column in zip(*whole, strict=True)])
        for number, row in enumerate(whole):
            cells = [
                _cut(cell, width).rjust(width)
                if column in right
                else _cut(cell, width).ljust(width)
                for column, (cell, width) in enumerate(zip(row, widths, strict=True))
            ]
            line = (_INDENT + _INDENT.join(cells)).rstrip()
            yield self.console.paint(line, DIM) if number == 0 else line

    def _fitting(self, widths: list[int]) -> list[int]:
        """Return the widths of columns for the terminal: the last gives way first, to a point."""
        room = self.width - len(_INDENT) * len(widths) if self.width else sum(widths)
        *others, last = widths
        fitting = [*others, max(min(last, _LAST), min(last, room - sum(others)))]
        while sum(fitting) > room:
            fitting[fitting.index(max(fitting))] -= 1
        return fitting

    def _shown(self, path: Path) -> str:
        if not path.is_relative_to(self.report.prefix):
            return str(path)
        inside = str(path.relative_to(self.report.prefix))
        return inside.rpartition("site-packages/")[2]


def _cut(cell: str, width: int) -> str:
    """Return a cell of a table; one that is too long without its middle."""
    if len(cell) <= width:
        return cell
    tail = (width - len(_GAP) + 1) // 2
    return f"{cell[: width - tail - len(_GAP)]}{_GAP}{cell[len(cell) - tail :]}"


def _owner(copy: Copy) -> str:
    shared = " (library wheel)" if copy.shared else ""
    return f"{copy.owner} {copy.version}{shared}"
