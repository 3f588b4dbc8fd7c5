"""Hides version nodes of library wheels from auditwheel, which takes some of them for the system's.

It goes by the first word: ``ZLIB_PYWHEEL_1`` is to it a version of the host's libz, and one that
no platform has. The disguise is as long as the node, so that nothing in a file moves.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import reduce

from libwheel import naming
from libwheel.binaries import elf
from libwheel.consumer.repair.elf_members import ElfMember
from libwheel.policy import FAMILIES
from libwheel.wheel import Member


def nodes(members: Iterable[ElfMember]) -> frozenset[str]:
    """Return the nodes of library wheels that the members need and that want a disguise."""
    return frozenset(
        need.version
        for member in members
        for need in member.binary.requirements
        if naming.tagged_file(need.library) and need.version.partition("_")[0] in FAMILIES
    )


def put_on(members: Iterable[Member], hidden: Iterable[str]) -> tuple[Member, ...]:
    """Return the members with other names for the `hidden` nodes."""
    return _replaced(members, [(_string(node), _string(_disguised(node))) for node in hidden])


def taken_off(members: Iterable[Member], hidden: Iterable[str]) -> tuple[Member, ...]:
    """Return the members with the names that `put_on` has hidden."""
    return _replaced(members, [(_string(_disguised(node)), _string(node)) for node in hidden])


def _disguised(node: str) -> str:
    """Return ``zLIB_PYWHEEL_1``: a first word that means nothing to anybody."""
    return node[0].swapcase() + node[1:]


def _string(node: str) -> bytes:
    """Return it as it stands in a string table, as a whole string."""
    return f"\0{node}\0".encode()


def _replaced(
    members: Iterable[Member], pairs: Sequence[tuple[bytes, bytes]]
) -> tuple[Member, ...]:
    return tuple(
        replace(member, content=reduce(_exchanged, pairs, member.content))
        if member.content.startswith(elf.MAGIC)
        else member
        for member in members
    )


def _exchanged(content: bytes, pair: tuple[bytes, bytes]) -> bytes:
    return content.replace(*pair)
