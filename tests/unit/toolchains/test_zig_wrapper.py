"""What is asked of a compiler, and what zig is then told."""

from __future__ import annotations

from pathlib import Path

import pytest

from libwheel.toolchains.zig_wrapper.compiler import cpu
from libwheel.toolchains.zig_wrapper.libraries import promised, with_one_version_script
from libwheel.toolchains.zig_wrapper.questions import CLANG, answer
from libwheel.toolchains.zig_wrapper.target import Refusal, Target
from libwheel.toolchains.zig_wrapper.words import expanded, is_link, output, translated

LINUX = Target("x86_64-linux-gnu.2.17", "x86_64-linux-gnu", {})
ARM = Target("aarch64-linux-gnu.2.17", "aarch64-linux-gnu", {})
MACOS = Target("aarch64-macos.11.0", "aarch64-apple-darwin", {"z": "libz-pywheel-1.dylib"})
WINDOWS = Target("x86_64-windows-gnu", "x86_64-w64-mingw32", {"z": "z-pywheel-1.dll"})

FIRST = "-fno-sanitize=undefined"
LAST = ["-Wl,--undefined-version", "-g0"]


def linked(words: str, target: Target = LINUX) -> list[str]:
    """Return what zig is told of a link beyond what it is always told."""
    found = translated(words.split(), target)
    assert found[:2] == [FIRST, "-O2"]
    assert found[-2:] == LAST if target is LINUX else found[-1] == "-g0"
    return found[2:-2]


def compiled(words: str, target: Target = LINUX) -> list[str]:
    found = translated(["-c", *words.split()], target)
    assert found[:2] == [FIRST, "-c"]
    assert found[-1] == "-g0"
    return found[2:-1]


def refusal(words: str, target: Target = LINUX) -> str:
    with pytest.raises(Refusal) as caught:
        translated(words.split(), target)
    return str(caught.value)


def test_compiling() -> None:
    words = "-O2 -std=c99 -fPIC -DA=b -I include -MD -MF x.d -o x.o x.c"
    assert compiled(words) == words.split()


def test_the_words_of_the_linker_are_not_for_compiling() -> None:
    assert compiled("-Wl,-z,relro -Wl,--icf=all -z now x.c") == ["x.c"]


def test_debug_information_is_never_made() -> None:
    assert translated(["-g3", "-c", "x.c"], LINUX)[-1] == "-g0"


def test_a_link_that_says_how_to_optimise() -> None:
    assert translated(["-O0", "x.o"], LINUX) == [FIRST, "-O0", "x.o", *LAST]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("-mtune=haswell", ""),
        ("-march=x86-64-v3", "-march=x86_64_v3"),
        ("-march=skylake-avx512", "-march=skylake_avx512"),
        ("-mavx512f -mavx2", "-mavx512f -mavx2"),
        ("-flto=auto", "-flto"),
        ("-flto=8", "-flto"),
        ("-flto -flto=thin", "-flto -flto=thin"),
        ("-Wp,-D_FORTIFY_SOURCE=2", "-D_FORTIFY_SOURCE=2"),
        ("-Wp,-D,A,-w", "-D A -w"),
        ("-Wp,-MD,x.d", "-Wp,-MD,x.d"),
        ("-fno-working-directory", ""),
    ],
)
def test_options_of_the_compiler(given: str, told: str) -> None:
    assert compiled(given) == told.split()


@pytest.mark.parametrize("flag", ["-static-libgcc", "-static-libstdc++", "-fuse-ld=gold"])
def test_what_zig_has_but_one_way_of(flag: str) -> None:
    assert linked(f"{flag} x.o") == ["x.o"]


@pytest.mark.parametrize(
    ("name", "zigs"),
    [
        ("x86-64", "x86_64"),
        ("x86-64-v4", "x86_64_v4"),
        ("core-avx2", "haswell"),
        ("corei7-avx", "sandybridge"),
        ("znver3", "znver3"),
        ("armv8-a", "generic"),
        ("armv8-a+crc+crypto", "generic+crc+aes+sha2"),
        ("armv8.2-a+sve", "generic+v8_2a+sve"),
        ("armv8.6-a+fp16+nosimd", "generic+v8_6a+fullfp16-neon"),
        ("armv9-a+sve2-sha3", "generic+v9a+sve_sha3"),
        ("neoverse-n1+nocrypto", "neoverse_n1-aes-sha2"),
        ("zeus", "neoverse_v1"),
    ],
)
def test_names_of_processors(name: str, zigs: str) -> None:
    assert cpu(name) == zigs


@pytest.mark.parametrize("target", [LINUX, ARM], ids=["x86_64", "aarch64"])
@pytest.mark.parametrize("option", ["-march", "-mcpu"])
def test_no_result_depends_on_the_machine_that_builds(target: Target, option: str) -> None:
    assert "name a processor" in refusal(f"{option}=native -c x.c", target)
    assert translated(["-mtune=native", "-c", "x.c"], target) == [FIRST, "-c", "x.c", "-g0"]


