"""Small Python packages with an extension that calls the sample library, and what they map."""

from __future__ import annotations

import json
import sysconfig
from collections.abc import Mapping, Sequence
from pathlib import Path

import mapped
from environments import Variables, libwheel, run
from sample_projects import make_sample

CALLER = Path(__file__).parent / "samples" / "caller.c"
Options = Mapping[str, Sequence[str]]  # as setuptools takes them

_REPORT = f"""
import json
{mapped.SOURCE}
print(json.dumps([told, mapped("libsample")]))
"""


def library_wheel(sample: str, folder: Path) -> Path:
    """Build the sample's library wheel below `folder`."""
    made = make_sample(sample, folder)
    done = libwheel("build", made.folder, "-o", folder / sample / "dist")
    assert done.returncode == 0, done.stdout
    [wheel] = (folder / sample / "dist").iterdir()
    return wheel


def options_for(
    python: Path, pywheel: str, module: str, variables: Variables | None = None
) -> Options:
    """Ask the locator what setuptools has to know."""
    code = f"import json, {pywheel} as p; print(json.dumps(p.extension_options({module!r})))"
    answer: Options = json.loads(run(python, "-c", code, variables=variables))
    return answer


def packages(python: Path) -> Path:
    """Return the folder of the environment's packages."""
    return Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('platlib'))").strip())


def write_package(site: Path, name: str, line: str, options: Options) -> None:
    """Put a package into `site`; its `told()` calls the library, after `line` in its `__init__`."""
    package = site / name
    package.mkdir()
    (package / "__init__.py").write_text(f"{line}\nfrom {name}._caller import told\n")
    compile_caller(package / f"_caller{sysconfig.get_config_var('EXT_SUFFIX')}", options)


def compile_caller(path: Path, options: Options) -> None:
    """Call the compiler as setuptools would."""
    run(
        *("cc", "-shared", "-fPIC", f"-DMODULE={path.name.partition('.')[0]}"),
        *(f"-I{folder}" for folder in (*options["include_dirs"], sysconfig.get_path("include"))),
        *(CALLER, "-o", path),
        *(f"-L{folder}" for folder in options["library_dirs"]),
        *(f"-l{name}" for name in options["libraries"]),
        *(f"-Wl,-rpath,{folder}" for folder in options["runtime_library_dirs"]),
    )


def told_by(
    python: Path, code: str, variables: Variables | None = None
) -> tuple[list[list[int]], list[Path]]:
    """Run `code`, which makes the list `told`; return it and the sample libraries then mapped."""
    alone = {"PYTHONPATH": "", **(variables or {})}
    said = run(python, "-c", code + _REPORT, variables=alone)
    told, libraries = json.loads(said)
    return told, [Path(path) for path in libraries]
