from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
import tarfile
from pathlib import Path

import pytest

from conftest import ROOT
from libwheel import cli, settings
from libwheel.target import native
from libwheel.version import __version__
from unit import goldens
from unit.staged import write

COMMANDS = ("check", "plan", "fetch", "build", "show", "repair", "doctor")
WITH_SETTINGS = ("plan", "fetch", "build")
ZLIB = ROOT / "recipes" / "zlib"


def run(*arguments: str | Path) -> int:
    """Return the exit status."""
    with pytest.raises(SystemExit) as end:
        sys.exit(cli.main([str(argument) for argument in arguments]))
    return int(end.value.code or 0)


def helped(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert run(*arguments, "--help") == 0
    return capsys.readouterr().out


def test_help_lists_every_command_with_what_it_does(capsys: pytest.CaptureFixture[str]) -> None:
    shown = helped(capsys)
    for command in COMMANDS:
        (line,) = (line for line in shown.splitlines() if line.strip().startswith(f"{command} "))
        assert len(line.split()) > 4


def test_those_are_all() -> None:
    (choices,) = (
        action.choices
        for action in cli.parser()._actions  # noqa: SLF001 (argparse has no other way)
        if isinstance(action, argparse._SubParsersAction)  # noqa: SLF001
    )
    assert tuple(choices) == COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_has_an_example(
    capsys: pytest.CaptureFixture[str], command: str
) -> None:
    shown = helped(capsys, command)
    example = shown.rpartition("example:\n  ")[2].strip()
    assert example.startswith(f"libwheel {command} ")
    cli.parser().parse_args(example.split()[1:])  # and it is one


@pytest.mark.parametrize("command", WITH_SETTINGS)
def test_the_help_of_what_takes_settings_lists_them(
    capsys: pytest.CaptureFixture[str], command: str
) -> None:
    shown = helped(capsys, command)
    for name, meaning in settings.HELP.items():
        assert f"-C {name}=" in shown
        assert meaning in shown
    assert "`libwheel show RECIPE` lists them" in shown


def test_the_settings_are_those_of_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert all(f"| `{name}` |" in readme for name in settings.HELP)


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--version") == 0
    assert capsys.readouterr().out == f"libwheel {__version__}\n"


def test_the_help_of_build_teaches_to_build_several(capsys: pytest.CaptureFixture[str]) -> None:
    examples = re.findall(r"(?m)^  (libwheel build .*)$", helped(capsys, "build"))
    assert len(examples) == 4
    for example in examples:
        cli.parser().parse_args(example.split()[1:])


@pytest.mark.parametrize(
    ("options", "mistake"),
    [
        (("--target=native", "-Ctarget=native"), "--target and -C target= say the same: give one"),
        (("--sdist", "--target=x86_64-windows", "--target=native"), "--sdist is for one build: "),
        (("--timings", ZLIB), "--timings is for one build: name one recipe and one target"),
        (("-Ctarget=native", "-Ctarget=native", ZLIB), "-C target is given 2 times: give each as"),
    ],
)
def test_what_does_not_go_together(
    options: tuple[str | Path, ...], mistake: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("build", *options, ROOT / "recipes" / "hdf5") == 1
    assert capsys.readouterr().err.startswith(f"error: {mistake}")


@pytest.mark.parametrize("arguments", [(), ("biuld", "recipes/zlib"), ("check",), ("build",)])
def test_a_mistake_on_the_command_line(arguments: tuple[str, ...]) -> None:
    assert run(*arguments) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("plan", "--target", "native", ZLIB), f"--target {ZLIB}; it is a setting: -C target=..."),
        (("fetch", "--jobs=3", "--no", ZLIB), "--jobs=3 --no; it is a setting: -C jobs=..."),
        (("build", "--werk-dir", ZLIB), "--werk-dir"),
        (("check", "--target=native", ZLIB), "--target=native"),
    ],
)
def test_of_an_unknown_option_the_command_s_own_usage_is_shown(
    arguments: tuple[str | Path, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*arguments) == 2
    shown = capsys.readouterr().err
    head = f"libwheel {arguments[0]}"
    assert shown.startswith(f"usage: {head} ")
    assert shown.endswith(f"\n{head}: error: unrecognized arguments: {message}\n")


@pytest.mark.parametrize("command", ["check", "plan", "fetch", "build", "show"])
def test_a_recipe_that_is_not_there_may_be_meant_for_another(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    absent = ZLIB.with_name("hfd5")
    assert run(command, absent) == 1
    assert capsys.readouterr().err == f"error: {absent} is not there (did you mean 'hdf5'?)\n"


def test_check_finds_no_mistakes(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", ZLIB) == 0
    assert capsys.readouterr().out == f"{ZLIB}: no mistakes; zlib 1.3.1\n"


def test_check_reads_two_files_and_needs_nothing_else(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.delenv("HOME")
    monkeypatch.delenv("LIBWHEEL_CACHE")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    assert run("check", ZLIB) == 0
    assert capsys.readouterr().out == f"{ZLIB}: no mistakes; zlib 1.3.1\n"


def test_check_goes_on_after_what_is_no_recipe(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run("check", tmp_path, ZLIB) == 1
    shown = capsys.readouterr()
    assert "is not a recipe" in shown.err
    assert shown.out == f"{ZLIB}: no mistakes; zlib 1.3.1\n"


def test_check_looks_at_every_recipe_and_fails_for_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(ZLIB, broken)
    recipe = broken / "recipe.toml"
    recipe.write_text(recipe.read_text().replace("abi =", "api =").replace("drop =", "dorp ="))
    assert run("check", broken, ZLIB) == 1
    shown = capsys.readouterr()
    assert shown.out == f"{ZLIB}: no mistakes; zlib 1.3.1\n"
    assert f"{recipe}: api: is not a known key (did you mean 'abi'?)" in shown.err
    assert f"{recipe}: wheel.dorp: is not a known key (did you mean 'drop'?)" in shown.err


@pytest.fixture
def compilers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put programs on PATH that are called like compilers; a plan runs none."""
    for name in ("cc", "c++", "strip"):
        program = write(tmp_path / "bin" / name, "#!/bin/sh\necho fake 1.0\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.defpath}")
    return tmp_path / "bin"


def test_plan_prints_a_shell_script(compilers: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("plan", "-Clauncher=none", "-C", "work-dir=/w", "-C", "jobs=7", ZLIB) == 0
    shown = capsys.readouterr().out
    for found, shown_as in (
        (str(compilers), "<bin>"),
        (str(ZLIB), "recipes/zlib"),
        (str(native()), "<target>"),
    ):
        shown = shown.replace(found, shown_as)
    goldens.check("plan-zlib.sh", shown)


def test_plan_shows_what_launches_the_compilers(
    compilers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(compilers / "ccache", f"#!/bin/sh\necho {tmp_path}\n").chmod(0o755)
    assert run("plan", ZLIB) == 0
    shown = capsys.readouterr().out
    assert f"\nexport CMAKE_C_COMPILER_LAUNCHER={compilers}/ccache\n" in shown
    assert "\nexport CCACHE_COMPILERCHECK=string:" in shown


def test_plan_without_a_work_dir_is_for_this_folder(
    compilers: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert compilers.is_dir()
    assert run("plan", ZLIB) == 0
    assert f"--unpack {tmp_path.joinpath('work', 'source')} {ZLIB}\n" in capsys.readouterr().out


@pytest.mark.parametrize("variable", ["HOME", "LIBWHEEL_CACHE"])
def test_a_cache_that_cannot_be_made_names_its_variable(
    variable: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("LIBWHEEL_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, "/proc/1/nothing")
    assert run("fetch", ZLIB) == 1
    said = capsys.readouterr().err
    assert re.search(r"error: cannot write to /proc/1/nothing/.*archives/", said)
    assert said.endswith("; LIBWHEEL_CACHE names another folder for the cache\n")


@pytest.mark.parametrize("targets", [(), ("--target", "native", "--target", "x86_64-windows")])
def test_an_output_folder_that_cannot_be_made_is_said_to_be_it(
    targets: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("build", *targets, "-o", "/proc/1/wheels", ZLIB) == 1
    assert capsys.readouterr().err == (
        "error: cannot write to /proc/1/wheels: No such file or directory; "
        "-o names another folder for the output\n"
    )


def test_a_setting_without_a_value(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("plan", "-C", "jobs", ZLIB) == 1
    assert "-C jobs: settings are given as KEY=VALUE" in capsys.readouterr().err


def test_a_setting_that_is_given_twice(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("plan", "-C", "jobs=1", "-C", "jobs=2", ZLIB) == 1
    assert "-C jobs is given 2 times" in capsys.readouterr().err


def test_show_a_recipe(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("show", ZLIB) == 0
    assert capsys.readouterr().out.startswith("zlib: The zlib compression library")


def test_show_what_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("show", tmp_path / "no.whl") == 1
    assert capsys.readouterr().err == f"error: {tmp_path}/no.whl is not there\n"


def test_fetch_unpacks_one_recipe_at_a_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("fetch", "--unpack", tmp_path, ZLIB, ZLIB) == 1
    assert capsys.readouterr().err == "error: --unpack takes one recipe\n"


def test_build_makes_an_sdist(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("build", "--sdist", "--timings", "-o", tmp_path / "new" / "dist", ZLIB) == 0
    path = tmp_path / "new" / "dist" / "zlib-1.3.1.tar.gz"
    assert capsys.readouterr().out == f"{path}\n"
    assert path.is_file()


def test_an_sdist_holds_the_recipe_and_says_what_it_leaves_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = Path(shutil.copytree(ROOT / "recipes" / "hdf5", tmp_path / "hdf5"))
    for name in ("old.whl", "patches/unused.patch", "work/source/LICENSE"):
        write(recipe / name, "")
    assert run("build", "--sdist", "-o", recipe / "out", recipe) == 0
    assert "  not packed: old.whl, patches/unused.patch, work/\n" in capsys.readouterr().err
    first = (recipe / "out" / "hdf5-1.14.5.tar.gz").read_bytes()
    assert run("build", "--sdist", "-o", recipe / "out", recipe) == 0
    assert (recipe / "out" / "hdf5-1.14.5.tar.gz").read_bytes() == first
    with tarfile.open(recipe / "out" / "hdf5-1.14.5.tar.gz") as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {name for name in names if not name.startswith("backend/")} == {
        "PKG-INFO",
        "README.md",
        "_libwheel.py",
        *(f"patches/{path.name}" for path in (ROOT / "recipes/hdf5/patches").iterdir()),
        "pyproject.toml",
        "recipe.toml",
        "smoke.c",
    }


def test_fetch_unpacks_into_an_empty_folder_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    assert run("fetch", "--unpack", tmp_path, ZLIB) == 1
    assert f"--unpack: {tmp_path} is not empty" in capsys.readouterr().err


def test_plan_refuses_a_folder_with_a_space(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "my work").mkdir()
    monkeypatch.chdir(tmp_path / "my work")
    assert run("plan", ZLIB) == 1
    assert "-C work-dir must have no white space" in capsys.readouterr().err
