"""What the machine has for builds, and how several share it.

A control group may allow less than the machine has: both versions of its files are read.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# What one compiler may need. Few C files take a quarter of it; large C++ ones take it all.
COMPILER = 1 << 30  # bytes

_MOST_BUILDS = 3  # at once, on a small machine: while one configures or links, others compile


@dataclass(frozen=True)
class Machine:
    """The processors that this process may use, and the bytes of memory that are free."""

    cores: int
    memory: int


@dataclass(frozen=True)
class Share:
    """How many builds run at once, and how many compilers each of them may run."""

    builds: int
    jobs: int


def share(machine: Machine, builds: int, total: int | None = None) -> Share:
    """Return how `builds` share the machine.

    `total` is how many compilers may run in all: two builds halve it, so that one compiles while
    the other configures. Without it, each build may use every core: the system shares them out,
    and none is idle as long as any build has work for it. Memory bounds the number of compilers.
    """
    if total:
        at_once = min(builds, 2, total)
        return Share(at_once, total // at_once)
    compilers = max(1, machine.memory // COMPILER)
    most = max(_MOST_BUILDS, machine.cores // 4)
    at_once = min(builds, most, max(1, math.ceil(compilers / machine.cores)))
    return Share(at_once, max(1, min(machine.cores, compilers // at_once)))


def this(root: Path = Path("/")) -> Machine:
    """Return what this process may use; the files of the system are below `root`."""
    cores = float(len(os.sched_getaffinity(0)))
    memory = _available(root)
    for quota in _quotas(root):
        cores = min(cores, quota)
    for free in _limits(root):
        memory = min(memory, free)
    return Machine(max(1, math.ceil(cores)), max(0, memory))


def _available(root: Path) -> int:
    text = (root / "proc/meminfo").read_text(encoding="utf-8")
    found = re.search(r"(?m)^MemAvailable:\s+(\d+) kB$", text)
    return int(found[1]) * 1024 if found else COMPILER


def _quotas(root: Path) -> Iterator[float]:
    """Yield how many cores each group allows that the process is in."""
    for folder in _groups(root, ""):
        quota, _, period = _text(folder / "cpu.max").partition(" ")
        if quota.isdecimal():
            yield int(quota) / int(period)
    for folder in _groups(root, "cpu"):
        quota, period = _text(folder / "cpu.cfs_quota_us"), _text(folder / "cpu.cfs_period_us")
        if quota.isdecimal() and period.isdecimal():  # -1: no limit
            yield int(quota) / int(period)


def _limits(root: Path) -> Iterator[int]:
    """Yield how many bytes each group has left that the process is in."""
    for controller, (limit, usage, files) in _MEMORY.items():
        for folder in _groups(root, controller):
            most, used = _text(folder / limit), _text(folder / usage)
            if most.isdecimal() and used.isdecimal():
                cached = re.search(rf"(?m)^{files} (\d+)$", _text(folder / "memory.stat"))
                yield int(most) - int(used) + (int(cached[1]) if cached else 0)


# By controller: the limit, what is in use, and what of that is files that can be dropped.
_MEMORY = {
    "": ("memory.max", "memory.current", "inactive_file"),
    "memory": ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
}


def _groups(root: Path, controller: str) -> Iterator[Path]:
    """Yield the folders of the process's group and of those above; "" is version 2's hierarchy.

    In a container the path may be the host's, and only the top of it is there.
    """
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if controller in controllers.split(","):
            top = root / "sys/fs/cgroup" / controller
            group = top / path.lstrip("/")
            yield from (folder for folder in (group, *group.parents) if folder.is_relative_to(top))


def _text(path: Path) -> str:
    """Return what is in a file; nothing where there is none."""
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return ""
