"""The recipe of OpenBLAS where it cannot be built; nothing is fetched or compiled."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from conftest import ROOT
from environments import libwheel
from libwheel.naming import Tag
from unit.consumer.installed import SITE, install_library_wheel

pytestmark = pytest.mark.compiles

RECIPE = ROOT / "recipes" / "openblas"
NOWHERE = "http://127.0.0.1:9"
OFFLINE = {
    **dict.fromkeys(("http_proxy", "https_proxy", "HTTPS_PROXY"), NOWHERE),
    "no_proxy": "",
    "LIBWHEEL_DEBIAN_MIRROR": f"{NOWHERE}/debian",
}


@pytest.fixture
def offline(tmp_path: Path) -> dict[str, str]:
    return {**OFFLINE, "LIBWHEEL_CACHE": str(tmp_path / "cache")}


def path_without(folder: Path, program: str) -> str:
    """Return a PATH that has everything but one program."""
    folder.mkdir()
    for entry in reversed(os.environ["PATH"].split(":")):
        for path in Path(entry).glob("*"):
            link = folder / path.name
            link.unlink(missing_ok=True)
            link.symlink_to(path)
    for path in folder.glob(f"{program}*"):
        path.unlink()
    assert shutil.which(program, path=str(folder)) is None
    return str(folder)


def test_without_gfortran_the_source_that_needs_none_is_named(
    offline: dict[str, str], tmp_path: Path
) -> None:
    variables = {**offline, "PATH": path_without(tmp_path / "bin", "gfortran")}
    argv = ("-C", "threads=pthreads", "-o", tmp_path / "dist")
    done = libwheel("build", RECIPE, *argv, variables=variables)
    assert done.returncode == 1
    needy = "needs gfortran, which is not on PATH (Debian: apt install gfortran)"
    assert "openblas_0.3.29+ds.orig.tar.xz (sha256 eb691e2c" in done.stdout
    assert f"    {needy}\nOpenBLAS-0.3.29.tar.gz needs no such program\n" in done.stdout


def test_an_openmp_that_is_too_old(offline: dict[str, str], tmp_path: Path) -> None:
    """What is installed is not passed over for the recipe beside this one."""
    tag = Tag("openmp", "18.1.8", "5", 0)
    install_library_wheel(tmp_path, tag, {"omp": b"not loaded"}, compatible=">= 18.1.8")
    site = tmp_path / SITE
    variables = {**offline, "PYTHONPATH": f"{os.environ['PYTHONPATH']}:{site}"}
    wanted = (
        f"error: openblas 0.3.29 requires openmp>=19: openmp 18.1.8 is installed in {site}; "
        "python -m pip install -U 'openmp>=19'\n"
    )
    out = ("-o", tmp_path / "dist")
    done = libwheel("build", RECIPE, *out, variables=variables)
    assert (done.returncode, done.stdout) == (1, wanted)
    done = libwheel("build", RECIPE, *out, "-C", "threads=pthreads", variables=variables)
    assert done.returncode == 1
    assert "OpenBLAS-0.3.29.tar.gz" in done.stdout
    assert "openmp" not in done.stdout.lower()
