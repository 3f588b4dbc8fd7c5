"""What is compiled for, and what cannot be."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


class Refusal(Exception):  # noqa: N818 - nobody is at fault
    """What zig cannot do, and the way out, in one line."""


class Target:
    """A target as zig and as GNU's tools call it, and the file names that its libraries get."""

    def __init__(self, zig: str, gnu: str, names: Mapping[str, str]) -> None:
        self.zig, self.gnu, self.names = zig, gnu, names
        self.arch, system = zig.split("-")[:2]
        self.os = system.partition(".")[0]

    @property
    def is_elf(self) -> bool:
        return self.os == "linux"

    @property
    def is_windows(self) -> bool:
        return self.os == "windows"
