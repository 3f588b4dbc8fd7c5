from __future__ import annotations

import os
import platform
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from libwheel import buildsystems, plan
from libwheel.plan import Request
from libwheel.recipe import Configuration
from libwheel.recipe_checks import SYSTEMS
from libwheel.settings import environment
from libwheel.target import parse
from libwheel.toolchains import zig
from libwheel.workspace import Workspace
from unit import goldens
from unit.buildsystems.jobs import SPACE, TOOLCHAIN, request

systems = pytest.mark.parametrize("system", SYSTEMS)


def run_shell(script: str, *options: str) -> str:
    done = subprocess.run(
        ("sh", *options),
        input=script,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_every_system_that_a_recipe_may_name_is_there() -> None:
    assert tuple(sorted(buildsystems.SYSTEMS)) == SYSTEMS


@systems
def test_a_plan_as_a_shell_script(system: str) -> None:
    goldens.check(f"plan-{system}.sh", plan.make(request(system), SPACE).as_shell())


@systems
def test_a_shell_can_read_it(system: str) -> None:
    assert run_shell(plan.make(request(system), SPACE).as_shell(), "-n") == ""


def test_a_shell_does_as_the_plan_says(tmp_path: Path) -> None:
    space = Workspace(tmp_path / "a b", tmp_path / "logs")
    made = plan.make(request("make"), space)
    show = (replace(made.commands[0], argv=("sh", "-c", 'pwd; echo "$CFLAGS"')),)
    shown = run_shell(replace(made, commands=show).as_shell())
    assert shown.splitlines() == [f"{space.root}/source/sub", made.variables["CFLAGS"]]
    assert space.version_script.read_text() == "ANSWER_PYWHEEL_1 { };\n"


def test_a_failed_command_ends_the_script(tmp_path: Path) -> None:
    made = plan.make(request("make"), Workspace(tmp_path, tmp_path / "logs"))
    (command, *_) = made.commands
    steps = (replace(command, argv=("false",)), replace(command, argv=("touch", "../../late")))
    with pytest.raises(subprocess.CalledProcessError):
        run_shell(replace(made, commands=steps).as_shell())
    assert not (tmp_path / "late").exists()


def test_the_environment_says_all_that_the_compilers_are_told() -> None:
    assert dict(plan.make(request("cmake"), SPACE).variables) == {
        "CC": "/bin/cc -m64",
        "CXX": "/bin/c++",
        "CFLAGS": FLAGS,
        "CXXFLAGS": FLAGS,
        "LDFLAGS": "-Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed -Wl,--build-id=none "
        "-Wl,--version-script=/w/version-script.map -lm",
        "LC_ALL": "C",
        "TZ": "UTC",
        "SOURCE_DATE_EPOCH": "1700000000",
    }


def test_what_is_required_is_told_to_every_kind_of_build() -> None:
    """Flags of the recipe's own come later, and so can say otherwise."""
    before = plan.make(request("cmake"), SPACE).variables
    after = plan.make(replace(request("cmake"), requires=True), SPACE).variables
    places = {
        "CMAKE_PREFIX_PATH": "/w/requires",
        "PKG_CONFIG_PATH": "/w/requires/lib/pkgconfig",
        "LD_LIBRARY_PATH": "/w/requires/lib",
    }
    headers = "-ffile-prefix-map=/w/requires=requires -I/w/requires/include -DA"
    flags = FLAGS.replace("-DA", headers, 1)
    linker = before["LDFLAGS"].replace("-lm", "-L/w/requires/lib -lm")
    compiler = {"CFLAGS": flags, "CXXFLAGS": flags, "LDFLAGS": linker}
    assert dict(after) == {**before, **places, **compiler}


FLAGS = """-O2 -ffile-prefix-map=/w/source=. -ffile-prefix-map=/w/build=. -DA '-DB="b c"'"""


def test_without_a_cxx_compiler_none_is_named() -> None:
    asked = replace(request("make"), toolchain=replace(TOOLCHAIN, cxx=()))
    assert not {"CXX", "CXXFLAGS"} & plan.make(asked, SPACE).variables.keys()


def key(asked: Request, root: str = "/w") -> str:
    """Return the plan's text in a place of its own, with the place's name taken out."""
    space = Workspace(Path(root), Path(root, "logs"))
    return plan.make(asked, space).as_json().replace(root, "<root>")


@systems
def test_the_json_differs_by_the_workspace_in_its_paths_alone(system: str) -> None:
    assert key(request(system)) == key(request(system), "/elsewhere/deeper")


@systems
def test_the_json_differs_by_jobs_in_one_word(system: str) -> None:
    few, many = (key(replace(request(system), jobs=jobs)).split(", ") for jobs in (1, 64))
    different = [(a, b) for a, b in zip(few, many, strict=True) if a != b]
    assert [(a.strip('"-j'), b.strip('"-j')) for a, b in different] == [("1", "64")]


def changed(**values: object) -> Request:
    asked = request("cmake")
    return replace(asked, build=replace(asked.build, **values))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "asked",
    [
        changed(options={"YES": True}),
        changed(targets=()),
        changed(folder="."),
        changed(cflags=("-DC",)),
        changed(ldflags=()),
        replace(request("cmake"), epoch=1),
        replace(request("cmake"), requires=True),
        replace(request("cmake"), toolchain=replace(TOOLCHAIN, cc=("/bin/clang",))),
        replace(request("cmake"), tag=replace(request("cmake").tag, abi="2")),
        request("meson"),
    ],
)
def test_the_json_differs_by_everything_else(asked: Request) -> None:
    assert key(asked) != key(request("cmake"))


