"""Doctor's picture: packages on the left, the copies that they load on the right, as SVG."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import TypeVar
from xml.etree.ElementTree import Element

from libwheel.consumer.doctor.markup import element
from libwheel.consumer.doctor.report import About, Copy, Report, Severity
from libwheel.words import sized

_WIDTH = 720
_LEFT, _RIGHT = 190, 310  # widths of the columns
_PACKAGE, _COPY, _HEADING = 30, 44, 26  # heights
_GAP, _GROUP_GAP, _MARGIN = 10, 14, 8
_CHARACTER = 7.4  # width of one in the widest of the fonts that may be there, at 13 pixels
_SMALL = 6.3  # at 11
_SWEEPS = 8


@dataclass(frozen=True, eq=False)
class Node:
    """A copy; or all that an owner has linked into its files, which is one thing to look at.

    Each is the same as itself alone, which is quick to tell.
    """

    copies: tuple[Copy, ...]

    @property
    def first(self) -> Copy:
        return self.copies[0]

    @property
    def files(self) -> str:
        more = f" and {len(self.copies) - 1} more" if len(self.copies) > 1 else ""
        return f"{kind(self.first)}: {self.first.path.name}{more}"

    @property
    def size(self) -> str:
        return "" if self.first.linked_in else sized(self.first.size)


Group = tuple[str, tuple[Node, ...]]
Thing = TypeVar("Thing")


@dataclass(frozen=True)
class Line:
    """A package loads a copy; something may be wrong with that."""

    package: str
    node: Node
    is_fault: bool


@dataclass(frozen=True)
class Places:
    """The y of the top of everything, by package, by library, by node; and the whole height."""

    packages: Mapping[str, float]
    headings: Mapping[str, float]
    nodes: Mapping[Node, float]
    height: float


def picture(report: Report) -> Element | None:
    """Draw what `drawn` picks; None where that is nothing."""
    nodes = drawn(report.copies)
    if not nodes:
        return None
    lines = _lines(report, nodes)
    packages, groups = _ordered(lines, nodes)
    places = _placed(packages, groups, lines)
    ordered = sorted(lines, key=lambda line: line.is_fault)  # faults on top
    return element(
        "svg",
        element("title", "Packages and the copies of libraries that they load", id="picture-title"),
        element("desc", _in_words(packages, lines), id="picture-words"),
        element("g", *(_curve(line, places) for line in ordered), class_="lines"),
        *(_package(name, places.packages[name]) for name in packages),
        *(part for group in groups for part in _group(group, places)),
        viewBox=f"0 0 {_WIDTH} {places.height:g}",
        role="img",
        aria_labelledby="picture-title picture-words",
    )


def drawn(copies: Sequence[Copy]) -> tuple[Node, ...]:
    """Pick the libraries that several distributions have, or a library wheel has."""
    nodes: dict[str, dict[tuple[str, Path | None], list[Copy]]] = {}
    for copy in copies:
        key = (copy.owner, None if copy.linked_in else copy.path)
        nodes.setdefault(copy.library, {}).setdefault(key, []).append(copy)
    return tuple(
        Node(tuple(several))
        for library in nodes.values()
        for several in library.values()
        if len({owner for owner, _ in library}) > 1
        or any(copy.shared for some in library.values() for copy in some)
    )


def kind(copy: Copy) -> str:
    if copy.shared:
        return "library wheel"
    return "inside" if copy.linked_in else "private"


def _lines(report: Report, nodes: Iterable[Node]) -> tuple[Line, ...]:
    wrong = {(d.about, d.subject) for d in report.diagnoses if d.severity is Severity.FAULT}
    private = {copy.library for copy in report.copies if not copy.shared}
    holding = _holding(nodes)
    found: dict[tuple[str, Node], bool] = {}
    for (package, path), extensions in sorted(_uses(report).items()):
        files = {(About.FILE, str(file)) for file in (path, *extensions)}
        for node in holding.get(path, ()):
            things = {*files, *_blamed(node.first, private), (About.DISTRIBUTION, package)}
            is_fault = not wrong.isdisjoint(things)
            found[package, node] = found.get((package, node), False) or is_fault
    return tuple(Line(package, node, is_fault) for (package, node), is_fault in found.items())


def _blamed(copy: Copy, private: Collection[str]) -> Iterator[tuple[About, str]]:
    """Yield what makes it wrong to load the copy; of several, the private ones are to blame."""
    if copy.shared:
        yield About.DISTRIBUTION, copy.owner
    if not copy.shared or copy.library not in private:
        yield About.LIBRARY, copy.library
        if copy.pool:
            yield About.LIBRARY, copy.pool.word


def _uses(report: Report) -> Mapping[tuple[str, Path], set[Path]]:
    """Return the files by which a package loads a copy."""
    found: dict[tuple[str, Path], set[Path]] = {}
    for use in report.uses:
        found.setdefault((use.consumer, use.copy), set()).add(use.extension)
    return found


def _holding(nodes: Iterable[Node]) -> Mapping[Path, list[Node]]:
    """Return what stands for each file: one that holds several libraries is in several."""
    found: dict[Path, list[Node]] = {}
    for node in nodes:
        for copy in node.copies:
            found.setdefault(copy.path, []).append(node)
    return found


# The order: what is connected stands side by side


def _ordered(
    lines: Sequence[Line], nodes: Sequence[Node]
) -> tuple[tuple[str, ...], tuple[Group, ...]]:
    """Order both columns so that few lines cross: each after the middle of what it leads to."""
    nodes_of: dict[str, list[Node]] = {}
    packages_of: dict[Node, list[str]] = {}
    for line in lines:
        nodes_of.setdefault(line.package, []).append(line.node)
        packages_of.setdefault(line.node, []).append(line.package)
    packages, groups = sorted(nodes_of), _grouped(nodes)
    for _ in range(_SWEEPS):
        groups = _sorted_groups(groups, packages_of, _numbered(packages))
        flat = [node for _, several in groups for node in several]
        packages = _sorted_packages(packages, nodes_of, _numbered(flat))
    return tuple(packages), groups


def _numbered(things: Iterable[Thing]) -> Mapping[Thing, float]:
    return {thing: float(number) for number, thing in enumerate(things)}


def _grouped(nodes: Sequence[Node]) -> tuple[Group, ...]:
    found: dict[str, list[Node]] = {}
    for node in nodes:
        found.setdefault(node.first.library, []).append(node)
    return tuple((name, tuple(several)) for name, several in sorted(found.items()))


def _sorted_groups(
    groups: Sequence[Group], packages_of: Mapping[Node, Sequence[str]], at: Mapping[str, float]
) -> tuple[Group, ...]:
    def middle(node: Node) -> float:
        return _middle((at[package] for package in packages_of.get(node, ())), len(at))

    inside = ((name, tuple(sorted(several, key=middle))) for name, several in groups)
    return tuple(sorted(inside, key=lambda group: fmean(map(middle, group[1]))))


def _sorted_packages(
    packages: Sequence[str], nodes_of: Mapping[str, Sequence[Node]], at: Mapping[Node, float]
) -> list[str]:
    def middle(name: str) -> float:
        return _middle((at[node] for node in nodes_of[name]), len(at))

    return sorted(packages, key=middle)


def _middle(places: Iterable[float], end: int) -> float:
    """Return the mean; what leads nowhere goes to the end."""
    found = list(places)
    return fmean(found) if found else float(end)


# The places


def _placed(packages: Sequence[str], groups: Sequence[Group], lines: Sequence[Line]) -> Places:
    headings, nodes, y = {}, {}, float(_MARGIN)
    for name, several in groups:
        headings[name] = y
        y += _HEADING
        for node in several:
            nodes[node] = y
            y += _COPY + _GAP
        y += _GROUP_GAP
    height = max(y - _GROUP_GAP - _GAP, len(packages) * (_PACKAGE + _GAP)) + _MARGIN
    led_to: dict[str, list[float]] = {name: [] for name in packages}
    for line in lines:
        led_to[line.package].append(nodes[line.node])
    wishes = {name: fmean(tops) + (_COPY - _PACKAGE) / 2 for name, tops in led_to.items()}
    return Places(_spread(wishes, height), headings, nodes, height)


def _spread(wishes: Mapping[str, float], height: float) -> Mapping[str, float]:
    """Put each where it wishes to be, in this order, and so far apart that none overlap."""
    step, found, top = _PACKAGE + _GAP, {}, float(_MARGIN)
    for name, wish in wishes.items():
        found[name] = max(wish, top)
        top = found[name] + step
    bottom = height - _MARGIN - _PACKAGE
    for name in reversed(found):
        found[name] = min(found[name], bottom)
        bottom = found[name] - step
    return found


# The drawing


def _package(name: str, y: float) -> Element:
    return element(
        "g",
        element("title", name),
        element("rect", x=1, y=y, width=_LEFT, height=_PACKAGE, rx=6, class_="package"),
        element("text", _cut(name, _LEFT, _CHARACTER), x=12, y=y + 20),
    )


def _group(group: Group, places: Places) -> Iterable[Element]:
    name, several = group
    copies = [copy for node in several for copy in node.copies]
    size = sized(sum(copy.size for copy in copies if not copy.linked_in))
    amount = f", {len(copies)} copies, {size}" if len(copies) > 1 else ""
    heading = element("tspan", name, class_="library")
    x = _WIDTH - _RIGHT
    yield element("text", heading, amount, x=x, y=places.headings[name] + 17)
    for node in several:
        yield _node(node, x, places.nodes[node])


def _node(node: Node, x: float, y: float) -> Element:
    owner = f"{node.first.owner} {node.first.version}"
    twin = element(
        "rect", x=x + 3, y=y + 3, width=_RIGHT - 7, height=_COPY - 6, rx=4, class_="twin"
    )
    return element(
        "g",
        element("title", ", ".join(filter(None, (owner, node.files, node.size)))),
        element("rect", x=x, y=y, width=_RIGHT - 1, height=_COPY, rx=6, class_="box"),
        *([twin] if node.first.shared else []),
        element("text", _cut(owner, _RIGHT - 70, _CHARACTER), x=x + 12, y=y + 19, class_="owner"),
        element("text", node.size, x=x + _RIGHT - 13, y=y + 19, class_="size"),
        element("text", _cut(node.files, _RIGHT, _SMALL), x=x + 12, y=y + 35),
        class_="shared copy" if node.first.shared else "private copy",
    )


def _curve(line: Line, places: Places) -> Element:
    start, end = _LEFT + 1, _WIDTH - _RIGHT
    y1 = places.packages[line.package] + _PACKAGE / 2
    y2 = places.nodes[line.node] + _COPY / 2
    bend = (start + end) / 2
    return element(
        "path",
        d=f"M{start} {y1:g}C{bend:g} {y1:g} {bend:g} {y2:g} {end} {y2:g}",
        class_="fault" if line.is_fault else "sound",
    )


def _cut(text: str, width: float, character: float) -> str:
    """Shorten a text to what fits into a box, in its middle: ends tell more."""
    room = int((width - 24) / character)
    if len(text) <= room:
        return text
    return f"{text[: room // 2]}…{text[len(text) - (room - room // 2 - 1) :]}"


def _in_words(packages: Sequence[str], lines: Sequence[Line]) -> str:
    loaded: dict[str, list[str]] = {name: [] for name in packages}
    for line in lines:
        loaded[line.package].append(f"{line.node.first.library} of {line.node.first.owner}")
    return " ".join(f"{name} loads {', '.join(copies)}." for name, copies in loaded.items())
