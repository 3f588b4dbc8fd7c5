"""Whether there are several copies of a library, and how bad that is: judged here for all."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto

from libwheel import naming
from libwheel.consumer.doctor.report import Copy, Severity


class Several(Enum):
    """What several copies of a library are to each other where one process loads them."""

    ONE_OWNERS = auto()
    APART = auto()  # names and versions of symbols tell them apart
    MIXED = auto()  # one may take the calls that are meant for the other

    @property
    def severity(self) -> Severity:
        return Severity.FAULT if self is Several.MIXED else Severity.NOTE


def are_several(copies: Sequence[Copy]) -> bool:
    """Tell whether one process could load more than one of the copies of a library."""
    return len({copy.file for copy in copies}) > 1 and not are_variants(copies)


def are_variants(copies: Sequence[Copy]) -> bool:
    """Tell whether these are different libraries of one library wheel, as of two integer sizes."""
    stems = {tagged.stem for copy in copies if (tagged := naming.tagged_file(copy.path.name))}
    is_one_wheels = all(copy.shared for copy in copies) and len({c.owner for c in copies}) == 1
    return is_one_wheels and len(stems) == len(copies)


def judged(copies: Sequence[Copy]) -> Several:
    by_owner: dict[str, list[Copy]] = {}
    for copy in copies:
        by_owner.setdefault(copy.owner, []).append(copy)
    if len(by_owner) == 1:
        return Several.ONE_OWNERS
    sonames = [{copy.soname for copy in some} for some in by_owner.values()]
    nodes = [{node for copy in some for node in copy.nodes} for some in by_owner.values()]
    is_apart = all(copy.shared and copy.nodes for copy in copies)
    return Several.APART if is_apart and _differ(sonames) and _differ(nodes) else Several.MIXED


def makers(copies: Sequence[Copy]) -> str:
    """Return the remedy for what one distribution has several times."""
    return f"nothing; the makers of {copies[0].owner} could do with one of them"


def _differ(several: Sequence[set[str]]) -> bool:
    """Tell whether no two of the sets have anything in common."""
    return sum(map(len, several)) == len(set().union(*several))
