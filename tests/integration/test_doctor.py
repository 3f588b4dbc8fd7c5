"""`libwheel doctor` on real environments, one thing wrong in each."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from environments import Variables, Venv, libwheel, make_venv, run
from extensions import library_wheel, options_for, packages, write_package
from sample_projects import TWO_ABIS
from unit.consumer.installed import digest

pytestmark = pytest.mark.compiles

FILE = "libsample-pywheel-1.so"
NO_PATH = {"PYTHONPATH": ""}
BACKEND = Path(__file__).parents[2] / "backend"


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return [library_wheel(sample, tmp_path_factory.mktemp(sample)) for sample in TWO_ABIS]


@pytest.fixture(scope="module")
def sound(wheels: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with a library wheel and a consumer, all well."""
    venv = make_venv(tmp_path_factory.mktemp("sound") / "venv")
    venv.install(wheels[0])
    add(venv, "first", requires=["sample1"])
    return venv.root


@pytest.fixture
def venv(sound: Path, tmp_path: Path) -> Venv:
    shutil.copytree(sound, tmp_path / "venv", symlinks=True)
    return Venv(tmp_path / "venv")


def add(
    venv: Venv,
    name: str,
    *,
    requires: Sequence[str] = (),
    line: str = "",
    options: Mapping[str, Sequence[str]] | None = None,
) -> Path:
    """Put a consumer of the library there as an installer would; return its package."""
    options = {**options_for(venv.python, "sample1_pywheel", f"{name}._caller"), **(options or {})}
    site = packages(venv.python)
    write_package(site, name, line, options)
    return record(site, name, requires)


def record(site: Path, name: str, requires: Sequence[str] = (), more: Sequence[str] = ()) -> Path:
    info = site / f"{name}-1.0.dist-info"
    info.mkdir(exist_ok=True)
    required = "".join(f"Requires-Dist: {one}\n" for one in requires)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{required}")
    files = [path for path in (site / name).rglob("*") if path.is_file()]
    lines = [f"{path.relative_to(site)},{digest(path.read_bytes())}," for path in files]
    (info / "RECORD").write_text("\n".join([*lines, *more]) + "\n")
    return site / name


def doctor(
    venv: Venv, *arguments: str | Path, variables: Variables = NO_PATH
) -> tuple[int, dict[str, dict[str, str]], str]:
    """Return the exit status, the diagnoses by their rule, and the text for people."""
    environment = {**variables, "PYTHONPATH": f"{variables.get('PYTHONPATH', '')}:{BACKEND}"}
    whole = ("doctor", "--python", venv.python, *arguments)
    report = json.loads(libwheel(*whole, "--json", variables=environment).stdout)
    done = libwheel(*whole, variables=environment)
    return done.returncode, {one["rule"]: one for one in report["diagnoses"]}, done.stdout


def test_nothing_is_wrong(venv: Venv) -> None:
    status, found, text = doctor(venv)
    assert (status, found) == (0, {})
    assert "  sample1  1.0.0    first    libsample-pywheel-1.so\n" in text
    assert text.endswith("\n\nnothing wrong\n")


def test_the_report_says_who_uses_what(venv: Venv) -> None:
    report = json.loads(libwheel("doctor", "--python", venv.root, "--json").stdout)
    [copy] = report["copies"]
    assert (copy["library"], copy["path"]) == ("sample", str(venv.root / "lib" / FILE))
    assert copy["shared"]
    [use] = report["uses"]
    assert (use["consumer"], use["copy"]) == ("first", copy["path"])


def test_a_file_is_deleted(venv: Venv) -> None:
    (venv.root / "include/sample1-pywheel/sample.h").unlink()
    status, found, text = doctor(venv)
    assert (status, list(found)) == (1, ["files-missing"])
    assert "installed files that are no longer there" in text
    assert text.endswith("\n\n1 fault\n")


@pytest.mark.parametrize("name", ["METADATA", "WHEEL", "../sample1_pywheel/__init__.py"])
def test_the_library_wheel_has_lost_one_of_its_own_files(venv: Venv, name: str) -> None:
    [info] = packages(venv.python).glob("sample1-*.dist-info")
    (info / name).unlink()
    status, found, text = doctor(venv)
    assert (status, list(found)) == (1, ["files-missing"])
    assert "sample1  1.0.0    first" in text