def configured(system: str) -> Request:
    asked = request(system)
    configurations = (
        Configuration(name="lp64"),
        Configuration(name="ilp64", options={"LEVEL": 64}, targets=("wide",)),
    )
    return replace(asked, build=replace(asked.build, configuration=configurations))


def test_configurations_are_built_one_after_another_each_into_a_place_of_its_own() -> None:
    first, second = plan.build_jobs(configured("cmake"), SPACE)
    assert (first.name, second.name) == ("lp64", "ilp64")
    assert (first.folder, second.folder) == (Path("/w/build/lp64"), Path("/w/build/ilp64"))
    assert first.installed == Path("/w/destination/lp64/usr/local")
    assert second.installed == Path("/w/destination/ilp64/usr/local")
    assert first.source == second.source == SPACE.source
    assert (first.build.options["LEVEL"], second.build.options["LEVEL"]) == (3, 64)
    assert (first.build.targets, second.build.targets) == (("answer", "question"), ("wide",))


def test_a_configuration_finds_what_all_before_it_have_installed() -> None:
    asked = request("cmake")
    configurations = tuple(Configuration(name=name) for name in "abc")
    asked = replace(asked, build=replace(asked.build, configuration=configurations))
    flags = [job.variables["LDFLAGS"].split() for job in plan.build_jobs(asked, SPACE)]
    found = [[word for word in words if word.startswith("-L")] for words in flags]
    a, b = (f"-L/w/destination/{name}/usr/local/lib" for name in "ab")
    assert found == [[], [a], [a, b]]


@pytest.mark.parametrize("system", ["cmake", "meson"])
def test_a_plan_with_configurations(system: str) -> None:
    made = plan.make(configured(system), SPACE)
    assert [command.title for command in made.commands] == [
        *("configure-lp64", "compile-lp64", "install-lp64"),
        *("configure-ilp64", "compile-ilp64", "install-ilp64"),
    ]
    shown = made.as_shell()
    goldens.check(f"plan-configurations-{system}.sh", shown)
    assert run_shell(shown, "-n") == ""


def test_each_configuration_has_its_own_flags(tmp_path: Path) -> None:
    made = plan.make(configured("cmake"), Workspace(tmp_path, tmp_path / "logs"))
    assert "LDFLAGS" not in made.variables
    show = 'case "$LDFLAGS" in *-L*) echo second ;; *) echo first ;; esac'
    commands = tuple(replace(c, argv=("sh", "-c", show)) for c in made.commands[::3])
    shown = run_shell(replace(made, commands=commands).as_shell())
    assert shown.splitlines() == ["first", "second"]


def test_the_json_differs_by_what_one_configuration_has() -> None:
    asked = configured("cmake")
    narrow, wide = asked.build.configuration
    for other in (replace(narrow, targets=("more",)), replace(narrow, options={"MORE": 1})):
        changed = replace(asked, build=replace(asked.build, configuration=(other, wide)))
        assert key(changed) != key(asked)


def unused(*names: str) -> str:
    listed = "".join(f"    {name}\n" for name in names)
    text = "Manually-specified variables were not used by the project:"
    return f"CMake Warning:\n  {text}\n\n{listed}\n"


@pytest.mark.parametrize(
    ("narrow", "wide", "found"),
    [
        ((), (), []),
        (("YES", "NAME"), ("NAME", "YES"), ["YES", "NAME"]),
        (("YES",), (), []),
        (("LEVEL",), (), []),  # of [build] there, and used elsewhere
        ((), ("LEVEL",), ["LEVEL (configuration 'ilp64')"]),
        (("LEVEL",), ("LEVEL", "NO"), ["LEVEL"]),
    ],
)
def test_an_option_is_unused_where_no_configuration_used_it(
    narrow: tuple[str, ...], wide: tuple[str, ...], found: list[str]
) -> None:
    logs = {"configure-lp64": unused(*narrow), "configure-ilp64": unused(*wide)}
    assert plan.unused_options(configured("cmake"), SPACE, logs.__getitem__) == found


