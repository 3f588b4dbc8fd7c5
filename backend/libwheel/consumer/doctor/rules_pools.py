"""Rules about OpenMP runtimes and BLAS: a process wants one of each, on one pool of threads."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from libwheel import naming
from libwheel.binaries import elf_light
from libwheel.consumer import pools
from libwheel.consumer.doctor.report import (
    About,
    Copy,
    Diagnosis,
    Imports,
    Rule,
    Severity,
)
from libwheel.consumer.doctor.survey import Survey
from libwheel.consumer.pools import Pool
from libwheel.errors import BuildError
from libwheel.words import listed

RULES = {Pool.OPENMP: Rule.SEVERAL_OPENMP, Pool.BLAS: Rule.SEVERAL_BLAS}


@dataclass(frozen=True)
class Member:
    """A file that is an OpenMP runtime or BLAS.

    `key` is the same for files that are one thing, as the variants of one distribution are.
    `of` is the distribution that has it, "" where that is none of the environment; `user` is
    the distribution that could do with another one, "" where it is not known.
    """

    pool: Pool
    path: Path
    key: tuple[str, str]
    of: str
    user: str
    shared: bool


# In the environment


def several_pools(survey: Survey) -> Iterator[Diagnosis]:
    members = _members(survey)
    for its in _of_each_pool(members):
        yield _several(its, "here", _together(its, survey))
    yield from _beside(members)


def _members(survey: Survey) -> tuple[Member, ...]:
    """Return those of the environment, then those of the host that its files need."""
    own = _by_path(copy for several in survey.copies for copy in several)
    hosts: dict[Path, Member] = {}
    for load in (load for loads in survey.loads.values() for load in loads if load.found):
        path, needing = Path(load.found or ""), survey.by_path.get(Path(load.by))
        if needing and path not in survey.by_path and path not in hosts:
            pool = _pool_of_host(path)
            hosts |= {path: _of_none(path, pool, needing.owner.name)} if pool else {}
    return (*own.values(), *hosts.values())


def _by_path(copies: Iterable[Copy]) -> Mapping[Path, Member]:
    found: dict[Path, Member] = {}
    for copy in sorted(copies, key=lambda copy: copy.linked_in):  # what a file is comes first
        if copy.pool:
            found.setdefault(copy.path, _of_copy(copy, copy.pool))
    return found


def _of_copy(copy: Copy, pool: Pool) -> Member:
    what = str(copy.path) if copy.linked_in else copy.library
    key = (copy.owner, "" if copy.shared else what)  # a library wheel's variants are one thing
    of = f"{copy.owner} {copy.version}"
    return Member(pool, copy.path, key, of, copy.owner, copy.shared)


def _of_none(path: Path, pool: Pool, user: str) -> Member:
    return Member(pool, path, ("", str(path)), "", user, shared=False)


def _pool_of_host(path: Path) -> Pool | None:
    """Look into what is called like one only: the host has many files."""
    if not pools.is_called_so(path.name):
        return None
    try:
        return pools.pool_of(elf_light.strong_exports(path))
    except BuildError:
        return None


def _together(its: Iterable[Member], survey: Survey) -> str:
    """Say which file loads two of them, if one does."""
    keys = {str(member.path): member.key for member in its}
    for root, loads in survey.loads.items():
        loaded = {str(root), *(load.found for load in loads if load.found)}
        if len({keys[path] for path in loaded if path in keys}) > 1:
            return f"{root.name} of {survey.by_path[root].owner} loads two of them"
    return (
        "no file here loads two of them by itself; a process that imports the packages of both "
        "does, which `libwheel doctor --import MODULE` shows"
    )


# In a process


def in_process(imports: Imports, copies: Iterable[Copy]) -> Iterator[Diagnosis]:
    """Judge what imports have mapped into one process."""
    members = _mapped(imports, copies)
    for its in _of_each_pool(members):
        yield _several(its, "in one process", "")
    yield from _beside(members)


def _mapped(imports: Imports, copies: Iterable[Copy]) -> tuple[Member, ...]:
    """Return the members; those of one tagged name are layers' of one library, told elsewhere."""
    own = _by_path(copies)
    found: dict[str, Member] = {}
    for mapped in sorted(imports.mapped, key=lambda mapped: mapped.copy is None):
        if mapped.pool:
            name = mapped.soname if naming.tagged_file(mapped.soname) else str(mapped.path)
            other = _of_none(mapped.path, mapped.pool, "")
            found.setdefault(name, own.get(mapped.copy or mapped.path, other))
    return tuple(found.values())


def are_told(several: Collection[Copy]) -> bool:
    """Tell whether copies of one library are told as several BLAS or OpenMP runtimes.

    A library wheel may have what a private copy is in several files: openblas has gotoblas.
    """
    kinds = {copy.pool for copy in several if copy.pool or not copy.shared}
    return None not in kinds and len(kinds) == 1 and len({copy.owner for copy in several}) > 1


