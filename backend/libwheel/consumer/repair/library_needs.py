"""What a consumer needs of library wheels, and whether those that are installed serve it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from libwheel import naming
from libwheel.binaries import elf
from libwheel.binaries.binary import Binary
from libwheel.consumer.library_wheels import LibraryWheel
from libwheel.consumer.repair import platforms
from libwheel.consumer.repair.elf_members import ElfMember
from libwheel.consumer.repair.layout import LIBRARIES
from libwheel.errors import BuildError
from libwheel.words import listed

_HERE = "in the environment that libwheel runs in"


@dataclass(frozen=True)
class Library:
    """A library of an installed library wheel."""

    file: str
    wheel: LibraryWheel

    @property
    def stem(self) -> str:
        tagged = naming.tagged_file(self.file)
        return tagged.stem if tagged else ""

    @cached_property
    def binary(self) -> Binary:
        """What is in it; BuildError where the file is not there."""
        path = self.wheel.libraries.get(self.file)
        if path is None or not path.is_file():
            raise BuildError(
                f"{self.wheel} is installed without its lib/{self.file} (`pip install "
                "--target` leaves out what goes to lib): install it again, into an environment"
            )
        return elf.read(path)

    @cached_property
    def exports(self) -> frozenset[tuple[str, str | None]]:
        return frozenset((symbol.name, symbol.version) for symbol in self.binary.exports)


@dataclass(frozen=True)
class Need:
    """A file of the consumer needs a library of an installed library wheel."""

    member: ElfMember
    library: Library


def libraries(wheels: Iterable[LibraryWheel]) -> dict[str, Library]:
    """Return the libraries of library wheels by file name."""
    return {file: Library(file, wheel) for wheel in wheels for file in wheel.constants.libraries}


def find(members: Sequence[ElfMember], installed: Mapping[str, Library]) -> tuple[Need, ...]:
    """Return what the members need of library wheels.

    Raises BuildError with all that is in the way: a library wheel that is not installed, or is
    another one than the consumer was built against.
    """
    own = {member.file_name: member for member in members}
    tagged: dict[str, list[ElfMember]] = {}
    for member in members:
        for name in filter(naming.tagged_file, member.binary.needed):
            if name not in own:
                tagged.setdefault(name, []).append(member)
            elif own[name].folder != LIBRARIES:
                raise BuildError(_private_copy(own[name]))
    problems = list(_problems(tagged, installed))
    if problems:
        raise BuildError("\n".join(problems))
    return tuple(Need(member, installed[name]) for name, who in tagged.items() for member in who)


def _private_copy(member: ElfMember) -> str:
    return (
        f"{member.name} is a private copy of a library wheel's library, put there by another "
        "tool: repair the wheel as its build left it"
    )


def _problems(
    tagged: Mapping[str, Sequence[ElfMember]], installed: Mapping[str, Library]
) -> Iterator[str]:
    yield from _strangers({n: m for n, m in tagged.items() if n not in installed}, installed)
    for name, members in tagged.items():
        if name in installed:
            yield from _unfit(installed[name], members)


def _strangers(
    strangers: Mapping[str, Sequence[ElfMember]], installed: Mapping[str, Library]
) -> Iterator[str]:
    """Say, once for each library wheel, that no installed one has these libraries."""
    alike: dict[str, list[str]] = {}
    for name, members in strangers.items():
        alike.setdefault(_reason(name, members, installed.values()), []).append(name)
    for reason, names in alike.items():
        needing = dict.fromkeys(member.name for name in names for member in strangers[name])
        yield f"{listed(list(needing))}: built against {listed(names)}, {reason}"


def _reason(name: str, members: Sequence[ElfMember], installed: Iterable[Library]) -> str:
    """Say which library wheel has the library; the same of all libraries of a wheel."""
    tagged, wheel = naming.tagged_file(name), _wheel(name, members)
    libraries = tuple(installed)
    for library in libraries:
        own = naming.tagged_file(library.file)
        if tagged and own and own.stem == tagged.stem:
            return (
                f"ABI {tagged.abi}; {library.wheel}, which is installed {_HERE}, has "
                f"ABI {own.abi}: install the version that the consumer was built against"
            )
    for library in libraries:
        if library.wheel.name == wheel:
            has = listed([other.file for other in libraries if other.wheel is library.wheel])
            return (
                f"which {library.wheel}, that is installed {_HERE}, does not have; it has {has}: "
                f"install the build of {wheel} that the consumer was built against"
            )
    return (
        f"of a library wheel that is not installed {_HERE}: install the version that the "
        f"consumer was built against (python -m pip install {wheel})"
    )


def _unfit(library: Library, members: Sequence[ElfMember]) -> Iterator[str]:
    others = sorted({m.binary.arch for m in members} - platforms.arches(library.wheel.platforms))
    if others:
        yield (
            f"the wheel is for {listed(others)}, {library.wheel}, which is installed "
            f"{_HERE}, is not: repair it on a machine of its kind"
        )
        return
    for member in members:
        yield from _lacking_symbols(member, library)


def _wheel(name: str, members: Iterable[ElfMember]) -> str:
    """Return the name of the library wheel, which the version node has, else the library's."""
    tagged = naming.tagged_file(name) or naming.TaggedFile(name, "")
    nodes = (n for m in members for n in m.binary.requirements if n.library == name)
    wheels = (naming.wheel_of_node(node.version, tagged.abi) for node in nodes)
    return next(filter(None, wheels), naming.canonical(tagged.stem))


def _lacking_symbols(member: ElfMember, library: Library) -> Iterator[str]:
    """Say that the consumer was built against a newer library, if it was."""
    lacking = [
        symbol.name
        for symbol in member.binary.imports
        if symbol.library == library.file
        and not symbol.weak
        and (symbol.name, symbol.version) not in library.exports
    ]
    if lacking:
        yield (
            f"{member.name}: built against a newer {library.wheel.name} than "
            f"{library.wheel.version}, which is installed {_HERE}: {library.file} has no "
            f"{listed(lacking)}. Install the version that the consumer was built against"
        )
