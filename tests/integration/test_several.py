"""Several recipes and targets with one command: order, failures, what a person sees, Ctrl-C."""

from __future__ import annotations

import os
import pty
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from environments import attempt
from sample_projects import make_sample
from workbench import Done, processes_below, stand_in, wait_until

pytestmark = pytest.mark.compiles

STACK = ("answer-lower", "answer-middle", "answer-upper")
PLATFORM = r"-py3-none-\w+\.whl"


@dataclass(frozen=True)
class Checkout:
    """A folder of recipes, and everything that building them may write to."""

    root: Path

    @property
    def cache(self) -> Path:
        return self.root / "cache"

    @property
    def temporary(self) -> Path:
        return self.root / "tmp"

    @property
    def variables(self) -> dict[str, str]:
        return {"LIBWHEEL_CACHE": str(self.cache), "TMPDIR": str(self.temporary)}

    def recipe(self, name: str) -> Path:
        return self.root / "recipes" / name

    def command(self, *arguments: str | Path) -> list[str]:
        start = (sys.executable, "-m", "libwheel", "build", "-o", self.root / "dist")
        return [str(word) for word in (*start, *arguments)]

    def build(self, *arguments: str | Path, variables: Mapping[str, str] | None = None) -> Done:
        return attempt(*self.command(*arguments), variables={**self.variables, **(variables or {})})

    def recipes(self, *names: str) -> list[Path]:
        return [self.recipe(name) for name in names]

    def wheels(self) -> list[str]:
        folder = self.root / "dist"
        return sorted(path.name.partition("-")[0] for path in folder.glob("*.whl"))

    def break_source(self, name: str) -> None:
        """Let the recipe's own patch break its library."""
        recipe = self.recipe(name) / "recipe.toml"
        text = recipe.read_text()
        assert 'license = "MIT"\n' in text
        recipe.write_text(text.replace('license = "MIT"\n', 'license = "MIT"\npatches = ["no"]\n'))
        source = f"{name.removeprefix('answer-')}.c"
        (self.recipe(name) / "no").write_text(
            f"Break it.\n\n--- a/{source}\n+++ b/{source}\n@@ -0,0 +1 @@\n+#error broken\n"
        )


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    (tmp_path / "tmp").mkdir()
    (tmp_path / "recipes").mkdir()
    for name in (*STACK, "make-answer"):
        made = make_sample(name, tmp_path / "recipes")
        assert made.folder == tmp_path / "recipes" / name
    return Checkout(tmp_path)


def make_that(folder: Path, script: str) -> str:
    """Put a `make` on PATH, which is returned, that runs a script where it has something to make.

    The linker flags on its command line have `--version` in them.
    """
    path = stand_in(folder, "make", script)
    text = (folder / "make").read_text()
    (folder / "make").write_text(
        text.replace('case "$*" in *--version*)', 'case "$1" in --version)')
    )
    return path


def table(done: Done) -> dict[str, str]:
    """Return the result of each recipe in the table."""
    rows = done.stdout.partition("recipe  ")[2].splitlines()[1:]
    cells = [re.split(r"  +", row) for row in rows if not row.startswith("error: ")]
    return {cell[0]: cell[2] for cell in cells}


def test_several_recipes_are_built_in_the_order_of_their_needs(checkout: Checkout) -> None:
    asked = ("make-answer", "answer-upper", "answer-lower", "answer-middle")
    done = checkout.build(*checkout.recipes(*asked))
    assert done.returncode == 0, done.stdout
    assert checkout.wheels() == ["answer_lower", "answer_make", "answer_middle", "answer_upper"]
    assert set(table(done).values()) == {"built"}
    begins = [line for line in done.stdout.splitlines() if line.endswith(": begins")]
    ends = re.findall(r"(?m)^(\S+) native: built in \d+ s: \S+\.whl$", done.stdout)
    assert begins[0] == "answer-lower native: begins"
    assert ends.index("answer-lower") < ends.index("answer-middle") < ends.index("answer-upper")
    assert "\033" not in done.stdout
    assert not list((checkout.cache / "logs").iterdir())
    assert not list(checkout.temporary.iterdir())


def test_each_tree_is_built_once(checkout: Checkout) -> None:
    """Two that need a third, which nobody asked for: one of them waits for the other's."""
    twin = checkout.root / "recipes" / "twin"
    shutil.copytree(checkout.recipe("answer-middle"), twin)
    project = twin / "pyproject.toml"
    project.write_text(project.read_text().replace("answer-middle", "twin"))
    path = make_that(checkout.root / "bin", 'echo made >> "$0.said"; exec $REAL "$@"')
    done = checkout.build(
        checkout.recipe("answer-middle"), twin, "-C", "launcher=none", variables={"PATH": path}
    )
    assert done.returncode == 0, done.stdout
    assert checkout.wheels() == ["answer_middle", "twin"]
    said = (checkout.root / "bin" / "make.said").read_text()
    assert said.count("made") == 2  # compile and install, of lower alone


