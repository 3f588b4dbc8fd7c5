"""What came of each recipe and target, and README.md's table of it.

tests/real/targets.json has the results; tests/real/test_targets.py finds them anew and compares.

    TARGETS=write python -m pytest tests/real/test_targets.py    # writes them
    python tests/targets_table.py                                # writes README.md's table
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "tests" / "real" / "targets.json"
README = ROOT / "README.md"

_BEGIN, _END = "<!-- made by tests/targets_table.py -->\n", "<!-- end of the table -->\n"


class Outcome(StrEnum):
    """How far a wheel was proved; the first is the furthest."""

    RUN = "run"
    INSPECTED = "inspected"
    BUILT = "built"
    REFUSED = "refused"


@dataclass(frozen=True)
class Result:
    """What came of one recipe for one target: where it ran, or why it was not built."""

    outcome: Outcome
    detail: str


Results = Mapping[str, Mapping[str, Result]]  # by recipe and target


def read(path: Path = RESULTS) -> Results:
    return {
        recipe: {
            target: Result(Outcome(said["outcome"]), said["detail"])
            for target, said in targets.items()
        }
        for recipe, targets in json.loads(path.read_text(encoding="utf-8")).items()
    }


def record(recipe: str, target: str, result: Result, path: Path = RESULTS) -> None:
    """Put one result in the place of what was there."""
    results = {one: dict(targets) for one, targets in read(path).items()} if path.exists() else {}
    results.setdefault(recipe, {})[target] = result
    said = {
        one: {name: asdict(targets[name]) for name in sorted(targets)}
        for one, targets in sorted(results.items())
    }
    path.write_text(json.dumps(said, indent=2) + "\n", encoding="utf-8")


def table(results: Results) -> str:
    """Return the table and its notes, in Markdown; equal notes have one number."""
    numbers: dict[Result, int] = {}
    targets = sorted({target for found in results.values() for target in found})
    lines = [
        f"| target | {' | '.join(results)} |",
        f"|---|{'---|' * len(results)}",
    ]
    for target in targets:
        cells = [_cell(found.get(target), numbers) for found in results.values()]
        lines.append(f"| `{target}` | {' | '.join(cells)} |")
    notes = [f"{number}. {result.outcome}: {result.detail}" for result, number in numbers.items()]
    return "\n".join([*lines, "", *notes, ""])


def _cell(result: Result | None, numbers: dict[Result, int]) -> str:
    if not result:
        return ""
    return f"{result.outcome} ({numbers.setdefault(result, len(numbers) + 1)})"


def written(readme: str, results: Results) -> str:
    """Return README's text with the table of these results."""
    before, begin, rest = readme.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    assert end, "README.md has no place for the table"
    return "".join((before, begin, "\n", table(results), "\n", end, after))


if __name__ == "__main__":
    README.write_text(written(README.read_text(encoding="utf-8"), read()), encoding="utf-8")