def test_a_file_that_cannot_be_read_is_told_once(venv: Venv) -> None:
    (venv.root / "lib" / FILE).unlink()
    (venv.root / "lib" / FILE).mkdir()
    _, found, text = doctor(venv)
    assert found["unreadable"]["message"] == f"sample1 1.0.0: {FILE} cannot be read: Is a directory"
    assert text.count("cannot be read") == 1


def test_the_library_wheel_has_lost_its_record(venv: Venv, wheels: list[Path]) -> None:
    [info] = packages(venv.python).glob("sample1-*.dist-info")
    (info / "RECORD").unlink()
    status, found, _ = doctor(venv)
    assert (status, list(found)) == (1, ["unreadable"])
    command = found["unreadable"]["remedy"].split()
    assert command[:2] == ["pip", "install"]
    venv.pip(*command[1:], "--quiet", "--no-index", "--find-links", wheels[0].parent)
    assert doctor(venv)[:2] == (0, {})  # the remedy is one


def test_pip_target_leaves_the_library_out(wheels: list[Path], tmp_path: Path) -> None:
    target = tmp_path / "target"
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index")
    run(*pip, "--target", target, wheels[0])
    venv = make_venv(tmp_path / "venv")
    status, found, text = doctor(venv, variables={"PYTHONPATH": str(target)})
    assert (status, list(found)) == (1, ["files-missing"])
    message = found["files-missing"]["message"]
    assert message.startswith(f"sample1 1.0.0 was installed without {FILE}")
    assert "sample.h" not in message  # pip has not left it out
    assert "\n  sample1  1.0.0    nobody\n" in text


def test_the_library_is_overwritten_by_another_package(venv: Venv) -> None:
    library = venv.root / "lib" / FILE
    library.write_bytes(library.read_bytes() + b"more")
    (packages(venv.python) / "other").mkdir()
    record(packages(venv.python), "other", more=[f"../../../lib/{FILE},,"])
    status, found, _ = doctor(venv)
    assert status == 1
    assert found["file-changed"]["subject"] == str(library)
    assert "other 1.0 has one of that path" in found["file-changed"]["message"]


def test_a_library_that_is_overwritten_by_junk_is_told_by_one_rule(venv: Venv) -> None:
    (venv.root / "lib" / FILE).write_text("junk")
    status, found, text = doctor(venv)
    assert (status, list(found)) == (1, ["file-changed", "library-not-found"])
    assert "see file-changed" in found["library-not-found"]["remedy"]
    assert f"\npip stands for: {venv.python} -m pip\n" in text


def test_the_library_wheel_is_not_installed(venv: Venv) -> None:
    venv.pip("uninstall", "--quiet", "--yes", "sample1")
    status, found, _ = doctor(venv)
    assert (status, list(found)) == (1, ["library-not-found"])
    assert found["library-not-found"]["remedy"] == "pip install sample1"


def test_another_abi_is_another_wheel(venv: Venv, wheels: list[Path]) -> None:
    venv.pip("uninstall", "--quiet", "--yes", "sample1")
    venv.install(wheels[1])
    status, found, _ = doctor(venv)
    assert (status, list(found)) == (1, ["library-not-found"])
    assert "no library wheel that has it is installed" in found["library-not-found"]["message"]


@pytest.mark.parametrize("content", [b"x\n", None], ids=["text", "another library"])
def test_the_library_is_overwritten_by_hand(
    venv: Venv, tmp_path: Path, content: bytes | None
) -> None:
    (tmp_path / "other.c").write_text("void other(void) {}\n")
    run("gcc", "-shared", "-o", tmp_path / FILE, tmp_path / "other.c")
    (venv.root / "lib" / FILE).write_bytes(content or (tmp_path / FILE).read_bytes())
    status, found, _ = doctor(venv, "--import", "first")
    assert status == 1
    assert "too-old" not in found
    if content:
        assert found["library-not-found"]["remedy"] == "put sample1 right first: see file-changed"
        assert found["import-failed"]["remedy"].startswith("see file-changed: pip install")


