"""A sample recipe with a cache, a TMPDIR and an output folder of its own, to go wrong in."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from environments import attempt
from sample_projects import SampleRecipe, make_sample

PATIENCE = 60.0  # seconds to wait for what must come
KEPT = ("archives", "trees")  # what may be in the cache after whatever has happened

Done = subprocess.CompletedProcess[str]


@dataclass(frozen=True)
class Bench:
    """One recipe, and everything that a build of it may write to."""

    root: Path
    sample: SampleRecipe

    @property
    def cache(self) -> Path:
        return self.root / "cache"

    @property
    def temporary(self) -> Path:
        return self.root / "tmp"

    @property
    def dist(self) -> Path:
        return self.root / "dist"

    @property
    def recipe(self) -> Path:
        return self.sample.folder / "recipe.toml"

    @property
    def variables(self) -> dict[str, str]:
        places = {"LIBWHEEL_CACHE": str(self.cache), "TMPDIR": str(self.temporary)}
        return {**places, "no_proxy": "*"}

    def command(self, *arguments: str | Path) -> tuple[str | Path, ...]:
        start = (sys.executable, "-m", "libwheel", "build", self.sample.folder)
        return (*start, "-o", self.dist, *arguments)

    def build(self, *arguments: str | Path, **variables: str) -> Done:
        return attempt(*self.command(*arguments), variables=self.variables | variables)

    def start(self, *arguments: str | Path, **variables: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(*arguments),
            env={**os.environ, **self.variables, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def edit(self, old: str, new: str) -> None:
        text = self.recipe.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{self.recipe} has not one {old!r}"
        self.recipe.write_text(text.replace(old, new), encoding="utf-8")

    def wheels(self) -> list[Path]:
        """Return everything in the output folder, hidden or not."""
        return sorted(self.dist.iterdir()) if self.dist.exists() else []

    def leftovers(self) -> list[str]:
        """Return what a build should not leave, whatever happened to it: files and processes."""
        left = [*self.temporary.iterdir(), *self.wheels()]
        if self.cache.exists():
            left += [path for path in self.cache.glob("*/*") if path.parent.name not in KEPT]
            left += self.cache.glob("**/.*")
        return [str(path) for path in left] + processes_below(self.root)


def make_bench(root: Path, name: str = "make-answer") -> Bench:
    (root / "tmp").mkdir()
    return Bench(root, make_sample(name, root))


def processes_below(root: Path) -> list[str]:
    """Return the command lines of the processes that work in a folder below `root`."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            folder, command = (process / "cwd").readlink(), (process / "cmdline").read_bytes()
        except OSError:  # it has just ended
            continue
        if folder.is_relative_to(root):
            found.append(command.replace(b"\0", b" ").decode(errors="replace"))
    return found


def repack(
    bench: Bench, changes: Mapping[str, bytes], compress: Callable[[bytes], bytes] = gzip.compress
) -> None:
    """Put files into the upstream archive, in the place of those of that name."""
    buffer = io.BytesIO()
    with (
        tarfile.open(bench.sample.archive) as old,
        tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as new,
    ):
        for member in old:
            if member.name not in changes:
                new.addfile(member, old.extractfile(member) if member.isfile() else None)
        for name, content in changes.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(content), 1_700_000_000
            new.addfile(info, io.BytesIO(content))
    replace_archive(bench, compress(buffer.getvalue()))


def replace_archive(bench: Bench, content: bytes) -> None:
    """Give the recipe another upstream archive."""
    before = hashlib.sha256(bench.sample.archive.read_bytes()).hexdigest()
    bench.sample.archive.write_bytes(content)
    bench.edit(before, hashlib.sha256(content).hexdigest())


def stand_in(folder: Path, name: str, script: str) -> str:
    """Write a program that runs `script`, but says its version as the real one does.

    Return the PATH on which it stands before the real one, which is $REAL in the script.
    """
    real = shutil.which(name)
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(
        f'#!/bin/sh\nREAL={real}\ncase "$*" in *--version*) exec $REAL "$@";; esac\n{script}\n'
    )
    path.chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"


def wait_until(condition: Callable[[], object], patience: float = PATIENCE) -> None:
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def read_until(process: subprocess.Popen[str], text: str) -> str:
    """Read what a process prints up to the line that has `text`."""
    assert process.stdout
    seen = ""
    for line in process.stdout:
        seen += line
        if text in line:
            return seen
    raise AssertionError(f"no {text!r} in:\n{seen}")


_ON_SMALL_DISK = """
mount -t tmpfs -o "size=$1" tmpfs "$2" || exit 99
folder=$2; shift 2
"$@"
status=$?
cd "$folder" && echo "left:" && find . -type f
exit $status
"""


def on_small_disk(bench: Bench, folder: Path, size: str, *arguments: str) -> tuple[Done, list[str]]:
    """Build with a small file system in the place of `folder`; return what is left there, too.

    This needs root or user namespaces.
    """
    folder.mkdir(exist_ok=True)
    words = (size, folder, *bench.command(*arguments))
    done = _with_own_mounts(_ON_SMALL_DISK, *words, variables=bench.variables)
    output, _, left = done.stdout.partition("left:\n")
    done.stdout = output
    return done, left.splitlines()


_IN_READ_ONLY_HOME = 'mount -t tmpfs -o ro tmpfs "$HOME" || exit 99; exec "$@"'


def in_read_only_home(bench: Bench, *arguments: str, **variables: str) -> Done:
    """Build where nobody, root neither, can write to HOME; see `on_small_disk`."""
    home = bench.root / "home"
    home.mkdir(exist_ok=True)
    given = {**bench.variables, "HOME": str(home), **variables}
    return _with_own_mounts(_IN_READ_ONLY_HOME, *bench.command(*arguments), variables=given)


def _with_own_mounts(script: str, *words: str | Path, variables: Mapping[str, str]) -> Done:
    """Run a script that mounts something, for itself alone; it ends with 99 if it cannot."""
    space = "-m" if os.geteuid() == 0 else "-rm"
    done = attempt("unshare", space, "sh", "-c", script, "sh", *words, variables=variables)
    assert done.returncode != 99, f"no file system can be mounted here: {done.stdout}"
    return done