@pytest.mark.parametrize(
    "hint",
    [
        *("-Wl,--icf=all", "-Wl,--threads=2", "-Wl,-z,separate-code", "-z noseparate-code"),
        *("-Wl,--warn-common", "-Wl,-Map,x.map", "-Wl,-Map=x.map", "-Wl,-Map -Wl,x.map"),
        *("-Xlinker -Map -Xlinker x.map", "-Wl,-O1", "-Wl,-rpath-link,/x", "-Wl,-t"),
    ],
)
def test_hints_to_the_linker_are_left_out(hint: str) -> None:
    assert linked(f"-shared {hint} x.o") == ["-shared", "x.o"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("-Wl,-soname,libx.so.1", "-Wl,-soname,libx.so.1"),
        ("-Wl,-soname=libx.so.1", "-Wl,-soname=libx.so.1"),
        ("-Wl,-h,libx.so.1", "-Wl,-soname,libx.so.1"),
        ("-Wl,--undefined=f", "-Wl,-u,f"),
        ("-Wl,-z,relro,-z,now,-z,noexecstack", "-Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack"),
        ("-z defs", "-Wl,-z,defs"),
        ("-Wl,--build-id=none", "-Wl,--build-id=none"),
        ("-Wl,--as-needed,-lm,-L,/x", "-Wl,--as-needed -lm -L/x"),
        ("-Wl,-Bsymbolic -Xlinker --no-undefined", "-Wl,-Bsymbolic -Wl,--no-undefined"),
        ("-Xlinker -rpath -Xlinker /a,b", "-Xlinker -rpath -Xlinker /a,b"),
        ("-o -Wl,odd x.o", "-o -Wl,odd x.o"),
    ],
)
def test_options_of_the_linker(given: str, told: str) -> None:
    assert linked(given) == told.split()


@pytest.mark.parametrize(
    ("flag", "way"),
    [
        ("-Wl,--exclude-libs,ALL", "-fvisibility=hidden"),
        ("-Wl,-Bsymbolic-functions", "-Bsymbolic"),
        ("-Wl,--dynamic-list=x", "a version script"),
        ("-Wl,--defsym,a=b", "an alias"),
        ("-Wl,--defsym=a=b", "an alias"),
        ("-Wl,-init,f", "constructor"),
    ],
)
def test_what_is_no_hint_is_refused_with_the_way_out(flag: str, way: str) -> None:
    said = refusal(f"-shared {flag} x.o")
    name = flag.removeprefix("-Wl,").partition(",")[0].partition("=")[0]
    assert name in said
    assert way in said
    assert "\n" not in said


def test_other_machines_are_refused() -> None:
    assert "-m32" in refusal("-m32 -c x.c")
    assert "-arch x86_64 is not the target's, aarch64" in refusal("-arch x86_64 -c x.c", MACOS)
    assert compiled("-arch arm64 -isysroot /sdk x.c", MACOS) == ["x.c"]


def test_states_are_pushed_and_popped() -> None:
    words = (
        "-Wl,--as-needed -Wl,--push-state,--whole-archive,--no-as-needed x.a -Wl,--pop-state y.o"
    )
    found = linked(words)
    pop = found.index("x.a")
    assert found[pop + 1 :] == ["-Wl,--no-whole-archive", "-Wl,--as-needed", "-Wl,-Bdynamic", "y.o"]
    assert "-Wl,--whole-archive" in found[:pop]


def test_version_scripts_become_one() -> None:
    texts = {"ours.map": "A { };", "up.map": "B { global: f; };"}
    written: dict[str, str] = {}
    words = "-shared -Wl,--version-script=ours.map -o lib/x.so -Wl,--version-script,up.map x.o"
    argv = translated(words.split(), LINUX)
    found = with_one_version_script(argv, "lib/x.so", texts.__getitem__, written.__setitem__)
    assert [w for w in found if "script" in w] == ["-Wl,--version-script,lib/x.so.versions"]
    assert written == {"lib/x.so.versions": "A { };\nB { global: f; };"}


@pytest.mark.parametrize("scripts", [[], ["a.map"], ["a.map", "a.map"]])
def test_one_version_script_is_taken_as_it_is(scripts: list[str]) -> None:
    argv = [f"-Wl,--version-script,{name}" for name in scripts]
    written: dict[str, str] = {}
    assert with_one_version_script(argv, "a.out", str, written.__setitem__) == argv
    assert not written