def loaded(diagnosis: Diagnosis, imports: Imports) -> Diagnosis:
    """Add to what is told of an environment what of it these imports have loaded."""
    kinds = {rule: (pool,) for pool, rule in RULES.items()} | {Rule.SEVERAL_POOLS: tuple(Pool)}
    pool = kinds.get(diagnosis.rule, ())
    names = [mapped.path.name for mapped in imports.mapped if mapped.pool in pool]
    told = f"{listed(names)} of them" if names else "none of them"
    more = f"; importing {listed(imports.modules)} has loaded {told}"
    return replace(diagnosis, message=diagnosis.message + more) if pool else diagnosis


# In words


def _of_each_pool(members: Iterable[Member]) -> Iterator[list[Member]]:
    """Yield the members of each pool of which there are several."""
    for pool in Pool:
        its = [member for member in members if member.pool is pool]
        if _are_several(its):
            yield its


def _are_several(members: Iterable[Member]) -> bool:
    return len({member.key for member in members}) > 1


def _several(its: Sequence[Member], where: str, together: str) -> Diagnosis:
    pool = its[0].pool
    count = len({member.key for member in its})
    parts = (_COST[pool], *_hazards(its), together)
    noun = pool if pool is Pool.BLAS else f"{pool}s"
    return Diagnosis(
        _severity(its),
        RULES[pool],
        About.LIBRARY,
        pool.word,
        f"{count} {noun} are {where}: {_listing(its)}; {'; '.join(filter(None, parts))}",
        _remedy(its),
    )


_COST = {
    Pool.OPENMP: (
        "each has its own threads, as many as there are processors, and loops of one wait while "
        "the other's spin"
    ),
    Pool.BLAS: "each has its own threads and buffers, and settings that the other does not heed",
}


def _hazards(its: Iterable[Member]) -> Iterator[str]:
    """Yield what is more than slow, with OpenMP runtimes of these makes."""
    openmp = [member for member in its if member.pool is Pool.OPENMP]
    llvm = {member.key for member in openmp if pools.is_of_llvm(member.path.name)}
    if len(llvm) > 1:
        yield (
            "LLVM's and Intel's end a process in which the second one starts (OMP: Error #15), "
            "and KMP_DUPLICATE_LIB_OK only hides why"
        )
    if {member.key for member in openmp} - llvm:
        yield "a process that forks after a loop of libgomp's hangs in its next one"


def _severity(its: Sequence[Member]) -> Severity:
    """Judge: what is all of one distribution is its makers' affair, what is of none the host's."""
    owners = {member.of for member in its}
    return Severity.FAULT if len(owners) > 1 else Severity.NOTE


def _remedy(its: Sequence[Member]) -> str:
    private = [member for member in its if not member.shared]
    shared = [member for member in its if member.shared]
    if len({member.of for member in its}) == 1:
        return (
            f"nothing; the makers of {its[0].user} could do with one of them"
            if its[0].of
            else _HOSTS
        )
    if not private:
        return "build their consumers against one of them"
    library = f"{shared[0].of}" if shared else f"one library wheel, such as {its[0].pool.wheel}"
    return (
        f"build {_users(private)} from source against {library}, and run `libwheel repair` on the "
        "wheels, or ask their maintainers for it; until then threadpoolctl can limit each"
    )


def _users(members: Iterable[Member]) -> str:
    """Return whom another library would help: not always who has the file."""
    owners = sorted({member.user for member in members if member.user})
    files = sorted({member.path.name for member in members if not member.user})
    parts = [f"what uses those of {listed(owners)}"] if owners else []
    parts += [f"what needs {listed(files)}"] if files else []
    return " and ".join(parts)


_HOSTS = "nothing in this environment: none of these is a file of its packages"


def _beside(members: Sequence[Member]) -> Iterator[Diagnosis]:
    """Tell of BLAS whose threads are not those of the OpenMP runtime that is here as well."""
    runtimes = [member for member in members if member.pool is Pool.OPENMP]
    blas = [member for member in members if member.pool is Pool.BLAS]
    apart = [member for member in blas if runtimes and pools.starts_threads(member.path)]
    if apart:
        start = "starts threads of its" if len(apart) == 1 else "start threads of their"
        yield Diagnosis(
            Severity.NOTE,
            Rule.SEVERAL_POOLS,
            About.LIBRARY,
            Pool.BLAS.word,
            f"{_listing(apart)} {start} own, beside those of {_listing(runtimes)}: small products "
            "between OpenMP loops wait for threads that the other pool keeps busy",
            f"build {_users(apart)} against a BLAS that computes in the OpenMP "
            "runtime's threads, as the library wheel openblas does; until then "
            "OPENBLAS_NUM_THREADS=1 or threadpoolctl keeps one pool small",
        )


def _listing(members: Iterable[Member]) -> str:
    """Return ``libgomp.so.1 of one 1.0``, in the owners' order."""
    files: dict[str, list[str]] = {}
    for member in sorted(members, key=lambda member: (not member.of, member.of, member.path)):
        name = member.path.name if member.of else f"{member.path}"
        files.setdefault(member.of, []).append(name)
    return "; ".join(f"{listed(n)} of {of}" if of else listed(n) for of, n in files.items())
