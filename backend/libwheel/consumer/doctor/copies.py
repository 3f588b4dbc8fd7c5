"""Which files of an environment are copies of one library, told by the names they export.

No list of libraries is kept. Two files are copies of one library where they have most of their
names in common, or are called alike and have some in common. A file that has most of a library's
names among its own holds a copy of it, linked in statically.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import reduce
from itertools import chain, combinations, product

from libwheel import naming
from libwheel.consumer.doctor.objects import Object

_ENOUGH = 10  # names in common that are no accident
_MOST = 0.5
_SOME = 0.3  # two builds of one library: what else they hold may be more than itself
_NEARLY_ALL = 0.75  # of a library's: it may hold others itself, whose names are not its own
_TELLING = 3  # letters
# What linkers and C runtimes put into every file.
_RUNTIME = frozenset(("_init", "_fini", "_edata", "_end", "__bss_start", "main"))
# What C++ compilers put into every file that uses a class or an inline function: virtual tables
# and type names, static variables and their guards.
_COMPILED_IN = ("_ZT", "_ZZ", "_ZGV")
# auditwheel's: `-` and eight hexadecimal digits, twice where a wheel was repaired twice.
_HASH = re.compile(r"(-[0-9a-f]{8})+(?=[-.]|$)")
_VERSION = re.compile(r"([-.]r?\d+(\.\d+)*)+$")


@dataclass(frozen=True)
class Family:
    """The copies of one library: `proper` files of its own, and files that hold it `within`."""

    name: str
    proper: tuple[Object, ...]
    within: tuple[Object, ...]

    @property
    def members(self) -> tuple[Object, ...]:
        return (*self.proper, *self.within)


def families(objects: Sequence[Object]) -> tuple[Family, ...]:
    """Return the libraries among `objects`, also those of which there is one copy only."""
    names = [_telling(one.exports) for one in objects]
    libraries = [number for number, one in enumerate(objects) if one.is_library]
    compared = _Compared(
        objects,
        stems=[stem(one.name) for one in objects],
        sizes=[len(some) for some in names],
        common=_common(names, frozenset(libraries)),
    )
    holders = compared.holders()
    found = []
    for proper in _joined(libraries, compared.copies()):
        within = {number for one in proper for number in holders[one]} - set(proper)
        found.append(_family([objects[n] for n in proper], [objects[n] for n in sorted(within)]))
    return tuple(_distinct(sorted(found, key=lambda family: family.name)))


@dataclass(frozen=True)
class _Compared:
    """Files by their number: their stems, how many names each has and each pair has in common.

    The first of a pair is a library. There may be millions of pairs: what is quick is asked first.
    """

    objects: Sequence[Object]
    stems: Sequence[str]
    sizes: Sequence[int]
    common: Counter[tuple[int, int]]

    def copies(self) -> Iterator[tuple[int, int]]:
        """Yield the pairs of files that are copies of one library, if they are libraries both."""
        return (pair for pair, common in self.common.items() if self._are_copies(*pair, common))

    def _are_copies(self, one: int, other: int, common: int) -> bool:
        if self.stems[one] == self.stems[other]:
            smaller = min(self.sizes[one], self.sizes[other])
            return common >= max(min(_ENOUGH, _MOST * smaller), _SOME * smaller)
        return (
            common >= _ENOUGH
            and common >= _MOST * max(self.sizes[one], self.sizes[other])
            and _are_called_alike(self.stems[one], self.stems[other])
        )

    def holders(self) -> Mapping[int, list[int]]:
        """Return the files that hold each file's names."""
        found: dict[int, list[int]] = defaultdict(list)
        for (one, other), common in self.common.items():
            for inner, outer in ((one, other), (other, one)) if common >= _ENOUGH else ():
                is_larger = self.sizes[outer] > self.sizes[inner]
                is_holder = is_larger or self.objects[outer].is_extension
                if is_holder and common >= _NEARLY_ALL * self.sizes[inner]:
                    found[inner].append(outer)
        return found


def _family(proper: Sequence[Object], within: Sequence[Object]) -> Family:
    return Family(_family_name(proper), tuple(proper), tuple(within))


def stem(file: str) -> str:
    """Return a library's name without what packers and versions add: ``hdf5``."""
    tagged = naming.tagged_file(file)
    if tagged:
        return tagged.stem
    name = _HASH.sub("", re.sub(r"\.so(\..*)?$", "", file))
    return _VERSION.sub("", name).removeprefix("lib") or file


def are_alike(one: Iterable[str], other: Iterable[str]) -> bool:
    """Tell by the names that they export whether two files are copies of one library."""
    mine, others = _telling(one), _telling(other)
    return len(mine & others) >= max(_ENOUGH, _MOST * max(len(mine), len(others)))


def _telling(exports: Iterable[str]) -> frozenset[str]:
    telling = (n for n in exports if n not in _RUNTIME and not n.startswith(_COMPILED_IN))
    return frozenset(map(_plain, telling))


def _plain(name: str) -> str:
    """Return the name without what OpenBLAS's builds for Python put before and behind it.

    ``64_`` is also the usual suffix of the variant with 64-bit integers.
    """
    return name.removeprefix("scipy_").removesuffix("64_")


def _common(names: Sequence[frozenset[str]], libraries: Container[int]) -> Counter[tuple[int, int]]:
    """Count what each pair has in common; the first of a pair is a library.

    Extension modules that have names in common are many, and nobody asks for them.
    """
    where: dict[str, list[int]] = defaultdict(list)
    for number, some in enumerate(names):
        for name in some:
            where[name].append(number)
    counts: Counter[tuple[int, int]] = Counter()
    for numbers, count in Counter(tuple(n) for n in where.values() if len(n) > 1).items():
        here = [number for number in numbers if number in libraries]
        others = [number for number in numbers if number not in libraries]
        for pair in chain(combinations(here, 2), product(here, others)):
            counts[pair] += count
    return counts


def _joined(numbers: Iterable[int], pairs: Iterable[tuple[int, int]]) -> Iterable[tuple[int, ...]]:
    """Return the numbers in sets, those of a pair in the same."""
    of = {number: {number} for number in numbers}
    for one, other in pairs:
        if one in of and other in of and of[one] is not of[other]:
            of[one] |= of[other]
            of |= dict.fromkeys(of[other], of[one])
    return dict.fromkeys(tuple(sorted(some)) for some in of.values())


def _family_name(proper: Sequence[Object]) -> str:
    for one in proper:
        tagged = naming.tagged_file(one.name)
        if tagged:
            return tagged.stem
    stems = sorted({stem(one.name) for one in proper}, key=lambda text: (len(text), text))
    part = reduce(_shared_part, stems).strip("-_.")
    return part if len(part) >= _TELLING else stems[0]


def _are_called_alike(one: str, other: str) -> bool:
    return len(_shared_part(one, other)) >= max(_TELLING, _MOST * min(len(one), len(other)))


def _shared_part(one: str, other: str) -> str:
    match = SequenceMatcher(None, one, other, autojunk=False).find_longest_match()
    return one[match.a : match.a + match.size]


def _distinct(found: Iterable[Family]) -> Iterator[Family]:
    """Tell different libraries of one name apart by who has the first copy."""
    taken: set[str] = set()
    for family in found:
        name = family.name
        if name in taken:
            name = f"{name} of {family.proper[0].owner.name}"
        tries = (name, *(f"{name} ({number})" for number in range(2, len(taken) + 3)))
        name = next(text for text in tries if text not in taken)
        taken.add(name)
        yield Family(name, family.proper, family.within)
