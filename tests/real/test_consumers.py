"""The example consumers: built by each frontend as they are, and run from a plain install."""

from __future__ import annotations

import json
import os
import shutil
import sys
import sysconfig
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

import mapped
from environments import Venv, make_venv, run, run_alone
from examples import CONSUMERS, FOLDER
from libwheel.binaries import elf

pytestmark = pytest.mark.real

# How the machine reaches the index is no business of a consumer's.
NETWORK = ("http_proxy", "https_proxy", "no_proxy")
TO_THE_INDEX = (
    *NETWORK,
    *map(str.upper, NETWORK),
    *("PIP_CERT", "PIP_CONFIG_FILE", "PIP_EXTRA_INDEX_URL", "PIP_INDEX_URL"),
    *("SSL_CERT_DIR", "SSL_CERT_FILE", "UV_CONFIG_FILE", "UV_DEFAULT_INDEX", "UV_INDEX"),
)

PYTHON = (sys.executable, "-m")


@dataclass(frozen=True)
class Shelf:
    """Where frontends find the library wheel, and the environment variables they have."""

    wheels: Path
    variables: Mapping[str, str]

    def run(self, *argv: str | Path, **more: str) -> str:
        return run_alone(*argv, variables={**self.variables, **more})


@pytest.fixture(scope="module")
def shelf(hdf5_wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """PATH without an environment's programs, and an empty home, which all frontends share."""
    own = str(Path(sys.executable).parent)
    path = ":".join(folder for folder in os.environ["PATH"].split(":") if folder != own)
    variables = {"PATH": path, "HOME": str(tmp_path_factory.mktemp("home"))}
    variables |= {name: os.environ[name] for name in TO_THE_INDEX if name in os.environ}
    return Shelf(hdf5_wheel.parent, variables)


def by_pip(shelf: Shelf, project: Path, venv: Venv) -> None:
    pip_install(shelf, venv, project)


def by_build(shelf: Shelf, project: Path, venv: Venv) -> None:
    out = project.parent / "dist"
    argv = (*PYTHON, "build", "--outdir", out, project)
    shelf.run(*argv, PIP_FIND_LINKS=str(shelf.wheels))
    pip_install(shelf, venv, *out.glob("*.whl"))


def by_uv(shelf: Shelf, project: Path, venv: Venv) -> None:
    out = project.parent / "dist"
    offered = ("--find-links", shelf.wheels, "--python", sys.executable)
    shelf.run(*PYTHON, "uv", "build", "--out-dir", out, *offered, project)
    pip_install(shelf, venv, *out.glob("*.whl"))


def pip_install(shelf: Shelf, venv: Venv, what: Path) -> None:
    """Install into `venv` from the outside, the library wheel as a dependency."""
    into = (*PYTHON, "pip", "--python", venv.python, "install", "--quiet")
    shelf.run(*into, "--find-links", shelf.wheels, what)


FRONTENDS: Mapping[str, Callable[[Shelf, Path, Venv], None]] = {
    "pip": by_pip,
    "build": by_build,
    "uv": by_uv,
}

USE = f"""
import json, keeper
{mapped.SOURCE}
print(json.dumps([keeper.version(), keeper.kept(-42), mapped("libhdf5")]))
"""


@pytest.mark.parametrize("consumer", CONSUMERS)
@pytest.mark.parametrize("frontend", FRONTENDS)
def test_it_is_built_in_isolation_and_loads_the_one_library(
    shelf: Shelf, frontend: str, consumer: str, tmp_path: Path
) -> None:
    project = clone(consumer, tmp_path / "project")
    venv = make_venv(tmp_path / "venv")
    FRONTENDS[frontend](shelf, project, venv)
    lib = venv.root / "lib"
    both = [str(lib / f"lib{name}-pywheel-310.so") for name in ("hdf5", "hdf5_hl")]
    assert json.loads(venv.ask("-c", USE)) == ["1.14.5", -42, both]
    assert found_at_run_time(venv) == {"$ORIGIN/../../../../lib"}


def clone(consumer: str, folder: Path) -> Path:
    """Copy an example into a repository of its own: `meson dist` makes sdists of nothing else."""
    shutil.copytree(FOLDER / consumer, folder)
    author = ("-c", "user.name=A", "-c", "user.email=a@localhost")
    for words in (("init", "--quiet"), ("add", "."), (*author, "commit", "--quiet", "-m", "1.0")):
        run("git", *words, cwd=folder)
    return folder


def found_at_run_time(venv: Venv) -> set[str]:
    """Return where the extension looks for libraries: nowhere that the build has made.

    But for the folder of Python's own library, which a Python may add to whatever it links, as
    pyenv's does.
    """
    [extension] = venv.root.glob("lib/python3.*/site-packages/keeper/*.so")
    binary = elf.read(extension)
    return {*binary.rpath, *binary.runpath} - {sysconfig.get_config_var("LIBDIR")}
