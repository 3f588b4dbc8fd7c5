"""Refuses a wheel that says of itself, in METADATA and WHEEL, what its name does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from email import message_from_bytes

from packaging.utils import canonicalize_name, canonicalize_version, parse_wheel_filename

from libwheel.consumer.repair import wheel_metadata
from libwheel.consumer.repair.wheel_file import WheelFile
from libwheel.errors import BuildError
from libwheel.words import listed


def refuse_contradictions(wheel: WheelFile) -> None:
    """Raise BuildError with all that the wheel's name and its files do not agree about."""
    problems = [*_metadata_problems(wheel), *_tag_problems(wheel)]
    if problems:
        lines = "\n".join(f"  {problem}" for problem in problems)
        raise BuildError(f"its files do not agree with its name; build it again:\n{lines}")


def _metadata_problems(wheel: WheelFile) -> Iterator[str]:
    name, version, _, _ = parse_wheel_filename(wheel.name)
    headers = message_from_bytes(wheel.described("METADATA"))
    wanted: tuple[tuple[str, str, Callable[[str], str]], ...] = (
        ("Name", name, canonicalize_name),
        ("Version", str(version), canonicalize_version),
    )
    for header, expected, canonical in wanted:
        found = headers[header]
        if found is None:
            yield f"METADATA has no {header} (a header has to come first): {expected} is wanted"
        elif canonical(str(found).strip()) != canonical(expected):
            yield f"METADATA has the {header} {str(found)!r}: {expected} is wanted"


def _tag_problems(wheel: WheelFile) -> Iterator[str]:
    expected = parse_wheel_filename(wheel.name)[3]
    try:
        found = frozenset(wheel_metadata.tags(wheel.described("WHEEL")))
    except ValueError as error:
        yield f"WHEEL has a Tag that is none: {error}"
        return
    if found != expected:
        has, wanted = (listed(sorted(map(str, tags))) or "none" for tags in (found, expected))
        yield f"WHEEL has the tags {has}: {wanted} is wanted"
