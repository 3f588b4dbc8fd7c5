"""The rule about several copies of one library."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from libwheel.consumer.doctor import rules_pools
from libwheel.consumer.doctor.report import About, Copy, Diagnosis, Rule, Severity
from libwheel.consumer.doctor.several import Several, are_several, are_variants, judged, makers
from libwheel.consumer.doctor.survey import Survey
from libwheel.words import listed, sized


def several_copies(survey: Survey) -> Iterator[Diagnosis]:
    for copies in survey.copies:
        if are_several(copies):
            if not rules_pools.are_told(copies):
                yield _several(copies)
        elif len(copies) > 1 and not are_variants(copies):
            yield _repeated(copies)


def _several(copies: Sequence[Copy]) -> Diagnosis:
    library, kind = copies[0].library, judged(copies)
    if kind is Several.ONE_OWNERS:
        comment, remedy = "", makers(copies)
    elif kind is Several.APART:
        comment, remedy = _APART
    else:
        comment, remedy = _mixed(copies)
    of_wheels = ", of library wheels" if all(copy.shared for copy in copies) else ""
    message = f"{_count(copies)} of {library}{of_wheels}: {_listing(copies)}{comment}"
    return Diagnosis(kind.severity, Rule.SEVERAL_COPIES, About.LIBRARY, library, message, remedy)


_APART = (
    "; their symbols carry different versions, so that both work in one process",
    "nothing; to save the space, build their consumers against one of them",
)


def _mixed(copies: Sequence[Copy]) -> tuple[str, str]:
    """Return what to add to the message, and what to do."""
    owners = listed(sorted({copy.owner for copy in copies if not copy.shared}))
    shared = [copy for copy in copies if copy.shared]
    if not owners:
        return (
            "; their symbols do not tell them apart, so that one may take the other's calls",
            "build their consumers against one of them",
        )
    if shared:
        return "", (
            f"build {owners} from source against {shared[0].owner} {shared[0].version}, and run "
            "`libwheel repair` on the wheels; or ask their maintainers for it"
        )
    return "", (
        f"ask the maintainers of {owners} to share one library wheel; `libwheel doctor "
        "--import MODULE` shows which copies one process loads"
    )


def _count(copies: Sequence[Copy]) -> str:
    return f"{len(copies)} copies ({_size(copies)})"


def _size(copies: Sequence[Copy]) -> str:
    return sized(sum(copy.size for copy in copies if not copy.linked_in))


def _listing(copies: Sequence[Copy]) -> str:
    """Return ``libz-1.so of one 1.0; linked into two.so of two 1.0``, in the owners' order."""
    whole = _by_owner(copy for copy in copies if not copy.linked_in)
    within = _by_owner(copy for copy in copies if copy.linked_in)
    return "; ".join([*whole, *(f"linked into {held}" for held in within)])


def _by_owner(copies: Iterable[Copy]) -> Iterator[str]:
    names: dict[str, list[str]] = {}
    for copy in sorted(copies, key=lambda copy: (copy.owner, copy.version)):
        names.setdefault(f"{copy.owner} {copy.version}", []).append(copy.path.name)
    return (f"{listed(files)} of {owner}" for owner, files in names.items())


def _repeated(copies: Sequence[Copy]) -> Diagnosis:
    owner, library = copies[0].owner, copies[0].library
    return Diagnosis(
        Severity.NOTE,
        Rule.REPEATED_FILE,
        About.LIBRARY,
        library,
        f"{owner} {copies[0].version} has {library} under {len(copies)} names, {_size(copies)} "
        f"together: {listed([copy.path.name for copy in copies])}",
        f"nothing; the makers of {owner} could do with one of them, named as its SONAME",
    )
