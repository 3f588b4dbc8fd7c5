"""One source, built twice into one wheel: with upstream's names, and with a suffix on them."""

from __future__ import annotations

import shlex
import zipfile
from pathlib import Path

import pytest

from environments import Venv, libwheel, make_venv, run
from extensions import library_wheel
from libwheel.binaries import elf
from linked_programs import WAYS
from sample_projects import WIDTHS, make_sample

pytestmark = pytest.mark.compiles

PYWHEEL = "widths-pywheel"

NARROW = """
#include <stdio.h>
#include <total.h>
int main(void)
{
    total_number sum = total_add(1 << 30, 1);
    printf("%d %lld %lld\\n", (int)sizeof sum, (long long)sum, (long long)total_last);
    return 0;
}
"""
WIDE = """
#include <stdio.h>
#include <mean.h>
int main(void)
{
    total_number mean = mean_of((total_number)1 << 40, 2);
    total_number sum = total_add64_(total_last64_, 1);
    total_number twice = TOTAL_TWICE(21);
    printf("%d %lld %lld %lld %lld\\n", (int)sizeof mean, (long long)mean, (long long)sum,
           (long long)twice, (long long)MEAN_LAST());
    return 0;
}
"""
# As consumers know them: one calls plain names, the other the suffixed ones
USE = """
#include <total.h>
long long NAME(long long left, long long right) { return (long long)ADD(left, right); }
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return library_wheel(WIDTHS, tmp_path_factory.mktemp("widths"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Venv:
    venv = make_venv(tmp_path_factory.mktemp("venv"))
    venv.install(wheel)
    return venv


def exports(venv: Venv, stem: str) -> set[str]:
    binary = elf.read(venv.root / "lib" / f"lib{stem}-pywheel-1.so")
    assert {symbol.version for symbol in binary.exports} == {"WIDTHS_PYWHEEL_1"}
    return {symbol.name for symbol in binary.exports}


def test_one_library_has_the_suffix_and_its_sibling_uses_it(installed: Venv) -> None:
    assert exports(installed, "total") == {"total_add", "total_last"}
    assert exports(installed, "total_64") == {"total_add64_", "total_last64_"}
    assert exports(installed, "mean_64") == {"mean_of"}
    mean = elf.read(installed.root / "lib" / "libmean_64-pywheel-1.so")
    assert {s.library for s in mean.imports if s.name == "total_add64_"} == {
        "libtotal_64-pywheel-1.so"
    }


def test_the_headers_say_so_too(installed: Venv) -> None:
    include = installed.root / "include" / PYWHEEL
    assert sorted(p.relative_to(include).as_posix() for p in include.rglob("*.h")) == [
        "total/total.h",
        "total_64/mean.h",
        "total_64/total.h",
    ]
    upstream = Path(__file__).parent.parent / "samples" / WIDTHS / "upstream"
    assert (include / "total/total.h").read_text() == (upstream / "total.h").read_text()
    wide = (include / "total_64/total.h").read_text()
    assert "#define TOTAL_TWICE(x) total_add64_((x), (x))" in wide
    assert "extern total_number total_last64_;" in wide
    mean = (include / "total_64/mean.h").read_text()
    assert "mean_of(" in mean
    assert "#define MEAN_LAST() (total_last64_ / 2)" in mean


@pytest.mark.parametrize("way", WAYS)
def test_a_program_of_each_links_and_runs(installed: Venv, way: str, tmp_path: Path) -> None:
    told = {}
    for name, text, library in (("narrow", NARROW, "total"), ("wide", WIDE, "mean64")):
        folder = tmp_path / name
        folder.mkdir()
        source = folder / f"{name}.c"
        source.write_text(text)
        told[name] = run(WAYS[way](installed, source, PYWHEEL, [library], folder)).split()
    assert told["narrow"] == ["4", str(2**30 + 1), str(2**30 + 1)]
    assert told["wide"] == ["8", str(2**39 + 1), str(2**40 + 3), "42", "21"]


def test_both_serve_one_process(installed: Venv, tmp_path: Path) -> None:
    (tmp_path / "use.c").write_text(USE)
    flags = {"narrow": ("total", "total_add"), "wide": ("total64", "total_add64_")}
    variables = {"PKG_CONFIG_PATH": installed.ask("-m", "widths_pywheel", "pkgconfigdir")}
    for name, (library, add) in flags.items():
        package = f"{library}-pywheel"
        said = run("pkg-config", "--cflags", "--libs", package, variables=variables)
        defined = (f"-DNAME={name}", f"-DADD={add}")
        place = f"-Wl,-rpath,{installed.root / 'lib'}"
        path = tmp_path / f"lib{name}.so"
        run("cc", "-shared", "-fPIC", *defined, tmp_path / "use.c", *shlex.split(said), place,
            "-o", path)  # fmt: skip
    code = f"""
import ctypes
big = ctypes.c_longlong(1 << 40)
for name in ("wide", "narrow", "wide"):
    use = getattr(ctypes.CDLL({str(tmp_path)!r} + f"/lib{{name}}.so", ctypes.RTLD_GLOBAL), name)
    use.restype = ctypes.c_longlong
    print(use(big, ctypes.c_longlong(2)))
"""
    assert installed.ask("-c", code).split() == [str(2**40 + 2), "2", str(2**40 + 2)]


def test_every_expectation_that_is_not_met_is_shown(tmp_path: Path) -> None:
    made = make_sample(WIDTHS, tmp_path)
    recipe = made.folder / "recipe.toml"
    text = recipe.read_text()
    for name in ("total_narrow", "total_wide"):
        text = text.replace(f'symbol = "{name}"', f'symbol = "{name}r"')
    recipe.write_text(text)
    done = libwheel("build", made.folder, "-o", tmp_path / "dist")
    assert done.returncode == 1
    assert done.stdout.count("[unmet-expectation]") == 2
    assert "libtotal.so.1.2.3 does not define 'total_narrowr' (did you mean" in done.stdout


def test_a_header_of_both_is_a_mistake(tmp_path: Path) -> None:
    made = make_sample(WIDTHS, tmp_path)
    recipe = made.folder / "recipe.toml"
    recipe.write_text(recipe.read_text().replace('["total/total.h"]', '["total*/total.h"]'))
    done = libwheel("build", made.folder, "-o", tmp_path / "dist")
    assert done.returncode == 1
    assert "include/total_64/total.h is a header of libraries whose symbols differ" in done.stdout


def test_the_wheel_holds_each_file_once(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert len(names) == len(set(names))
    assert sorted(name.rpartition("/")[2] for name in names if name.endswith(".so")) == [
        "libmean_64-pywheel-1.so",
        "libtotal-pywheel-1.so",
        "libtotal_64-pywheel-1.so",
    ]
