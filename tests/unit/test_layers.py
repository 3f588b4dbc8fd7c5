"""The imports point one way, and the hooks can be imported where nothing is installed."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator, Mapping
from graphlib import TopologicalSorter
from pathlib import Path

import libwheel

PACKAGE = Path(libwheel.__file__).parent
ROOT = "__init__"

# From the top: a module imports from its own layer and from those below. A folder is placed as
# a whole.
LAYERS = (
    (ROOT, "__main__"),
    ("cli", "hooks", "reference"),
    ("cli_doctor", "cli_recipes", "cli_repair"),
    ("several",),
    ("cli_command", "pipeline", "show"),
    ("assembly", "building", "requirements", "task", "tools"),
    ("configurations",),
    (
        "audit",
        "buildsystems",
        "cmake_config",
        "consumer",
        "header_names",
        "locator",
        "pkgconfig",
        "plan",
        "required",
        "sbom",
        "sdist",
        "selection",
        "source",
        "symbol_names",
        "tagging",
        "wheel",
        "workspace",
    ),
    (
        "binaries",
        "metadata",
        "programs",
        "recipe",
        "recipe_checks",
        "recipe_conditions",
        "recipe_file",
        "recipe_mistakes",
        "recipe_resolution",
        "schema",
        "settings",
        "staging",
        "toolchains",
        "trees",
    ),
    (
        "console",
        "errors",
        "files",
        "guard",
        "naming",
        "patterns",
        "policy",
        "process",
        "signals",
        "target",
        "version",
        "words",
    ),
    ("locator_template",),  # lives in the wheels that libwheel makes, where there is no libwheel
)
ALONE = ("locator_template", "toolchains.zig_wrapper")  # the latter in the folder of a build
DEPTH = {name: depth for depth, layer in enumerate(LAYERS) for name in layer}


def read_modules() -> dict[str, str]:
    """Return the text of each module by its name below `libwheel`."""
    texts = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        *folders, name = path.relative_to(PACKAGE).with_suffix("").parts
        parts = folders if name == "__init__" and folders else [*folders, name]
        texts[".".join(parts)] = path.read_text(encoding="utf-8")
    return texts


MODULES = read_modules()


def imports(text: str) -> set[str]:
    """Return the modules of libwheel that `text` imports anywhere, by their name below it."""
    return {_below_libwheel(name) for name in _imported(text) if f"{name}.".startswith("libwheel.")}


def _imported(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _below_libwheel(name: str) -> str:
    """Return the module's own name, where `name` may be of something in it."""
    name = name.partition(".")[2]
    return name if name in MODULES else name.rpartition(".")[0] or ROOT


def top(name: str) -> str:
    return name.partition(".")[0]


GRAPH: Mapping[str, set[str]] = {name: imports(text) for name, text in MODULES.items()}


def test_imports_are_found_wherever_they_stand() -> None:
    text = """
import os, libwheel.naming
from libwheel import recipe, __version__
from libwheel.source import fetch
from libwheel.errors import BuildError
from pathlib import Path
def function():
    if True:
        from libwheel import pipeline as other
"""
    assert imports(text) == {"naming", "recipe", ROOT, "source.fetch", "errors", "pipeline"}


def test_only_what_does_not_know_its_own_name_imports_relatively() -> None:
    relative = [
        name
        for name, text in MODULES.items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert [name for name in relative if not name.startswith(ALONE)] == []


def test_every_module_is_placed_and_every_place_is_taken() -> None:
    assert DEPTH.keys() == {top(name) for name in MODULES}
    assert len(DEPTH) == sum(map(len, LAYERS))


def test_imports_point_down() -> None:
    upward = [
        f"{name} imports {imported}"
        for name, names in GRAPH.items()
        for imported in sorted(names)
        if DEPTH[top(imported)] < DEPTH[top(name)]
    ]
    assert not upward


def test_there_are_no_cycles() -> None:
    TopologicalSorter(GRAPH).prepare()  # raises CycleError, which names them


def test_the_package_itself_is_the_hooks_and_the_version() -> None:
    assert GRAPH[ROOT] == {"hooks", "version"}


def test_what_lives_elsewhere_imports_the_standard_library_alone() -> None:
    texts = [text for name, text in MODULES.items() if name.startswith(ALONE)]
    foreign = {
        name
        for text in texts
        for name in map(top, _imported(text))
        if name not in sys.stdlib_module_names
    }
    assert texts
    assert not foreign


IMPORT = """
import importlib, sys

class Witness:
    def find_spec(self, name, path=None, target=None):
        first = name.partition(".")[0]
        # org: the standard library's copy.py looks for Jython's
        if first not in (*sys.stdlib_module_names, "libwheel", "org"):
            print("asked for", name)

sys.path.insert(0, sys.argv[1])
sys.meta_path.insert(0, Witness())
try:
    importlib.import_module(sys.argv[2])
except ModuleNotFoundError as error:
    print("has no", error.name)
"""


def import_alone(module: str) -> str:
    """Import where nothing but the standard library is; return what else was asked for."""
    command = (sys.executable, "-I", "-S", "-c", IMPORT, str(PACKAGE.parent), module)
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


def test_the_hooks_are_imported_with_the_standard_library_alone() -> None:
    assert import_alone("libwheel.hooks") == ""


def test_other_modules_are_not() -> None:
    asked = import_alone("libwheel.recipe").splitlines()
    assert asked[0].startswith("asked for packaging")
    assert asked[-1].startswith("has no packaging")
