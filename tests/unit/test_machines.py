"""What lacks for running a target's programs is named, with what to install: it is no skip."""

from __future__ import annotations

from pathlib import Path

import pytest

from libwheel.target import Target, parse
from machines import Machine, MachineError, machines


def target(name: str) -> Target:
    found = parse(name)
    assert found
    return found


@pytest.mark.parametrize(
    ("name", "missing", "packages"),
    [
        ("aarch64-linux-gnu.2.17", "qemu-aarch64", "qemu-user"),
        ("aarch64-linux-musl", "qemu-aarch64", "qemu-user"),
        ("x86_64-linux-gnu.2.17", "npm", "npm"),
        ("x86_64-linux-musl", "dpkg-deb", "dpkg"),
        ("x86_64-windows", "wine", "wine wine64"),
    ],
)
def test_what_is_missing_is_named(name: str, missing: str, packages: str, tmp_path: Path) -> None:
    def which(program: str) -> str | None:
        return None if program == missing else f"/usr/bin/{program}"

    with pytest.raises(MachineError) as caught:
        machines(target(name), tmp_path, which)
    text = f"{missing} is not here, which this target needs: apt install {packages}"
    assert str(caught.value) == text
    assert list(tmp_path.iterdir()) == []


def test_nothing_runs_for_macos(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="nothing here runs programs for aarch64-macos"):
        machines(target("aarch64-macos.11"), tmp_path)


def test_a_program_that_fails_is_shown(tmp_path: Path) -> None:
    program = tmp_path / "fails"
    program.write_text("#!/bin/sh\necho seen; echo why >&2; exit 3\n")
    program.chmod(0o755)
    with pytest.raises(AssertionError, match=r"fails on here\nseen\nwhy"):
        Machine("here").run(program)
