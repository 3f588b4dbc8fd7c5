"""The ELF files of a wheel that the dynamic loader has to do with."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from libwheel.binaries import elf
from libwheel.binaries.binary import Binary
from libwheel.consumer.repair import layout
from libwheel.consumer.repair.layout import Folder
from libwheel.errors import BuildError
from libwheel.wheel import Member

_LIBRARY = re.compile(r"\.so(\.[^/]*)?$")


@dataclass(frozen=True)
class ElfMember:
    """A shared library or program in a wheel; `folder` is the one that it is installed into."""

    name: str
    content: bytes
    binary: Binary

    @property
    def folder(self) -> Folder:
        return layout.folder_of(self.name)

    @property
    def search_path(self) -> tuple[str, ...]:
        """What counts: an RPATH beside a RUNPATH does not."""
        return self.binary.runpath or self.binary.rpath

    @property
    def file_name(self) -> str:
        """What a NEEDED names it by."""
        return self.name.rpartition("/")[2]


def found_within(members: Iterable[ElfMember]) -> frozenset[str]:
    """Return the libraries that every member that needs them finds in the installed wheel.

    The places in the archive can be others: there `data` and `platlib` are folders.
    """
    members = tuple(members)
    places = {(member.folder, member.file_name) for member in members}
    found: set[str] = set()
    lacking: set[str] = set()
    for member in members:
        folders = {layout.led_to(member.folder, entry) for entry in member.search_path}
        for name in member.binary.needed:
            within = any((folder, name) in places for folder in folders if folder is not None)
            (found if within else lacking).add(name)
    return frozenset(found - lacking)


def read(
    members: Iterable[Member], known: Iterable[ElfMember] = (), *, is_pure: bool = False
) -> tuple[ElfMember, ...]:
    """Return them, sorted; those that are as they were in `known` are not read again.

    Raises BuildError for a damaged library. Whatever else is damaged is somebody's data, and in
    a pure wheel all is.
    """
    before = {member.name: member for member in known}
    found = (_read(m, before, is_pure) for m in sorted(members, key=lambda m: m.name))
    return tuple(member for member in found if member)


def _read(member: Member, before: Mapping[str, ElfMember], is_pure: bool) -> ElfMember | None:
    known = before.get(member.name)
    if known and known.content == member.content:
        return known
    try:
        binary = elf.read_any(member.content, member.name)
    except BuildError:
        if is_pure or not _LIBRARY.search(member.name):
            return None
        raise
    return ElfMember(member.name, member.content, binary) if binary else None
