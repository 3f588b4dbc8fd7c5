"""What the configurations of one recipe have installed, brought together in one tree."""

from __future__ import annotations

import filecmp
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from libwheel.buildsystems.job import Job
from libwheel.errors import RecipeError
from libwheel.recipe import Resolved
from libwheel.selection import is_left_out


def merge(resolved: Resolved, jobs: Sequence[Job], goal: Path) -> None:
    """Move what each job has installed to `goal`.

    Of what the wheel leaves out anyway, the first one stays. Raises RecipeError where two
    configurations have installed one path with other content.
    """
    first, *others = jobs
    first.installed.rename(goal)
    owners = {_name(path, goal): first for path in _files(goal)}
    problems = []
    for job in others:
        for path in _files(job.installed):
            name = _name(path, job.installed)
            taken = next((n for n in (name, *name.parents) if n in owners), None)
            if taken is None and not (goal / name).is_dir():
                owners[name] = job
                (goal / name).parent.mkdir(parents=True, exist_ok=True)
                path.rename(goal / name)
            elif not (_same(path, goal / name) or is_left_out(resolved, str(name))):
                other = owners[taken] if taken else first
                text = f"the configurations {other.name!r} and {job.name!r} both install {name}"
                problems.append(f"{text}, with different content: one of them must not")
    if problems:
        where = "build.configuration"
        raise RecipeError([resolved.problem(where, text) for text in problems])


def _files(root: Path) -> Iterator[Path]:
    return (p for p in sorted(root.rglob("*")) if p.is_symlink() or not p.is_dir())


def _name(path: Path, root: Path) -> PurePosixPath:
    return PurePosixPath(path.relative_to(root))


def _same(one: Path, other: Path) -> bool:
    if one.is_symlink() or other.is_symlink():
        return one.is_symlink() and other.is_symlink() and one.readlink() == other.readlink()
    return other.is_file() and filecmp.cmp(one, other, shallow=False)
