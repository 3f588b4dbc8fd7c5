"""The cache of installed trees, keyed by everything that went into them."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from libwheel.files import copy_tree, replacing_folder, sha256_of, writing_to
from libwheel.settings import CACHE_HINT
from libwheel.version import __version__

_FACTS = "facts.json"


@dataclass(frozen=True)
class InstalledTree:
    """What a build left: upstream's installation, its licence files, its unused options.

    `licenses` holds the files under the paths that they have in the wheel. `built_in` is the
    folder of the build, which is gone when the tree comes from the cache: no file may name it.
    """

    root: Path
    unused: tuple[str, ...]
    built_in: Path

    @property
    def prefix(self) -> Path:
        return self.root / "prefix"

    @property
    def licenses(self) -> Path:
        return self.root / "licenses"


@dataclass(frozen=True)
class TreeCache:
    """Installed trees below `folder`, one a key."""

    folder: Path

    @staticmethod
    def key(inputs: Mapping[str, object]) -> str:
        """Return the key for everything that went in, as what JSON can hold."""
        text = json.dumps({"libwheel": __version__, **inputs}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def lock(self, key: str) -> Path:
        return self.folder / f"{key}.lock"

    def entry(self, key: str) -> Path:
        return self.folder / key

    def has(self, key: str) -> bool:
        """Tell whether there is a tree of that key, whole or damaged."""
        return self.entry(key).exists()

    def get(self, key: str) -> InstalledTree | None:
        """Return the tree of that key, unless it is not there or not as it was stored."""
        root = self.entry(key)
        try:
            facts = json.loads((root / _FACTS).read_text(encoding="utf-8"))
            found = InstalledTree(root, tuple(facts["unused"]), Path(facts["built_in"]))
            return found if facts["files"] == dict(_digests(root)) else None
        except (OSError, ValueError, LookupError, TypeError):  # a damaged entry is no entry
            return None

    def put(self, key: str, tree: InstalledTree) -> None:
        """Store a tree, in place of a damaged one; a whole one stays: a build may be reading it.

        Raises BuildError where the cache cannot be written to.
        """
        if self.get(key):
            return
        goal = self.entry(key)
        with writing_to(self.folder, CACHE_HINT), replacing_folder(goal) as fresh:
            copy_tree(tree.root, fresh, hint=CACHE_HINT)
            facts = {
                "files": dict(_digests(fresh)),
                "unused": tree.unused,
                "built_in": str(tree.built_in),
            }
            (fresh / _FACTS).write_text(json.dumps(facts, indent=1), encoding="utf-8")
            shutil.rmtree(goal, ignore_errors=True)


def _digests(root: Path) -> Iterator[tuple[str, str]]:
    """Yield every file below `root` with its mode and hash, or what it links to."""
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.is_symlink():
            yield name, f"-> {path.readlink()}"
        elif path.is_file() and name != _FACTS:
            yield name, f"{path.stat().st_mode:o} {sha256_of(path)}"
