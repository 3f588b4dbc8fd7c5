from __future__ import annotations

import errno
import tempfile
from pathlib import Path

import pytest

from libwheel.consumer.repair.temporary import refuse_full, temporary
from libwheel.errors import BuildError


def test_it_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with temporary() as folder:
        (folder / "file").write_text("")
        assert folder.parent == tmp_path
    assert not any(tmp_path.iterdir())


def test_a_full_disk_is_named_and_how_to_take_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with (
        pytest.raises(BuildError, match=rf"write to {tmp_path}: the disk is full .*; TMPDIR names"),
        temporary() as folder,
    ):
        refuse_full(folder, "OSError: [Errno 28] No space left on device")


def test_a_full_disk_without_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a write to an open file raises it."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(BuildError, match=f"cannot write to {tmp_path}: "), temporary():
        raise OSError(errno.ENOSPC, "No space left on device")


def test_other_failures_are_not_the_disks(tmp_path: Path) -> None:
    refuse_full(tmp_path, "ValueError: no libx")