def test_each_layer_has_the_library(venv: Venv, sound: Path, tmp_path: Path) -> None:
    below = packages(Venv(sound).python)
    shutil.rmtree(packages(venv.python) / "first")
    [info] = packages(venv.python).glob("first-*.dist-info")
    shutil.rmtree(info)
    variables = {"PYTHONPATH": f"{packages(venv.python)}:{below}"}
    status, found, _ = doctor(venv, variables=variables)
    assert (status, list(found)) == (1, ["library-elsewhere"])
    assert found["library-elsewhere"]["message"].endswith(": each layer has one")
    (tmp_path / "opens.py").write_text(
        f"import ctypes, first\nctypes.CDLL({str(venv.root / 'lib' / FILE)!r})\n"
    )
    variables = {"PYTHONPATH": f"{variables['PYTHONPATH']}:{tmp_path}"}
    _, found, _ = doctor(venv, "--import", "opens", variables=variables)
    assert found["mapped-twice"]["severity"] == "fault"
    assert "in one layer of sys.path only" in found["mapped-twice"]["remedy"]


def test_the_import_says_what_the_rule_says(venv: Venv, below: Path) -> None:
    _, found, _ = doctor(venv, "--import", "first", variables={"PYTHONPATH": str(below)})
    assert found.keys() == {"library-not-found", "import-failed"}
    told = found["library-not-found"]["remedy"]
    assert found["import-failed"]["remedy"] == f"see library-not-found: {told}"


def test_an_editable_install_is_not_looked_at(venv: Venv) -> None:
    [info] = packages(venv.python).glob("first-*.dist-info")
    (info / "direct_url.json").write_text('{"url": "file:///x", "dir_info": {"editable": true}}')
    status, found, text = doctor(venv)
    assert (status, list(found)) == (0, ["not-looked-at"])
    assert text.endswith("\n\nnothing wrong, 1 note\n")


@pytest.fixture
def below(venv: Venv, wheels: list[Path], tmp_path: Path) -> Path:
    """Move the library wheel to another prefix; return that one's site folder."""
    venv.pip("uninstall", "--quiet", "--yes", "sample1")
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index")
    run(*pip, "--prefix", tmp_path / "below", wheels[0])
    [site] = (tmp_path / "below").glob("lib/python3.*/site-packages")
    return site


def test_the_library_is_in_an_environment_below(venv: Venv, below: Path) -> None:
    status, found, _ = doctor(venv, variables={"PYTHONPATH": str(below)})
    assert (status, list(found)) == (1, ["library-not-found"])
    assert "sample1_pywheel.load()" in found["library-not-found"]["remedy"]


def test_load_in_the_package_makes_that_right(venv: Venv, below: Path) -> None:
    package = packages(venv.python) / "first"
    (package / "__init__.py").write_text("import sample1_pywheel; sample1_pywheel.load()\n")
    status, found, _ = doctor(venv, variables={"PYTHONPATH": str(below)})
    assert (status, found) == (0, {})


def test_to_speak_of_load_is_not_to_call_it(venv: Venv, below: Path) -> None:
    package = packages(venv.python) / "first"
    (package / "__init__.py").write_text('"""Needs sample1_pywheel.load()."""\n')
    status, found, _ = doctor(venv, variables={"PYTHONPATH": str(below)})
    assert (status, list(found)) == (1, ["library-not-found"])