def test_one_failure_stops_what_has_not_begun(checkout: Checkout) -> None:
    checkout.break_source("answer-lower")
    asked = checkout.recipes(*STACK, "make-answer")
    done = checkout.build(*asked, "-C", "jobs=1")  # one after the other
    assert done.returncode == 1
    assert table(done) == {
        "answer-lower": "failed",
        "answer-middle": "not built",
        "answer-upper": "not built",
        "answer-make": "not built",
    }
    assert checkout.wheels() == []
    assert "\nanswer-make native: not built: answer-lower native failed\n" in done.stdout
    assert done.stdout.endswith("error: 4 of 4 wheels are not there: 1 failed, 3 not built\n")


def test_with_keep_going_it_takes_with_it_only_what_needs_it(checkout: Checkout) -> None:
    checkout.break_source("answer-middle")
    done = checkout.build("--keep-going", *checkout.recipes("make-answer", *STACK))
    assert done.returncode == 1
    assert table(done) == {
        "answer-lower": "built",
        "answer-middle": "failed",
        "answer-upper": "not built",
        "answer-make": "built",
    }
    assert checkout.wheels() == ["answer_lower", "answer_make"]
    said = done.stdout.partition("error: answer-middle native failed: ")[2]
    assert said.startswith("compile failed with status ")
    assert re.search(r"(?m)^  \| .*#error broken", said)
    assert "to repeat it" not in done.stdout
    assert re.search(r"(?m)^answer-middle .* compile failed with status \d$", said)
    [log] = re.findall(r"(?m)^  log of the build: (/\S+\.log)$", said)
    assert "to repeat it" in Path(log).read_text()
    assert Path(log).is_relative_to(checkout.cache / "logs")


def test_mistakes_are_told_before_anything_is_built(checkout: Checkout) -> None:
    done = checkout.build("--target", "natve", *checkout.recipes("make-answer", "nothing"))
    assert done.returncode == 1
    [unknown, missing] = done.stdout.splitlines()
    assert unknown.startswith("error: unknown target 'natve' (did you mean 'native'?)")
    assert missing == f"{checkout.recipe('nothing')} is not there"
    assert not checkout.cache.exists()


def test_a_refusal_is_no_failure_of_the_others(checkout: Checkout) -> None:
    with (checkout.recipe("make-answer") / "recipe.toml").open("a") as stream:
        stream.write('\n[[when]]\nos = "windows"\nunsupported = "take another"\n')
    asked = ("--target", "native", "--target", "x86_64-windows", checkout.recipe("make-answer"))
    reason = "answer-make 1.2.3 cannot be built for x86_64-windows: take another"
    done = checkout.build(*asked)
    assert done.returncode == 1
    assert f"\nerror: answer-make x86_64-windows refused: {reason}\n" in done.stdout
    assert re.search(r"(?m)^answer-make +native +not built +answer-make x86_64-w", done.stdout)
    assert checkout.wheels() == []
    done = checkout.build("--keep-going", *asked)
    assert done.returncode == 1
    assert checkout.wheels() == ["answer_make"]
    assert done.stdout.endswith("error: 1 of 2 wheels is not there: 1 refused\n")


def test_one_recipe_and_one_target_are_built_as_ever(checkout: Checkout) -> None:
    done = checkout.build("--target", "native", checkout.recipe("make-answer"))
    assert done.returncode == 0
    assert "\n* compile\n" in done.stdout
    assert re.search(rf"\S*/dist/answer_make-1\.2\.3-0{PLATFORM}\n", done.stdout)
    assert "CPU time" not in done.stdout


