from __future__ import annotations

import pytest

from libwheel.consumer.repair import disguise
from libwheel.wheel import Member
from unit.consumer.consumers import member, takes

LIBZ = "libz-pywheel-1.so"
NODE = "ZLIB_PYWHEEL_1"
TABLE = b"\x7fELF...\0libz-pywheel-1.so\0ZLIB_PYWHEEL_1\0GLIBC_2.17\0"


@pytest.mark.parametrize(
    ("library", "node", "hidden"),
    [
        (LIBZ, NODE, {NODE}),
        ("libhdf5-pywheel-310.so", "HDF5_PYWHEEL_310", set()),  # nobody takes it for another's
        ("libz.so.1", "ZLIB_1.2.9", set()),  # the system's indeed
    ],
)
def test_what_wants_a_disguise(library: str, node: str, hidden: set[str]) -> None:
    it = member("guest/_it.so", library, takes=(takes("f", library, node=node),))
    assert disguise.nodes([it]) == hidden


def test_a_disguise_moves_nothing_and_comes_off() -> None:
    members = (Member("guest/_it.so", TABLE), Member("guest/node.txt", b"\0ZLIB_PYWHEEL_1\0"))
    worn = disguise.put_on(members, {NODE})
    assert worn == (Member("guest/_it.so", TABLE.replace(b"\0ZLIB", b"\0zLIB")), members[1])
    assert disguise.taken_off(worn, {NODE}) == members
