"""The rule about several copies of one library."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from libwheel.binaries import elf
from libwheel.consumer.doctor.copies import Family
from libwheel.consumer.doctor.objects import Object
from libwheel.consumer.doctor.report import Diagnosis, Severity
from libwheel.consumer.doctor.survey import Survey
from libwheel.consumer.words import listed, sized
from libwheel.errors import BuildError

SEVERAL_COPIES = "several-copies"  # the rule's name


def several_copies(survey: Survey) -> Iterator[Diagnosis]:
    for family in survey.families:
        shared = [one for one in family.members if one.path in survey.shared]
        private = [one for one in family.members if one.path not in survey.shared]
        if len(_loadable(private)) > 1 or (shared and private):
            yield _fault(survey, family, shared, private)
        elif len(shared) > 1:
            yield _side_by_side(family, shared)
        elif len(private) > 1:
            yield _repeated(family, private)


def _loadable(private: Sequence[Object]) -> set[tuple[str, ...]]:
    """Tell apart what one process can load: of one folder and SONAME it takes one file."""
    return {(str(one.path.parent), one.glance.soname or one.name) for one in private}


def _fault(
    survey: Survey, family: Family, shared: Sequence[Object], private: Sequence[Object]
) -> Diagnosis:
    owners = listed(sorted({one.owner.name for one in private}))
    message = f"{_count(family)} of {family.name}: {_listing(family)}"
    if shared:
        wheel = survey.shared[shared[0].path]
        remedy = (
            f"build {owners} from source against {wheel.name} {wheel.version}, and run "
            "`libwheel repair` on the wheels; or ask their maintainers for it"
        )
    else:
        remedy = (
            f"ask the maintainers of {owners} to share one library wheel; `libwheel doctor "
            "--import MODULE` shows which copies one process loads"
        )
    return Diagnosis(Severity.FAULT, SEVERAL_COPIES, family.name, message, remedy)


def _count(family: Family) -> str:
    size = sum(one.path.stat().st_size for one in family.proper)
    return f"{len(family.members)} copies ({sized(size)})"


def _listing(family: Family) -> str:
    """Return ``libz-1.so of one 1.0; linked into two.so of two 1.0``, in the owners' order."""
    whole = _by_owner(family.proper)
    return "; ".join([*whole, *(f"linked into {held}" for held in _by_owner(family.within))])


def _by_owner(members: Sequence[Object]) -> Iterator[str]:
    names: dict[str, list[str]] = {}
    for one in sorted(members, key=lambda one: str(one.owner)):
        names.setdefault(str(one.owner), []).append(one.name)
    return (f"{listed(files)} of {owner}" for owner, files in names.items())


def _side_by_side(family: Family, shared: Sequence[Object]) -> Diagnosis:
    nodes = [set(_nodes(one)) for one in shared]
    is_apart = all(nodes) and sum(map(len, nodes)) == len(set().union(*nodes))
    message = f"{_count(family)} of {family.name}, of library wheels: {_listing(family)}"
    if is_apart:
        return Diagnosis(
            Severity.NOTE,
            SEVERAL_COPIES,
            family.name,
            f"{message}; their symbols carry different versions, so that both work in one process",
            "nothing; to save the space, build their consumers against one of them",
        )
    return Diagnosis(
        Severity.FAULT,
        SEVERAL_COPIES,
        family.name,
        f"{message}; their symbols do not tell them apart, so that one may take the other's calls",
        "build their consumers against one of them",
    )


def _nodes(one: Object) -> tuple[str, ...]:
    try:
        return elf.read(one.path).version_nodes
    except BuildError:
        return ()


def _repeated(family: Family, private: Sequence[Object]) -> Diagnosis:
    owner = private[0].owner
    return Diagnosis(
        Severity.NOTE,
        "repeated-file",
        family.name,
        f"{owner} has {family.name} under {len(private)} names, {_size(private)} together: "
        f"{listed([one.name for one in private])}",
        f"nothing; the makers of {owner.name} could do with one of them, named as its SONAME",
    )


def _size(private: Sequence[Object]) -> str:
    return sized(sum(one.path.stat().st_size for one in private))
