from __future__ import annotations

from examples import CONSUMERS, FOLDER


def test_every_example_is_built() -> None:
    assert {folder.name for folder in FOLDER.iterdir()} == set(CONSUMERS)


def test_all_have_the_same_extension() -> None:
    for name in ("_keeper.c", "__init__.py"):
        paths = [FOLDER / consumer / "keeper" / name for consumer in CONSUMERS]
        assert len({path.read_bytes() for path in paths}) == 1
