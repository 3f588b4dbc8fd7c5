"""Apply patches exactly: every line as the patch has it, in one possible place, or nothing."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from libwheel import files
from libwheel.errors import Problem, RecipeError
from libwheel.source.diff import DiffError, FilePatch, Hunk, lines_of, parse


def apply(patches: Sequence[Path], tree: Path) -> None:
    """Apply the patches in order to the files below `tree` (``-p1``), all of them or none.

    Raises RecipeError with every place where the first patch that does not fit does not.
    """
    state = _State(tree)
    for patch in patches:
        if problems := list(_apply_one(patch, state)):
            raise RecipeError(problems)
    with files.writing_to(tree):
        _write(state)


@dataclass(frozen=True)
class _Misfit:
    """Why a change does not fit; `line` counts from 1, 0 is the whole file."""

    line: int
    text: str


@dataclass
class _State:
    """The files below `tree` as the patches so far have made them; None: there is no file."""

    tree: Path
    changed: dict[str, bytes | None] = field(default_factory=dict)

    def read(self, name: str) -> bytes | None:
        if name in self.changed:
            return self.changed[name]
        path = self.tree / name
        return path.read_bytes() if path.is_file() else None

    def is_plain(self, name: str) -> bool:
        """Tell whether the name is a file's, or free, below true folders."""
        path = self.tree / name
        folders = [folder for folder in path.parents if folder.is_relative_to(self.tree)]
        behind = any(p.is_symlink() or p.is_file() for p in folders if p != self.tree)
        return not behind and not path.is_symlink() and not path.is_dir()


def _apply_one(patch: Path, state: _State) -> Iterator[Problem]:
    try:
        changes = parse(patch.read_bytes())
    except DiffError as error:
        yield Problem(str(patch), f"line {error.line}", str(error))
        return
    for written in changes:
        change = _placed(written, lines_of(state.read(written.name) or b""))
        misfits = list(_misfits(change, state))
        if not misfits:
            lines = _changed(change, lines_of(state.read(change.name) or b""))
            state.changed[change.name] = None if change.deletes else b"".join(lines)
        for misfit in misfits:
            where = f"{change.name}:{misfit.line}" if misfit.line else change.name
            yield Problem(str(patch), where, misfit.text)


def _placed(change: FilePatch, lines: Sequence[bytes]) -> FilePatch:
    """Return the change with each hunk at the one place that has its lines.

    What stands above differs from release to release: a hunk's lines must be there to the
    letter, and once; their number need not be the patch's.
    """
    return replace(change, hunks=tuple(_found(hunk, lines) for hunk in change.hunks))


def _found(hunk: Hunk, lines: Sequence[bytes]) -> Hunk:
    size = len(hunk.old)
    if not size or tuple(lines[hunk.start : hunk.start + size]) == hunk.old:
        return hunk
    first = hunk.old[0]
    starts = (n for n, line in enumerate(lines) if line == first)
    places = [n for n in starts if tuple(lines[n : n + size]) == hunk.old]
    return replace(hunk, start=places[0]) if len(places) == 1 else hunk


def _misfits(change: FilePatch, state: _State) -> Iterator[_Misfit]:
    content = state.read(change.name)
    if not state.is_plain(change.name):
        yield _Misfit(0, "is no regular file of the source tree, or behind a link")
    elif change.creates and content is not None:
        yield _Misfit(0, "the patch creates it, but it is there already")
    elif not change.creates and content is None:
        yield _Misfit(0, "is not in the source tree")
    else:
        yield from _line_misfits(change, lines_of(content or b""))


def _line_misfits(change: FilePatch, lines: Sequence[bytes]) -> Iterator[_Misfit]:
    end, fits = 0, True
    for hunk in change.hunks:
        overlaps = _Misfit(hunk.start + 1, "the hunk overlaps the one before it")
        if misfit := overlaps if hunk.start < end else _hunk_misfit(hunk, lines):
            fits = False
            yield misfit
        end = hunk.start + len(hunk.old)
    if fits:
        yield from _result_misfits(change, _changed(change, lines))


def _result_misfits(change: FilePatch, result: Sequence[bytes]) -> Iterator[_Misfit]:
    if change.deletes and result:
        yield _Misfit(0, f"the patch deletes it, but {len(result)} lines would be left")
    for number, line in enumerate(result[:-1], 1):
        if not line.endswith(b"\n"):
            yield _Misfit(number, f"only the last line may have no line feed: {_shown(line)}")


def _hunk_misfit(hunk: Hunk, lines: Sequence[bytes]) -> _Misfit | None:
    if hunk.start > len(lines):
        return _Misfit(hunk.start, f"the file has only {len(lines)} lines")
    for number, wanted in enumerate(hunk.old, hunk.start):
        found = lines[number] if number < len(lines) else None
        if found != wanted:
            shown = "the end of the file" if found is None else _shown(found)
            return _Misfit(number + 1, f"expected {_shown(wanted)}, found {shown}")
    return None


def _changed(change: FilePatch, lines: Sequence[bytes]) -> list[bytes]:
    result = list(lines)
    for hunk in reversed(change.hunks):
        result[hunk.start : hunk.start + len(hunk.old)] = hunk.new
    return result


def _shown(line: bytes) -> str:
    return repr(line.decode("utf-8", "replace"))


def _write(state: _State) -> None:
    """Write all files with one time: none of them looks newer to make than another."""
    now = time.time()
    for name, content in state.changed.items():
        path = state.tree / name
        mode = path.stat().st_mode if path.exists() else 0o644
        path.unlink(missing_ok=True)
        if content is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            path.chmod(mode)
            os.utime(path, (now, now))
