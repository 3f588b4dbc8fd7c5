from __future__ import annotations

import os
from pathlib import Path

import pytest

from libwheel.several.machine import COMPILER, Machine, Share, share, this
from unit.staged import write

PLENTY = 1 << 40


@pytest.mark.parametrize(
    ("cores", "compilers", "builds", "expected"),
    [
        (2, 24, 3, Share(3, 2)),
        (2, 24, 1, Share(1, 2)),
        (2, 24, 28, Share(3, 2)),
        (8, 12, 9, Share(2, 6)),  # memory for half as many again as there are cores
        (8, 4, 9, Share(1, 4)),  # for less than that
        (1, 2, 3, Share(2, 1)),
        (64, 256, 28, Share(4, 64)),
        (64, 2048, 28, Share(16, 64)),
        (4, 0, 5, Share(1, 1)),
    ],
)
def test_each_build_may_use_every_core_as_far_as_the_memory_goes(
    cores: int, compilers: int, builds: int, expected: Share
) -> None:
    machine = Machine(cores, compilers * COMPILER)
    assert share(machine, builds) == expected
    assert expected.builds * expected.jobs <= max(compilers, 1)


@pytest.mark.parametrize(
    ("total", "builds", "expected"),
    [(1, 3, Share(1, 1)), (2, 3, Share(2, 1)), (8, 3, Share(2, 4)), (8, 1, Share(1, 8))],
)
def test_a_total_is_what_all_builds_have_together(total: int, builds: int, expected: Share) -> None:
    assert share(Machine(64, PLENTY), builds, total) == expected


def machine_of(root: Path) -> Machine:
    write(root / "proc/meminfo", "MemTotal: 8000000 kB\nMemAvailable:    4194304 kB\n")
    return this(root)


def test_without_groups_it_is_the_machine_s(tmp_path: Path) -> None:
    cores = len(os.sched_getaffinity(0))
    assert machine_of(tmp_path) == Machine(cores, 4 << 30)


def test_a_group_allows_less(tmp_path: Path) -> None:
    write(tmp_path / "proc/self/cgroup", "0::/outer/inner\n")
    group = tmp_path / "sys/fs/cgroup"
    write(group / "outer/cpu.max", "100000 100000\n")
    write(group / "outer/inner/cpu.max", "max 100000\n")
    write(group / "outer/memory.max", f"{3 << 30}\n")
    write(group / "outer/memory.current", f"{2 << 30}\n")
    write(group / "outer/memory.stat", f"anon 5\ninactive_file {1 << 29}\n")
    write(group / "outer/inner/memory.max", "max\n")
    assert machine_of(tmp_path) == Machine(1, (1 << 30) + (1 << 29))


def test_so_does_one_of_the_older_kind(tmp_path: Path) -> None:
    write(tmp_path / "proc/self/cgroup", "4:memory:/job\n1:cpu,cpuacct:/job\n0::/\n")
    group = tmp_path / "sys/fs/cgroup"
    write(group / "cpu/job/cpu.cfs_quota_us", "50000\n")
    write(group / "cpu/job/cpu.cfs_period_us", "100000\n")
    write(group / "memory/job/memory.limit_in_bytes", f"{1 << 30}\n")
    write(group / "memory/job/memory.usage_in_bytes", f"{1 << 28}\n")
    assert machine_of(tmp_path) == Machine(1, (1 << 30) - (1 << 28))


def test_in_a_container_the_group_s_path_may_be_the_host_s(tmp_path: Path) -> None:
    write(tmp_path / "proc/self/cgroup", "0::/host/path/of/it\n")
    write(tmp_path / "sys/fs/cgroup/cpu.max", "100000 100000\n")
    assert machine_of(tmp_path).cores == 1


def test_no_limit_of_the_older_kind_is_written_as_less_than_nothing(tmp_path: Path) -> None:
    write(tmp_path / "proc/self/cgroup", "1:cpu:/\n")
    write(tmp_path / "sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n")
    write(tmp_path / "sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n")
    assert machine_of(tmp_path).cores == len(os.sched_getaffinity(0))


def test_this_machine_has_something() -> None:
    machine = this()
    assert machine.cores >= 1
    assert machine.memory > 0
