from __future__ import annotations

import pytest

from libwheel.consumer.repair import wheel_identity
from libwheel.consumer.repair.wheel_file import WheelFile
from libwheel.errors import BuildError
from libwheel.wheel import Member

INFO = "guest-1.0.dist-info"
NAME = "guest-1.0-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"
METADATA = "Metadata-Version: 2.1\nName: guest\nVersion: 1.0\n"
WHEEL = "Wheel-Version: 1.0\n" + "".join(
    f"Tag: cp311-cp311-{platform}_x86_64\n" for platform in ("manylinux2014", "manylinux_2_17")
)


def wheel(metadata: str = METADATA, described: str = WHEEL, name: str = NAME) -> WheelFile:
    files = {"METADATA": metadata, "WHEEL": described}
    members = tuple(Member(f"{INFO}/{name}", text.encode()) for name, text in files.items())
    return WheelFile(name, INFO, members, ())


def problem(wheel: WheelFile) -> str:
    with pytest.raises(BuildError) as caught:
        wheel_identity.refuse_contradictions(wheel)
    return str(caught.value)


@pytest.mark.parametrize(
    "sound",
    [
        wheel(),
        wheel(METADATA.replace("guest", "Guest").replace("1.0", "1.0.0")),
        wheel(described="Tag: cp311-cp311-manylinux2014_x86_64.manylinux_2_17_x86_64\r\n"),
        wheel(
            described="Tag: py2-none-any\nTag: py3-none-any\n", name="guest-1-py2.py3-none-any.whl"
        ),
    ],
)
def test_what_agrees(sound: WheelFile) -> None:
    wheel_identity.refuse_contradictions(sound)


@pytest.mark.parametrize("metadata", ["", f"\ufeff{METADATA}", f"\n{METADATA}"])
def test_metadata_without_headers(metadata: str) -> None:
    said = problem(wheel(metadata))
    assert "METADATA has no Name (a header has to come first): guest is wanted" in said
    assert "METADATA has no Version (a header has to come first): 1.0 is wanted" in said


def test_another_ones_metadata() -> None:
    said = problem(wheel(METADATA.replace("guest", "zz\x1b").replace("1.0", "one")))
    assert "METADATA has the Name 'zz\\x1b': guest is wanted" in said
    assert "METADATA has the Version 'one': 1.0 is wanted" in said


def test_other_tags() -> None:
    said = problem(wheel(name="guest-1.0-py3-none-any.whl"))
    assert "WHEEL has the tags cp311-cp311-manylinux2014_x86_64 and cp311-cp311-m" in said
    assert "x86_64: py3-none-any is wanted" in said
    assert "WHEEL has the tags none: " in problem(wheel(described="Wheel-Version: 1.0\n"))
    assert "WHEEL has a Tag that is none: " in problem(wheel(described="Tag: linux\n"))
