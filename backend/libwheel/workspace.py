"""The folders of one build: a temporary place, or the one that `-C work-dir` names."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from libwheel.errors import BuildError
from libwheel.files import locked
from libwheel.plan import Workspace

_MARKER = ".libwheel-work-dir"


@contextmanager
def temporary(stem: str, log_folder: Path) -> Iterator[Workspace]:
    """Yield a workspace that goes when the block ends.

    Its logs stay, below `log_folder`, where the block ends with an error.
    """
    log_folder.mkdir(parents=True, exist_ok=True)
    logs = Path(tempfile.mkdtemp(prefix=f"{stem}-", dir=log_folder))
    with tempfile.TemporaryDirectory(prefix="libwheel-", ignore_cleanup_errors=True) as root:
        if root.split() != [root]:
            raise BuildError(f"TMPDIR must have no white space: make and configure cannot: {root}")
        yield Workspace(Path(root).resolve(), logs)
    shutil.rmtree(logs, ignore_errors=True)


@contextmanager
def kept(root: Path) -> Iterator[Workspace]:
    """Yield a workspace that stays; what an earlier build left in it goes.

    Raises BuildError where the folder holds anything else, or where another build uses it.
    """
    if root.is_dir() and any(root.iterdir()) and not (root / _MARKER).exists():
        raise BuildError(f"-C work-dir: {root} holds files that are not a build's; name another")

    def refuse() -> None:
        raise BuildError(f"-C work-dir: another build works in {root}")

    with locked(root / _MARKER, on_wait=refuse):
        for path in root.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
        yield Workspace(root.resolve(), root / "logs")