def test_the_environment_variable_leads_elsewhere(venv: Venv, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(venv.root / "lib" / FILE, other)
    status, found, _ = doctor(venv, variables={"LD_LIBRARY_PATH": str(other)})
    assert (status, list(found)) == (1, ["library-elsewhere"])
    assert found["library-elsewhere"]["remedy"].startswith(f"take {other} out of LD_LIBRARY_PATH")
    truth = subprocess.run(
        ("ldd", next((packages(venv.python) / "first").glob("_caller*.so"))),
        env={"LD_LIBRARY_PATH": str(other)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert str(other / FILE) in truth.stdout  # so the loader does


def test_what_comes_from_elsewhere_says_nothing_of_the_library_wheel(
    venv: Venv, tmp_path: Path
) -> None:
    (tmp_path / "other.c").write_text("void other(void) {}\n")
    run("gcc", "-shared", "-o", tmp_path / FILE, tmp_path / "other.c")  # has nothing of it
    status, found, _ = doctor(venv, variables={"LD_LIBRARY_PATH": str(tmp_path)})
    assert (status, list(found)) == (1, ["library-elsewhere"])


def test_an_rpath_into_a_folder_that_others_can_make(venv: Venv, tmp_path: Path) -> None:
    folders = [str(tmp_path / "nowhere"), "$ORIGIN/../../../../lib"]
    add(venv, "second", requires=["sample1"], options={"runtime_library_dirs": folders})
    status, found, _ = doctor(venv)
    assert (status, list(found)) == (1, ["unsafe-rpath"])
    assert f"has {tmp_path}/nowhere, which is not there" in found["unsafe-rpath"]["message"]
    assert "libwheel repair" in found["unsafe-rpath"]["remedy"]


def test_a_consumer_wants_a_newer_one(venv: Venv) -> None:
    record(packages(venv.python), "first", ["sample1 >=1.5"])
    status, found, _ = doctor(venv)
    assert (status, list(found)) == (1, ["too-old"])
    assert found["too-old"]["remedy"] == "pip install 'sample1>=1.5'"


def test_a_consumer_that_requires_nothing_is_worth_a_note(venv: Venv) -> None:
    record(packages(venv.python), "first")
    status, found, text = doctor(venv)
    assert (status, list(found)) == (0, ["no-requirement"])
    assert text.endswith("\n\nnothing wrong, 1 note\n")


def test_a_private_copy_beside_the_shared_one(venv: Venv) -> None:
    site = packages(venv.python)
    private = site / "second" / ".libs" / "libsample-1234abcd.so.1"
    private.parent.mkdir(parents=True)
    shutil.copy(venv.root / "lib" / FILE, private)
    record(site, "second")
    status, found, text = doctor(venv)
    assert (status, list(found)) == (1, ["several-copies"])
    assert "libsample-1234abcd.so.1 of second 1.0" in found["several-copies"]["message"]
    assert "second/.libs/libsample-1234abcd.so.1" in text


def test_what_is_in_one_process_is_told_once(venv: Venv) -> None:
    site = packages(venv.python)
    private = site / "second" / "libsample-1234abcd.so.1"
    private.parent.mkdir()
    shutil.copy(venv.root / "lib" / FILE, private)
    (private.parent / "__init__.py").write_text(f"import ctypes\nctypes.CDLL({str(private)!r})\n")
    record(site, "second")
    status, found, _ = doctor(venv, "--import", "first", "--import", "second")
    assert (status, list(found)) == (1, ["mapped-twice"])
    assert "2 copies of sample are in one process" in found["mapped-twice"]["message"]


def test_two_abis_are_worth_a_note(venv: Venv, wheels: list[Path]) -> None:
    venv.install(wheels[1])
    status, found, _ = doctor(venv)
    assert (status, list(found)) == (0, ["several-copies"])
    assert "both work in one process" in found["several-copies"]["message"]


def test_damage_in_other_packages_does_not_stop_it(venv: Venv) -> None:
    site = packages(venv.python)
    (site / "broken").mkdir()
    (site / "broken" / "ext.so").write_bytes(b"\x7fELF and no more")
    record(site, "broken")
    (site / "worse-1.0.dist-info").mkdir()
    (site / "worse-1.0.dist-info" / "RECORD").write_bytes(b"\xff\n")
    status, found, text = doctor(venv)
    assert (status, list(found)) == (0, ["unreadable"])
    assert "ext.so is not a sound ELF file" in text
    assert text.endswith("\n\nnothing wrong, 2 notes\n")


def test_imports_and_a_page(venv: Venv, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    status, _, text = doctor(venv, "--import", "first", "--html", page)
    assert status == 0
    assert f"lib/{FILE}  _caller" in text
    assert page.read_text().lower().startswith("<!doctype html>")


def test_an_import_that_fails_is_a_fault(venv: Venv) -> None:
    status, found, _ = doctor(venv, "--import", "nowhere")
    assert (status, list(found)) == (1, ["import-failed"])


def test_without_python_it_is_the_environment_of_libwheel() -> None:
    report = json.loads(libwheel("doctor", "--json").stdout)
    assert report["prefix"] == sys.prefix
    assert report["distributions"] > 5


def test_what_is_no_python_is_told(tmp_path: Path) -> None:
    done = libwheel("doctor", "--python", tmp_path / "nowhere")
    assert done.returncode == 1
    assert "error: " in done.stdout
    assert "cannot be run: No such file or directory; wanted" in done.stdout
    assert "Traceback" not in done.stdout
