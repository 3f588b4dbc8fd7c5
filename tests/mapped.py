"""Which files a process has mapped: a function to be sent into another Python, as its source."""

from __future__ import annotations

import inspect


def mapped(part: str) -> list[str]:
    """Return the mapped files that have `part` in their names; itself it needs nothing."""
    with open("/proc/self/maps") as maps:  # noqa: PTH123  # no pathlib where it is sent
        columns = [line.rstrip("\n").split(maxsplit=5) for line in maps]
    paths = {column[5] for column in columns if len(column) == 6}
    return sorted(path for path in paths if part in path.rpartition("/")[2])


SOURCE = inspect.getsource(mapped)
