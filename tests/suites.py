"""Other projects' test suites: running them in an environment, and what came of each test."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from environments import Venv, attempt

BROKEN = ("failure", "error")


@dataclass(frozen=True)
class Outcome:
    kind: str  # passed, skipped, failure or error
    reason: str


Outcomes = Mapping[tuple[str, str], Outcome]  # by class and name


def run_suite(venv: Venv, report: Path, *arguments: str, cwd: Path) -> Outcomes:
    """Run pytest; tests may fail, but they must run."""
    done = attempt(
        *(venv.python, "-P", "-m", "pytest", "-q", "-p", "no:cacheprovider"),
        *(f"--junit-xml={report}", *arguments),
        cwd=cwd,
        variables={"PYTHONPATH": "", "PYTEST_ADDOPTS": ""},
    )
    assert done.returncode in {0, 1}, done.stdout
    cases = ET.parse(report).iter("testcase")  # noqa: S314  # our own pytest's
    return dict(_outcome(case) for case in cases)


def _outcome(case: ET.Element) -> tuple[tuple[str, str], Outcome]:
    """Name the test by its module, wherever the environment is."""
    module = case.attrib["classname"].rpartition("site-packages.")[2]
    for found in case:
        if found.tag in {*BROKEN, "skipped"}:
            return (module, case.attrib["name"]), Outcome(found.tag, found.get("message", ""))
    return (module, case.attrib["name"]), Outcome("passed", "")


def counts(outcomes: Outcomes) -> Counter[str]:
    return Counter(outcome.kind for outcome in outcomes.values())


def differences(usual: Outcomes, ours: Outcomes, allowed: re.Pattern[str]) -> list[str]:
    """Return the tests that are lost or newly broken, or skipped for a reason that is not allowed.

    What is broken as usual has to stay so: two environments that differ in nothing else.
    """
    lost = [f"{name}: not there in one of the two" for name in usual.keys() ^ ours.keys()]
    changed = [
        f"{name}: {usual[name]}, then {ours[name]}"
        for name in usual.keys() & ours.keys()
        if not _as_usual(usual[name], ours[name], allowed)
    ]
    return sorted(lost + changed)


def _as_usual(usual: Outcome, ours: Outcome, allowed: re.Pattern[str]) -> bool:
    if ours.kind in BROKEN or usual.kind in BROKEN:
        return (usual.kind in BROKEN) == (ours.kind in BROKEN)
    return ours.kind in {"passed", usual.kind} or allowed.search(ours.reason) is not None
