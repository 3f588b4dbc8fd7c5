"""What the audit finds, and the error that shows it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from libwheel.errors import Problem, RecipeError
from libwheel.words import listed

_SHOWN = 8


@dataclass(frozen=True, order=True)
class Finding:
    """One broken rule: its name, the staged file (empty: the wheel) and what is wrong."""

    rule: str
    path: str
    message: str

    def __str__(self) -> str:
        where = f"{self.path}: " if self.path else ""
        return f"{where}{self.message} [{self.rule}]"


class AuditError(RecipeError):
    """The wheel would break a rule; carries every finding."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__(Problem(f.path, "", f"{f.message} [{f.rule}]") for f in self.findings)

    def __str__(self) -> str:
        count = len(self.findings)
        head = f"the audit has {count} finding{'s' if count > 1 else ''}, so there is no wheel:"
        return "\n".join([head, *(f"  {finding}" for finding in self.findings)])


def listing(names: Sequence[str]) -> str:
    """List names for the recipe's author, who has to look into each."""
    return listed(names, _SHOWN)