def test_a_promised_library_of_macos_gets_its_name() -> None:
    words = "-dynamiclib -install_name /x/libz.1.dylib -Wl,-rpath,/build -o a/libz.1.3.1.dylib z.o"
    assert linked(words, MACOS) == [
        *("-dynamiclib", "-o", "a/libz.1.3.1.dylib", "z.o"),
        "-Wl,-install_name,@rpath/libz-pywheel-1.dylib",
        "-Wl,-rpath,@loader_path",
    ]


def test_any_other_link_for_macos_keeps_its_names() -> None:
    words = "-dynamiclib -install_name liby.dylib -current_version 1.2 -o libzz.dylib z.o"
    found = ["-dynamiclib", "-Wl,-install_name,liby.dylib", "-Wl,-current_version,1.2.0"]
    assert linked(words, MACOS) == [*found, "-o", "libzz.dylib", "z.o"]
    assert linked("-o libz.dylib main.o", MACOS) == ["-o", "libz.dylib", "main.o"]


@pytest.mark.parametrize(
    ("target", "path", "is_promised"),
    [
        (MACOS, "x/libz.dylib", True),
        (MACOS, "libz.1.3.1.dylib", True),
        (MACOS, "libz.a", False),
        (MACOS, "libzip.dylib", False),
        (MACOS, "z.dylib", False),
        (WINDOWS, "libz.dll", True),
        (WINDOWS, "x/z.dll", True),
        (WINDOWS, "libz-1.dll", True),
        (WINDOWS, "z1.dll", False),
        (WINDOWS, "zlib1.dll", False),
        (LINUX, "libz.so.1", False),
    ],
)
def test_which_libraries_are_promised(target: Target, path: str, is_promised: bool) -> None:
    assert promised(path, target) == (target.names["z"] if is_promised else None)


def test_a_stem_that_ends_with_a_number() -> None:
    file = "libopenblas_64-pywheel-0.dylib"
    named = Target("aarch64-macos.11.0", "", {"openblas": "no", "openblas_64": file})
    assert promised("libopenblas_64.dylib", named) == file
    assert promised("libopenblas_64.0.dylib", named) == file


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("-dumpmachine", "aarch64-linux-gnu"),
        ("-dumpversion", CLANG),
        ("-print-multiarch", "aarch64-linux-gnu"),
        ("-print-sysroot", ""),
        ("-print-file-name=libc.so", "libc.so"),
        ("--print-file-name=libc.so", "libc.so"),
        ("-print-search-dirs", "install: \nprograms: =\nlibraries: ="),
        ("-print-libgcc-file-name", "libgcc.a"),
        ("-print-prog-name=nm", "nm"),
    ],
)
def test_questions_are_answered_for_the_target(word: str, said: str, tmp_path: Path) -> None:
    assert answer(["-O2", word], ARM, str(tmp_path)) == said


def test_programs_that_go_with_the_compiler_are_named(tmp_path: Path) -> None:
    (tmp_path / "ld").write_text("#!/bin/sh\n", "utf-8")
    (tmp_path / "ld").chmod(0o755)
    assert answer(["-print-prog-name=ld"], ARM, str(tmp_path)) == f"{tmp_path}/ld"


def test_other_questions_are_refused_and_other_words_are_none() -> None:
    with pytest.raises(Refusal, match="-print-resource-dir"):
        answer(["-print-resource-dir"], LINUX, "/")
    assert answer(["-dumpdir", "x", "-c", "x.c"], LINUX, "/") is None


@pytest.mark.parametrize("word", ["-v", "--version"])
def test_the_version_is_zig_s_own_business(word: str) -> None:
    assert translated([word], LINUX) == ["--version"]


def test_response_files(tmp_path: Path) -> None:
    file = tmp_path / "x.rsp"
    file.write_text("-DA='b c'\n-o \"x y.o\"", "utf-8")
    read = Path.read_text
    found = expanded(["-c", f"@{file}", "@nothing"], lambda path: read(Path(path), "utf-8"))
    assert found == ["-c", "-DA=b c", "-o", "x y.o", "@nothing"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('-Wl,-rpath,"\\$ORIGIN"', ["-Wl,-rpath,$ORIGIN"]),  # as Ninja's, of long links
        ('a\\ b  \\"c\n', ["a b", '"c']),
        ("'it\\'s' \"it's\"", ["it's", "it's"]),
        ("'' \"\"x", ["", "x"]),
        (" \n", []),
    ],
)
def test_words_of_a_response_file(tmp_path: Path, text: str, words: list[str]) -> None:
    (tmp_path / "x.rsp").write_text(text, "utf-8")
    assert expanded([f"@{tmp_path / 'x.rsp'}"], lambda _: text) == words


def test_what_is_linked_and_where_to() -> None:
    assert is_link(["x.o"])
    assert not is_link(["-E", "x.c"])
    assert output(["-o", "a", "x.o", "-o", "b"]) == "b"
    assert output(["x.o"]) == "a.out"
