from __future__ import annotations

import re
import zipfile
from pathlib import Path

import pytest

from environments import Venv, libwheel, make_venv, run, run_alone
from extensions import library_wheel
from libwheel.binaries import elf
from libwheel.target import native
from linked_programs import WAYS, loaded
from sample_projects import BROKEN, WHOLE, make_sample

pytestmark = pytest.mark.compiles

LIBRARIES = {
    "autotools-answer": ("answer",),
    "cmake-answer": ("answer", "question"),
    "make-answer": ("answer",),
    "meson-answer": ("answer", "question"),
}

FINDINGS = {
    "anonymous-version-script": "linkers take none beside ANSWER_MAKE_PYWHEEL_1",
    "does-not-compile": "compile failed with status",
    "executable-stack": "[executable-stack]",
    "leaks-its-path": "[private-path]",
    "missing-library": "[missing-library]",
    "reexports-static": "[foreign-export]",
    "undefined-symbol": "[undefined-symbol]",
    "unused-option": "[unused-option]",
    "wrong-abi": "[wrong-abi]",
}


@pytest.fixture(scope="module", params=WHOLE)
def sample(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def wheel(sample: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return library_wheel(sample, tmp_path_factory.mktemp(sample))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Venv:
    venv = make_venv(tmp_path_factory.mktemp("venv"))
    venv.install(wheel)
    return venv


def expected_members(pywheel: str, stem: str, libraries: tuple[str, ...]) -> set[str]:
    data, info = f"{stem}.data/data", f"{stem}.dist-info"
    package = pywheel.replace("-", "_")
    packages = [*(f"{library}-pywheel" for library in libraries), f"{pywheel}-1.2.3-0"]
    return {
        *(f"{data}/lib/lib{library}-pywheel-1.so" for library in libraries),
        *(f"{data}/include/{pywheel}/{library}.h" for library in libraries),
        *(f"{data}/lib/pkgconfig/{name}.pc" for name in packages),
        *(f"{package}/pkgconfig/{name}.pc" for name in packages),
        *(
            f"{folder}/{pywheel}-config{suffix}.cmake"
            for folder in (f"{data}/lib/cmake/{pywheel}", f"{package}/cmake")
            for suffix in ("", "-version")
        ),
        f"{package}/__init__.py",
        f"{package}/__main__.py",
        f"{package}/_prefix.py",
        *(f"{info}/{name}" for name in ("METADATA", "WHEEL", "RECORD", "entry_points.txt")),
        f"{info}/licenses/LICENSE",
        f"{info}/sboms/{stem.rpartition('-')[0].replace('_', '-')}.cdx.json",
    }


def distribution(sample: str) -> str:
    system = sample.partition("-")[0]
    return f"answer-{system}"


def test_the_wheel_has_exactly_the_files_of_the_layout(sample: str, wheel: Path) -> None:
    name = distribution(sample)
    stem = f"{name.replace('-', '_')}-1.2.3"
    expected = expected_members(f"{name}-pywheel", stem, LIBRARIES[sample])
    assert set(zipfile.ZipFile(wheel).namelist()) == expected


def test_every_export_has_the_node_and_every_library_its_own_name(
    sample: str, installed: Venv
) -> None:
    node = f"{distribution(sample)}_PYWHEEL_1".upper().replace("-", "_")
    for library in LIBRARIES[sample]:
        path = installed.root / "lib" / f"lib{library}-pywheel-1.so"
        binary = elf.read(path)
        assert binary.soname == path.name
        assert (binary.rpath, binary.runpath) == (("$ORIGIN",), ())
        assert {symbol.version for symbol in binary.exports} == {node}
        assert len(binary.exports) >= 1


@pytest.mark.parametrize("way", WAYS)
def test_a_program_finds_links_and_loads_it(
    sample: str, installed: Venv, way: str, tmp_path: Path
) -> None:
    source = Path(__file__).parent.parent / "samples" / sample / "recipe" / "smoke.c"
    pywheel = f"{distribution(sample)}-pywheel"
    program = WAYS[way](installed, source, pywheel, LIBRARIES[sample], tmp_path)
    assert run_alone(program) == "answer 1.2.3: 42\n"
    ours = {installed.root / "lib" / f"lib{name}-pywheel-1.so" for name in LIBRARIES[sample]}
    assert ours <= set(loaded(program))


def test_the_locator_tells_where_everything_is(sample: str, installed: Venv) -> None:
    package = f"{distribution(sample)}_pywheel".replace("-", "_")
    pywheel = package.replace("_", "-")
    root = installed.root
    answers = {
        "libdir": root / "lib",
        "includedir": root / "include" / pywheel,
        "pkgconfigdir": root / "lib" / "pkgconfig",
        "cmakedir": root / "lib" / "cmake" / pywheel,
        "version": "1.2.3",
    }
    for question, answer in answers.items():
        assert installed.ask("-m", package, question) == str(answer)
    files = installed.ask("-m", package, "files").splitlines()
    assert str(root / "lib" / "libanswer-pywheel-1.so") in files


def test_load_returns_handles_and_keeps_the_symbols_to_itself(sample: str, installed: Venv) -> None:
    package = f"{distribution(sample)}_pywheel".replace("-", "_")
    code = (
        f"import ctypes, {package} as p\n"
        "h = p.load()\n"
        "print(*h, h['libanswer-pywheel-1.so'].answer_number())\n"
        "print(hasattr(ctypes.CDLL(None), 'answer_number'))"
    )
    names = " ".join(f"lib{library}-pywheel-1.so" for library in LIBRARIES[sample])
    assert installed.ask("-c", code).splitlines() == [f"{names} 42", "False"]


def test_uninstalling_leaves_nothing_behind(wheel: Path, sample: str, tmp_path: Path) -> None:
    venv = make_venv(tmp_path / "venv")
    before = venv.files()
    venv.install(wheel)
    assert venv.files() > before
    venv.pip("uninstall", "--quiet", "--yes", distribution(sample))
    assert venv.files() == before
    assert not list((venv.root / "lib").glob("pkgconfig"))


def test_two_builds_in_two_folders_give_the_same_bytes(
    sample: str, wheel: Path, tmp_path: Path
) -> None:
    made = make_sample(sample, tmp_path)
    folder = tmp_path / "elsewhere" / "deeper"
    for number in (1, 2):
        done = libwheel(
            "build",
            *(made.folder, "-o", tmp_path / f"dist{number}", "-C", f"jobs={number}"),
            *("-C", f"work-dir={folder / str(number)}"),
            variables={"LIBWHEEL_CACHE": str(tmp_path / f"cache{number}")},
        )
        assert done.returncode == 0, done.stdout
    [first], [second] = (list((tmp_path / f"dist{n}").iterdir()) for n in (1, 2))
    assert first.name == second.name == wheel.name
    assert first.read_bytes() == second.read_bytes()


def test_auditwheel_agrees_with_the_platform_tag(wheel: Path) -> None:
    shown = " ".join(run("auditwheel", "show", wheel).split())
    [platform] = re.findall(r'the following platform tag: "(\S+)"', shown)
    assert wheel.name.endswith(f"-py3-none-{platform}.whl")


def test_a_wheel_that_is_for_no_manylinux_says_why(tmp_path: Path) -> None:
    made = make_sample("leans-on-private-glibc", tmp_path)
    done = libwheel("build", made.folder, "-o", tmp_path / "dist")
    platform = f"linux_{native().arch}"
    why = "libanswer-pywheel-1.so needs GLIBC_PRIVATE of libc.so.6, which no manylinux platform has"
    assert f"warning: the wheel is tagged {platform}: {why}\n" in done.stdout
    [wheel] = (tmp_path / "dist").iterdir()
    assert wheel.name.endswith(f"-py3-none-{platform}.whl")


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_library_is_found_out_and_no_wheel_is_left(name: str, tmp_path: Path) -> None:
    """Twice: the second build takes what it can from the cache."""
    made = make_sample(name, tmp_path)
    for _ in range(2):
        done = libwheel("build", made.folder, "-o", tmp_path / "dist")
        assert done.returncode == 1
        assert FINDINGS[name] in done.stdout
        assert list((tmp_path / "dist").iterdir()) == []


def test_a_release_s_warning_is_told(tmp_path: Path) -> None:
    made = make_sample("make-answer", tmp_path)
    recipe = made.folder / "recipe.toml"
    licenses = 'licenses = ["LICENSE"]'
    recipe.write_text(recipe.read_text().replace(licenses, f'warning = "42 is open"\n{licenses}'))
    done = libwheel("build", made.folder, "-o", tmp_path / "dist")
    assert "warning: answer-make 1.2.3: 42 is open\n" in done.stdout
    assert "    warning: 42 is open\n" in libwheel("show", made.folder).stdout


def test_findings_about_what_was_installed_are_shown_with_the_others(tmp_path: Path) -> None:
    made = make_sample("missing-library", tmp_path)
    recipe = made.folder / "recipe.toml"
    recipe.write_text(recipe.read_text().replace('"share/**"', '"nothing/**"'))
    done = libwheel("build", made.folder, "-o", tmp_path / "dist")
    assert done.returncode == 1
    for rule in ("missing-library", "unspoken-file"):
        assert f"[{rule}]" in done.stdout
    assert "'nothing/**' matches nothing that upstream installed" in done.stdout
    assert "share/man/man3/answer.3 was installed: drop it" in done.stdout
