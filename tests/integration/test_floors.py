"""What a floor of Linux has not: found in libraries as linked by zig, and in a recipe's build."""

from __future__ import annotations

from pathlib import Path

import pytest

from environments import libwheel
from foreign_libraries import so
from libwheel.audit import floors, system_libraries
from libwheel.binaries import reading
from libwheel.target import parse
from sample_projects import make_sample

pytestmark = pytest.mark.compiles

NEWER = """
int memfd_create(const char *, unsigned);
void qsort_r(void *, unsigned long, unsigned long, int (*)(), void *);
__attribute__((visibility("default"))) int used(void) { qsort_r(0, 0, 0, 0, 0); return FUNCTION; }
"""


def above(path: Path, name: str) -> list[str]:
    target = parse(name)
    assert target
    return list(floors.above(reading.read(path), target, {}, system_libraries(target)))


@pytest.mark.parametrize("arch", ["x86_64", "aarch64"])
def test_what_a_floor_has_not_is_named_whichever_glibc_was_linked_to(
    tmp_path: Path, arch: str
) -> None:
    source = NEWER.replace("FUNCTION", 'memfd_create("", 0)')
    old, newer = f"{arch}-linux-gnu.2.17", f"{arch}-linux-gnu.2.34"
    wanted = ["memfd_create@GLIBC_2.27 of libc.so.6"]
    assert above(so(tmp_path / "libnew.so", source, newer), old) == wanted
    assert above(so(tmp_path / "libold.so", source, old), old) == wanted
    assert above(tmp_path / "libnew.so", newer) == []


def test_what_musl_has_not_had_from_the_start_is_named(tmp_path: Path) -> None:
    name = "aarch64-linux-musl"
    path = so(tmp_path / "libused.so", NEWER.replace("FUNCTION", "1"), name)
    assert above(path, name) == ["qsort_r, which musl has from 1.2.3 on"]
    assert reading.read(path).needed == ("libc.so",)


def test_what_is_linked_to_glibc_is_none_of_musl_s(tmp_path: Path) -> None:
    path = so(tmp_path / "libused.so", NEWER.replace("FUNCTION", "1"), "x86_64-linux-gnu.2.17")
    (found,) = above(path, "x86_64-linux-musl")
    assert found == "qsort_r@GLIBC_2.8 of libc.so.6"


@pytest.mark.parametrize("arch", ["x86_64", "aarch64"])
def test_a_recipe_that_the_floor_cannot_hold_is_no_wheel(tmp_path: Path, arch: str) -> None:
    folder = make_sample("needs-glibc-2.27", tmp_path).folder
    out, target = tmp_path / "out", f"{arch}-linux-gnu"
    done = libwheel("build", folder, "-o", out, "-C", f"target={target}.2.17")
    assert done.returncode == 1
    assert (
        "lib/libanswer-pywheel-1.so: needs memfd_create@GLIBC_2.27 of libc.so.6, and "
        f"{target}.2.17 promises no more than glibc 2.17: turn off what uses it, or build for a "
        "newer floor [newer-system]"
    ) in done.stdout
    assert not list(out.glob("*.whl"))
    done = libwheel("build", folder, "-o", out, "-C", f"target={target}.2.27")
    assert done.returncode == 0, done.stdout
    [wheel] = out.iterdir()
    assert wheel.name.endswith(f"-manylinux_2_27_{arch}.whl")
