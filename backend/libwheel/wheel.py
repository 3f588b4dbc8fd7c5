"""Pack a library wheel: the same bytes for the same input.

The format is the PyPA's binary distribution format, the RECORD that of recorded installed
projects, the dist-info of core metadata 2.4 with `licenses/` (PEP 639) and `sboms/` (PEP 770).
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import time
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from libwheel.files import replacing
from libwheel.naming import Tag
from libwheel.staging import Role, StagedTree
from libwheel.target import Os
from libwheel.version import __version__

ZIP_EPOCH = 315532800  # 1980-01-01: zip knows nothing earlier

_PLACES: Mapping[Role, str] = {
    Role.RUNTIME: "{stem}.data/data/",
    Role.LINK: "{stem}.data/data/",
    Role.HEADER: "{stem}.data/data/",
    Role.PKGCONFIG: "{stem}.data/data/",
    Role.CMAKE: "{stem}.data/data/",
    Role.LOCATOR: "",
    Role.LICENSE: "{stem}.dist-info/licenses/",
    Role.SBOM: "{stem}.dist-info/sboms/",
}


@dataclass(frozen=True)
class Member:
    """A file of the wheel."""

    name: str
    content: bytes
    executable: bool = False


def file_time(epoch: int | None) -> int:
    """Return the time of every file, in seconds since 1970: SOURCE_DATE_EPOCH or a fixed one."""
    return ZIP_EPOCH if epoch is None else epoch


def dist_info(tag: Tag) -> str:
    return f"{tag.release_stem}.dist-info"


def file_name(tag: Tag, platform: str) -> str:
    """``hdf5-1.14.5-0-py3-none-manylinux_2_34_x86_64.whl``."""
    return f"{tag.wheel_stem}-{tag.wheel_tag(platform)}.whl"


def wheel_text(tag: Tag, platform: str) -> str:
    """Return the WHEEL file."""
    return (
        "Wheel-Version: 1.0\n"
        f"Generator: libwheel {__version__}\n"
        "Root-Is-Purelib: false\n"
        f"Tag: {tag.wheel_tag(platform)}\n"
        f"Build: {tag.build}\n"
    )


def members(
    tree: StagedTree, tag: Tag, platform: str, metadata: bytes, entry_points: str
) -> list[Member]:
    """Return every member but RECORD, sorted, the dist-info folder last."""
    staged = [
        Member(
            _PLACES[file.role].format(stem=tag.release_stem) + file.path.as_posix(),
            file.bytes_at.read_bytes(),
            executable=file.role is Role.RUNTIME and tag.os is not Os.WINDOWS,
        )
        for file in tree.files
    ]
    described = {
        "METADATA": metadata,
        "WHEEL": wheel_text(tag, platform).encode(),
        "entry_points.txt": entry_points.encode(),
    }
    info = [Member(f"{dist_info(tag)}/{name}", content) for name, content in described.items()]
    return sorted([*staged, *info], key=lambda m: (m.name.startswith(dist_info(tag)), m.name))


def pack(folder: Path, name: str, info: str, content: Iterable[Member], epoch: int) -> Path:
    """Write the wheel `name` into `folder`, with a RECORD in the dist-info folder `info`.

    `epoch` is the time of every member, in seconds since 1970.
    """
    path = folder / name
    listed = list(content)
    record = f"{info}/RECORD"
    with replacing(path) as stream, zipfile.ZipFile(stream, "w") as archive:
        for member in (*listed, Member(record, _record(listed, record))):
            archive.writestr(_info(member, epoch), member.content, zipfile.ZIP_DEFLATED, 6)
    return path


def _info(member: Member, epoch: int) -> zipfile.ZipInfo:
    moment = time.gmtime(max(epoch, ZIP_EPOCH))[:6]
    info = zipfile.ZipInfo(member.name, moment)
    info.create_system = 3  # Unix: external_attr holds the mode
    info.external_attr = (0o100755 if member.executable else 0o100644) << 16
    return info


def _record(content: list[Member], record_name: str) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    for member in content:
        digest = base64.urlsafe_b64encode(hashlib.sha256(member.content).digest()).rstrip(b"=")
        writer.writerow((member.name, f"sha256={digest.decode()}", len(member.content)))
    writer.writerow((record_name, "", ""))
    return text.getvalue().encode()