def test_an_unused_option_without_configurations() -> None:
    logs = {"configure": unused("LEVEL")}
    assert plan.unused_options(request("cmake"), SPACE, logs.__getitem__) == ["LEVEL"]


def with_zig(system: str, name: str) -> plan.Plan:
    target = parse(name)
    assert target
    toolchain = zig.find(environment({"HOME": "/root", "PATH": os.environ["PATH"]}), target, {})
    return plan.make(replace(request(system), toolchain=toolchain, target=target), SPACE)


def test_with_zig_the_environment_names_the_scripts_of_the_workspace() -> None:
    made = with_zig("make", "x86_64-linux-gnu.2.17")
    assert {name: v for name, v in made.variables.items() if "/toolchain/" in v} == {
        "CC": "/w/toolchain/cc",
        "CXX": "/w/toolchain/c++",
        "AR": "/w/toolchain/ar",
        "RANLIB": "/w/toolchain/ranlib",
        "STRIP": "/w/toolchain/strip",
    }
    assert made.variables["ZIG_LOCAL_CACHE_DIR"] == "/w/tmp/zig"
    assert made.variables["PKG_CONFIG_LIBDIR"] == "/w/requires/lib/pkgconfig"
    assert "AR=/w/toolchain/ar" in made.commands[0].argv


def test_the_files_of_a_plan_are_executable_where_they_are_programs() -> None:
    made = with_zig("make", "aarch64-linux-musl")
    shell = made.as_shell()
    assert "chmod +x /w/toolchain/cc\n" in shell
    assert "chmod +x /w/toolchain/zig_wrapper" not in shell
    assert "chmod +x /w/version-script.map" not in shell
    assert run_shell(shell, "-n") == ""


@pytest.mark.parametrize("name", ["aarch64-macos.11", "x86_64-windows"])
def test_the_linker_flags_of_elf_are_for_elf_alone(name: str) -> None:
    made = with_zig("make", name)
    assert made.variables["LDFLAGS"] == "-lm"
    assert SPACE.version_script not in made.files


def cmake_words(name: str) -> dict[str, str]:
    argv = with_zig("cmake", name).commands[0].argv
    return dict(word[2:].split("=", 1) for word in argv if word.startswith("-D"))


def test_cmake_finds_nothing_of_the_machine_s_own() -> None:
    words = cmake_words("x86_64-linux-gnu.2.17")
    assert words["CMAKE_FIND_ROOT_PATH"] == "/w/requires"
    kinds = ("PROGRAM", "INCLUDE", "LIBRARY", "PACKAGE")
    modes = [words[f"CMAKE_FIND_ROOT_PATH_MODE_{kind}"] for kind in kinds]
    assert modes == ["NEVER", "ONLY", "ONLY", "ONLY"]
    assert words["CMAKE_AR"] == "/w/toolchain/ar"


@pytest.mark.parametrize(
    ("name", "system", "processor"),
    [
        ("aarch64-macos.12.3", "Darwin", "arm64"),
        ("x86_64-windows", "Windows", "AMD64"),
    ],
)
def test_cmake_is_told_the_system(name: str, system: str, processor: str) -> None:
    words = cmake_words(name)
    assert (words["CMAKE_SYSTEM_NAME"], words["CMAKE_SYSTEM_PROCESSOR"]) == (system, processor)
    assert words.get("CMAKE_OSX_DEPLOYMENT_TARGET") == ("12.3" if system == "Darwin" else None)
    rc = "/w/toolchain/rc" if system == "Windows" else None
    assert words.get("CMAKE_RC_COMPILER") == rc


def test_programs_that_run_here_are_run_by_configure_and_by_cmake() -> None:
    here = f"{platform.machine()}-linux-gnu.2.17"
    assert "CMAKE_SYSTEM_NAME" not in cmake_words(here)
    assert not [w for w in with_zig("autotools", here).commands[0].argv if "--host" in w]


def test_configure_is_told_both_machines() -> None:
    argv = with_zig("autotools", "x86_64-windows").commands[0].argv
    assert f"--build={platform.machine()}-pc-linux-gnu" in argv
    assert "--host=x86_64-w64-mingw32" in argv


def test_meson_reads_a_file_about_the_other_machine() -> None:
    made = with_zig("meson", "aarch64-macos.11")
    assert "--cross-file=/w/toolchain/meson.ini" in made.commands[0].argv
    goldens.check("meson-macos.ini", made.files[Path("/w/toolchain/meson.ini")])


def test_a_plan_with_zig_differs_by_the_target() -> None:
    texts = {
        name: with_zig("make", name).as_json() for name in ("x86_64-windows", "x86_64-linux-musl")
    }
    assert len(set(texts.values())) == 2