def on_terminal(checkout: Checkout, *arguments: str | Path, **variables: str) -> str:
    """Return what is written on a terminal of 60 columns and 20 lines."""
    ours, theirs = pty.openpty()
    os.system(f"stty cols 60 rows 20 -onlcr < {os.ttyname(theirs)}")  # noqa: S605
    process = subprocess.Popen(
        checkout.command(*arguments),
        env={**os.environ, **checkout.variables, "TERM": "xterm", **variables},
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    text = b""
    try:
        while data := os.read(ours, 1 << 16):
            text += data
    except OSError:  # the other end is closed
        pass
    os.close(ours)
    assert process.wait() == 0, text.decode()
    return text.decode()


def test_on_a_terminal_each_build_has_a_line_that_changes(checkout: Checkout) -> None:
    said = on_terminal(checkout, *checkout.recipes(*STACK))
    moving, _, rest = said.rpartition("\033[J")
    assert "\033[3A" in moving
    assert "\033[2manswer-upper   native  waits for answer-lower" in moving
    assert re.search(r"\033\[K\033\[32manswer-lower   native  built in \d+ s: answ", moving)
    drawn = re.sub(r"\033\[[0-9;]*[A-Za-z]|\r", "", moving).splitlines()
    assert max(map(len, drawn)) < 60
    assert rest.count("built") == 3
    assert max(map(len, rest.splitlines())) <= 60


def test_a_dumb_terminal_gets_lines_alone(checkout: Checkout) -> None:
    said = on_terminal(checkout, *checkout.recipes("answer-lower", "make-answer"), TERM="dumb")
    assert "\033" not in said
    assert "answer-lower native: begins\n" in said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_ctrl_c_ends_every_build_and_all_that_it_has_started(
    checkout: Checkout, number: signal.Signals
) -> None:
    script = 'echo $$ >> "$0.said"; sleep 300 & wait; exec $REAL "$@"'
    path = make_that(checkout.root / "bin", script)
    said = checkout.root / "bin" / "make.said"
    process = subprocess.Popen(
        checkout.command("-C", "jobs=2", *checkout.recipes("answer-lower", "make-answer")),
        env={**os.environ, **checkout.variables, "PATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    wait_until(lambda: said.exists() and said.read_text().count("\n") == 2)
    process.send_signal(number)
    process.send_signal(number)  # as `timeout` does
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    rows = re.findall(r"(?m)^(\S+) +native +interrupted +[\d.]+ s +[\d.]+ s  at compile$", output)
    assert rows == ["answer-lower", "answer-make"]
    assert output.endswith("error: interrupted: 2 of 2 wheels are not there: 2 interrupted\n")
    assert processes_below(checkout.root) == []
    assert [list(folder.iterdir()) for folder in (checkout.temporary, checkout.cache / "logs")] == [
        [],
        [],
    ]


def test_what_was_done_before_ctrl_c_is_told_and_stays(checkout: Checkout) -> None:
    checkout.break_source("answer-middle")
    hangs = 'echo > "$0.said"; sleep 300'
    script = f'if [ -f lower.c ] || [ -f middle.c ]; then exec $REAL "$@"; fi; {hangs}'
    path = make_that(checkout.root / "bin", script)
    process = subprocess.Popen(
        checkout.command("--keep-going", "-C", "jobs=2", *checkout.recipes(*STACK, "make-answer")),
        env={**os.environ, **checkout.variables, "PATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    wait_until((checkout.root / "bin" / "make.said").exists)
    wait_until(lambda: any(checkout.cache.glob("logs/several-*/answer-middle-native.log")))
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert table(subprocess.CompletedProcess((), 130, output)) == {
        "answer-lower": "built",
        "answer-middle": "failed",
        "answer-upper": "not built",
        "answer-make": "interrupted",
    }
    assert checkout.wheels() == ["answer_lower"]
    [log] = re.findall(r"(?m)^  log of the build: (/\S+\.log)$", output)
    assert "to repeat it" in Path(log).read_text()


def test_a_build_that_is_killed_does_not_lose_the_others(checkout: Checkout) -> None:
    script = 'if [ -f lower.c ]; then kill -9 $PPID; exit 1; fi; exec $REAL "$@"'
    path = make_that(checkout.root / "bin", script)
    asked = checkout.recipes("answer-lower", "make-answer")
    done = checkout.build("--keep-going", *asked, variables={"PATH": path})
    assert table(done) == {"answer-lower": "failed", "answer-make": "built"}
    assert "was ended by signal 9; is there enough memory?" in done.stdout


def test_a_compiler_cache_gives_the_same_bytes_without_compiling(checkout: Checkout) -> None:
    """The real ccache; what takes its place here is what tells whether it was there."""
    cache = {"CCACHE_DIR": str(checkout.root / "ccache"), "CCACHE_NODISABLE": "1"}
    variables = {n: v for n, v in os.environ.items() if n != "CCACHE_DISABLE"}
    wheels = []
    for launcher in ("none", "ccache", "ccache"):
        shutil.rmtree(checkout.cache / "trees", ignore_errors=True)
        done = subprocess.run(
            checkout.command(checkout.recipe("answer-middle"), "-C", f"launcher={launcher}"),
            env={**variables, **checkout.variables, **cache},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        assert ("compiling through ccache" in done.stdout) is (launcher == "ccache")
        wheels.append(next((checkout.root / "dist").glob("*.whl")).read_bytes())
    assert len(set(wheels)) == 1
    said = subprocess.run(
        ("ccache", "--print-stats"),
        env={**variables, **cache},
        capture_output=True,
        text=True,
        check=True,
    )
    stats = dict(line.split("\t") for line in said.stdout.splitlines())
    assert int(stats["direct_cache_hit"]) >= 2  # lower and middle, at least
