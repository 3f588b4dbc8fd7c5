"""Options, the conditions that ask for them, and the builds and libraries that depend on them."""

from __future__ import annotations

from pathlib import Path

import pytest

from libwheel.errors import BuildError
from libwheel.recipe import Resolved
from libwheel.recipe_mistakes import requires_itself
from libwheel.recipe_resolution import Recipe
from unit.test_recipe import ARM, EXPORTS, GLIBC, HEAD, NEWER, RELEASE, REST, problems, read

OPTIONS = """
[[option]]
name = "threads"
description = "Whose threads it uses"
values = ["openmp", "pthreads", "none"]
[[option]]
name = "integers"
description = "How wide integers are"
values = ["both", "lp64"]
"""
BOTH = """
[[library]]
name = "answer64"
description = "The answer, in 64 bits"
headers = []
conflicts = ["answer"]
when = { option = { integers = "both" } }
"""
REST_64 = REST + 'conflicts = ["answer64"]\n' + BOTH
CONFIGURATIONS = """
[[build.configuration]]
name = "lp64"
[[build.configuration]]
name = "ilp64"
options = { LEVEL = 64, WIDE = true }
targets = ["answer64"]
when = { option = { integers = "both" } }
"""
WHEN = """
[[when]]
option = { threads = "openmp" }
requires = ["openmp >= 19"]
build.options = { OPENMP = true }
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "answer"


@pytest.fixture
def recipe(folder: Path) -> Recipe:
    return read(folder, HEAD + RELEASE + REST_64 + CONFIGURATIONS + OPTIONS + WHEN)


def names(resolved: Resolved) -> tuple[list[str], list[str]]:
    """Return the names of the libraries and of the configurations."""
    return (
        [library.name for library in resolved.library],
        list(resolved.build.configured),
    )


def test_the_defaults_are_the_first_values(recipe: Recipe) -> None:
    resolved = recipe.resolve(None, GLIBC)
    assert resolved.choices == {"threads": "openmp", "integers": "both"}
    assert resolved.variant == ""
    assert resolved.requires == ("openmp >= 19",)
    assert resolved.build.options["OPENMP"] is True
    assert names(resolved) == (["answer", "answer64"], ["lp64", "ilp64"])


@pytest.mark.parametrize(
    ("chosen", "variant"),
    [
        ({"threads": "openmp"}, ""),
        ({"threads": "pthreads"}, "pthreads"),
        ({"integers": "lp64"}, "lp64"),
        ({"integers": "lp64", "threads": "none"}, "none.lp64"),
    ],
)
def test_a_variant_has_what_is_not_the_default_in_the_order_of_the_options(
    recipe: Recipe, chosen: dict[str, str], variant: str
) -> None:
    resolved = recipe.resolve(None, GLIBC, chosen)
    assert resolved.variant == variant
    assert dict(resolved.choices) == {"threads": "openmp", "integers": "both", **chosen}
    again = recipe.resolve(None, GLIBC, recipe.choices_of(variant))
    assert again == resolved


def test_what_depends_on_an_option_goes_without_it(recipe: Recipe) -> None:
    resolved = recipe.resolve(None, GLIBC, {"integers": "lp64", "threads": "pthreads"})
    assert resolved.requires == ()
    assert "OPENMP" not in resolved.build.options
    assert names(resolved) == (["answer"], ["lp64"])
    assert resolved.library[0].conflicts == ()
    assert resolved.left_out == ("answer64",)


@pytest.mark.parametrize("label", ["lp64.pthreads", "openmp", "both", "pthreads.pthreads", "more"])
def test_a_label_that_the_options_do_not_make(recipe: Recipe, label: str) -> None:
    with pytest.raises(BuildError, match=r"recipe\.toml has no options that make a '\+"):
        recipe.choices_of(label)


def test_a_configuration_is_laid_over_the_build(recipe: Recipe) -> None:
    builds = recipe.resolve(None, GLIBC).build.configured
    narrow, wide = builds["lp64"], builds["ilp64"]
    assert narrow.options == {"SHARED": True, "LEVEL": 3, "NAME": "x", "OPENMP": True}
    assert wide.options == {**narrow.options, "LEVEL": 64, "WIDE": True}
    assert (narrow.targets, wide.targets) == ((), ("answer64",))
    assert narrow.cflags == wide.cflags == ("-DA", "-DB")


def test_without_configurations_there_is_one_build_without_a_name(folder: Path) -> None:
    build = read(folder, HEAD + RELEASE + REST).resolve(None, GLIBC).build
    assert dict(build.configured) == {"": build}


@pytest.mark.parametrize(
    ("condition", "fitting"),
    [('arch = "aarch64"', ARM), ('version = "< 2", arch = "x86_64"', GLIBC)],
)
def test_a_library_may_depend_on_the_rest_as_well(
    folder: Path, condition: str, fitting: object
) -> None:
    library = BOTH.replace('option = { integers = "both" }', condition)
    recipe = read(folder, HEAD + RELEASE + REST + library)
    for target in (GLIBC, ARM):
        assert (len(recipe.resolve(None, target).library) == 2) == (target == fitting)


def test_every_combination_is_a_case_where_it_differs(recipe: Recipe) -> None:
    (release,) = recipe.releases
    cases = recipe.cases(release)
    assert [dict(case.choices) for case in cases] == [
        {"threads": "openmp", "integers": "both"},
        {"threads": "openmp", "integers": "lp64"},
        {"threads": "pthreads", "integers": "both"},
        {"threads": "pthreads", "integers": "lp64"},
    ]
    assert [len(case.body.library) for case in cases] == [2, 1, 2, 1]
    assert {len(case.whole.library) for case in cases} == {2}
    assert [body.requires for body in recipe.bodies(release)] == [("openmp >= 19",), ()]


def test_a_mistake_on_any_combination_is_found(folder: Path) -> None:
    when = (
        '[[when]]\noption = { threads = "none", integers = "lp64" }\npatches = ["none.patch"]\n'
        '[[when]]\noption = { threads = "pthreads" }\nbuild.system = "scons"\n'
    )
    assert problems(folder, HEAD + RELEASE + REST_64 + OPTIONS + when) == [
        "when[2].build.system: must be one of autotools, cmake, make, meson, not 'scons' "
        "(did you mean 'meson'?)",
        "patches: 'none.patch' is not a file in the recipe",
    ]


def test_a_library_that_only_another_value_or_machine_has_is_not_left_out(folder: Path) -> None:
    added = BOTH.replace('"both"', '"lp64"')
    recipe = read(folder, HEAD + RELEASE + REST + added + OPTIONS)
    assert recipe.resolve(None, GLIBC).left_out == ()
    assert recipe.resolve(None, GLIBC, {"integers": "lp64"}).left_out == ()
    elsewhere = BOTH.replace("option = {", 'arch = "aarch64", option = {')
    recipe = read(folder, HEAD + RELEASE + REST + elsewhere + OPTIONS)
    assert recipe.resolve(None, GLIBC, {"integers": "lp64"}).left_out == ()
    assert recipe.resolve(None, ARM, {"integers": "lp64"}).left_out == ("answer64",)


def option(name: str, *values: str) -> str:
    return f'[[option]]\nname = "{name}"\ndescription = "It"\nvalues = {list(values)}\n'


SECOND = '[[library]]\nname = "more"\nfile = "answer"\ndescription = "More"\nheaders = []\n'


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        (option("jobs", "a", "b"), "option[1].name: 'jobs' is a setting of libwheel's own"),
        (option("A_b", "a", "b"), "option[1].name: must be lower-case words joined by '-', not"),
        (option("x", "a", "b") + option("x", "c", "d"), "option: 'x' is there 2 times"),
        (option("x"), "option[1].values: must be two or more; the first is the default"),
        (option("x", "a"), "option[1].values: must be two or more; the first is the default"),
        (option("x", "a", "b", "b"), "option[1].values: 'b' is there 2 times"),
        (option("x", "a", "64"), "option[1].values: must be lower-case letters and digits, as in"),
        (
            option("x", "a", "b") + option("y", "c", "b"),
            "option[2].values: 'b' is also a value of 'x': the version could mean either",
        ),
        (
            OPTIONS + '[[when]]\noption = { thread = "openmp" }\nabi = "2"',
            "when[1].option.thread: is not an [[option]] (did you mean 'threads'?)",
        ),
        (
            OPTIONS + '[[when]]\noption = { threads = "openpm" }\nabi = "2"',
            "when[1].option.threads: must be one of openmp, pthreads, none, not 'openpm' "
            "(did you mean 'openmp'?)",
        ),
        (
            OPTIONS + BOTH.replace("integers =", "integer ="),
            "library[2].when.option.integer: is not an [[option]] (did you mean 'integers'?)",
        ),
        (
            OPTIONS + CONFIGURATIONS.replace('= "both"', '= "booth"'),
            "build.configuration[2].when.option.integers: must be one of both, lp64, not 'booth'",
        ),
        (
            'expect = [{ symbol = "it", when = { option = { x = "y" } } }]',
            "library[1].expect[1].when.option.x: is not an [[option]]",
        ),
        (
            OPTIONS + BOTH.replace("option = {", 'version = "> 9", option = {'),
            "library[2].when.version: '> 9' fits no release",
        ),
        (
            OPTIONS + BOTH.replace("option = {", 'version = "nine", option = {'),
            "library[2].when.version: must be a version specifier",
        ),
        (SECOND + 'conflicts = ["anwser"]', "library[2].conflicts: 'anwser' is not a library of"),
        (SECOND + 'conflicts = ["more"]', "library[2].conflicts: 'more' is the library itself"),
        (
            SECOND + 'suffix = "64_"',
            "library[2].suffix: is said of a file that 'answer' has already: put it there",
        ),
        (SECOND + EXPORTS, "library[2].exports: is said of a file that 'answer' has already"),
        (
            SECOND + 'expect = [{ symbol = "answer_number" }]',
            "library[2].expect: is said of a file that 'answer' has already: put it there",
        ),
        (
            'libs = ["-Wl,--as-needed", "-lm", "-lanswer", "-lanswr"]',
            "library[1].libs: '-lanswr' is neither the library itself nor one of the system's "
            "(did you mean '-lanswer'?)",
        ),
        ('libs = ["-l:libm.so"]', "library[1].libs: '-l:libm.so' is neither the library itself"),
        ('libs = ["-lm -ldl"]', "library[1].libs: must be one flag of letters, digits and any of"),
        ('cflags = ["-DA=\\"b\\""]', "library[1].cflags: must be one flag of letters, digits and"),
        ('cflags = [""]', "library[1].cflags: must be one flag of letters, digits and any of"),
        (
            'expect = [{ symbol = "kernel", instructions = "avx513" }]',
            "library[1].expect[1].instructions: must be one of avx, avx512, sve, not 'avx513'",
        ),
        (
            'expect = [{ symbol = "answer" }, { symbol = "kernel", instructions = "avx512" }]',
            "library[1].expect[2].instructions: 'avx512' is of x86_64 alone: say `when = { arch = "
            '"x86_64" }`',
        ),
        (
            'expect = [{ header = "base.h" }]',
            "library[1].expect[1]: `header` and `line` go together: which line must it have?",
        ),
        (
            'expect = [{ instructions = "avx", when = { arch = "x86_64" } }]',
            "library[1].expect[1]: must be either of a `symbol` or of a `line` in a `header`",
        ),
        (
            'expect = [{ symbol = "f", header = "base.h", line = "x" }]',
            "library[1].expect[1]: must be either of a `symbol` or of a `line` in a `header`",
        ),
        (
            'expect = [{ header = "base.h", line = "x", instructions = "sve", '
            'when = { arch = "aarch64" } }]',
            "library[1].expect[1].instructions: are a symbol's: a header has none",
        ),
        (
            'expect = [{ header = "../base.h", line = "x" }]',
            "library[1].expect[1].header: must be a relative path without '..'",
        ),
        (
            'expect = [{ header = "base.h", line = " x" }]',
            "library[1].expect[1].line: must be one line without white space around it, not ' x'",
        ),
        (
            'expect = [{ symbol = "kernel", when = { option = { threads = "none" } } }]',
            "library[1].expect[1].when.option.threads: is not an [[option]]",
        ),
        (
            CONFIGURATIONS.replace("ilp64", "lp64") + OPTIONS,
            "build.configuration: 'lp64' is there 2 times",
        ),
        (
            '[[when]]\narch = "aarch64"\nbuild.system = "make"\n' + CONFIGURATIONS + OPTIONS,
            "build.configuration: make builds in the source tree: it cannot build it twice",
        ),
        (
            OPTIONS
            + CONFIGURATIONS.partition('[[build.configuration]]\nname = "ilp64"')[0]
            + 'when = { option = { threads = "openmp" } }',
            "build.configuration: no [[build.configuration]] is left for aarch64-linux-gnu, "
            "threads=pthreads, integers=both",
        ),
        (
            '[[when]]\nos = "linux"\nrequires = ["openmp >= 19", "OpenMP < 30"]',
            "requires: 'openmp' is there 2 times",
        ),
        ('[[when]]\nos = "linux"\nrequires = ["openmp 19"]', "when[1].requires: must be a library"),
    ],
)
def test_one_mistake_is_one_problem(folder: Path, more: str, problem: str) -> None:
    (found,) = problems(folder, HEAD + RELEASE + REST + more)
    assert found.startswith(problem)


def test_an_expectation_may_be_of_one_machine(folder: Path) -> None:
    kernel = '{ symbol = "kernel", instructions = "avx512", when = { arch = "x86_64" } }'
    recipe = read(folder, HEAD + RELEASE + REST + f'expect = [{{ symbol = "answer" }}, {kernel}]')
    expected = {
        target.arch: [one.symbol for one in recipe.resolve(None, target).library[0].expect]
        for target in (GLIBC, ARM)
    }
    assert expected == {"x86_64": ["answer", "kernel"], "aarch64": ["answer"]}


def test_a_default_may_be_the_value_of_another_option(folder: Path) -> None:
    options = option("ssl", "none", "openssl") + option("zip", "none", "bzip2")
    recipe = read(folder, HEAD + RELEASE + REST + options)
    assert recipe.resolve(None, GLIBC, {"zip": "bzip2"}).variant == "bzip2"
    assert recipe.choices_of("openssl") == {"ssl": "openssl"}


def test_libraries_of_one_name_may_take_turns(folder: Path) -> None:
    turns = REST + 'when = { option = { integers = "lp64" } }' + BOTH.replace("answer64", "answer")
    recipe = read(folder, HEAD + RELEASE + turns.replace('conflicts = ["answer"]', "") + OPTIONS)
    assert [one.description for one in recipe.resolve(None, GLIBC).library] == [
        "The answer, in 64 bits"
    ]


def test_no_library_is_left(folder: Path) -> None:
    text = HEAD + RELEASE + REST + 'when = { option = { integers = "lp64" } }\n' + OPTIONS
    assert problems(folder, text) == [
        "library: no [[library]] is left for aarch64-linux-gnu, threads=openmp, integers=both"
    ]


def test_a_release_s_version_has_no_label(folder: Path) -> None:
    (found,) = problems(folder, HEAD + RELEASE.replace("1.2.3", "1.2.3+fast") + REST)
    assert found == (
        "release[1].version: must have no local label, which is for the values of options, "
        "not '1.2.3+fast'"
    )


def test_a_recipe_that_requires_its_own_wheel(folder: Path) -> None:
    when = '[[when]]\nversion = ">= 2"\nrequires = ["The_Answer >= 1"]'
    recipe = read(folder, HEAD + RELEASE + NEWER + REST + when)
    (problem,) = requires_itself(recipe, "the-answer")
    assert str(problem) == (
        f"{folder}/recipe.toml: requires: 'the-answer' is the wheel that this recipe makes"
    )
    assert not list(requires_itself(recipe, "answer"))
