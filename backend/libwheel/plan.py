"""The plan: the commands that will run, as data; printable, comparable in a test."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from libwheel import buildsystems
from libwheel.buildsystems.job import LIBDIR, Job
from libwheel.naming import Tag
from libwheel.process import Command
from libwheel.recipe import Build
from libwheel.toolchains.toolchain import Toolchain

# Hardening that the audit asks for, and nothing in the result that differs from build to build.
_LINKER_FLAGS = (
    "-Wl,-z,relro,-z,now,-z,noexecstack",
    "-Wl,--as-needed",
    "-Wl,--build-id=none",
)


@dataclass(frozen=True)
class Workspace:
    """The folders of one build: everything below `root` may go when the wheel is made."""

    root: Path
    logs: Path

    @property
    def source(self) -> Path:
        """The unpacked and patched upstream source."""
        return self.root / "source"

    @property
    def build(self) -> Path:
        return self.root / "build"

    @property
    def destination(self) -> Path:
        """DESTDIR of the installation; each configuration's is a folder in it."""
        return self.root / "destination"

    @property
    def stage(self) -> Path:
        return self.root / "stage"

    @property
    def tree(self) -> Path:
        """What is kept of the installation: see `InstalledTree`."""
        return self.root / "tree"

    @property
    def requires(self) -> Path:
        """A conventional prefix with the library wheels that this one is built against."""
        return self.root / "requires"

    @property
    def wheels(self) -> Path:
        """Those of them that had to be built first."""
        return self.root / "wheels"

    @property
    def temporary(self) -> Path:
        """TMPDIR of every command: what a killed compiler leaves goes as well."""
        return self.root / "tmp"

    @property
    def folders(self) -> tuple[Path, ...]:
        """Every folder that a build makes below `root`."""
        made = (self.source, self.build, self.destination, self.stage, self.tree)
        return (*made, self.requires, self.wheels, self.temporary)

    @property
    def version_script(self) -> Path:
        return self.root / "version-script.map"


@dataclass(frozen=True)
class Plan:
    """What turns a source tree into an installed tree: files to write, then commands to run.

    `variables` is the environment of every command, but for PATH and what depends on the
    machine alone; a command may have variables of its own beyond these.
    """

    files: Mapping[Path, str]
    variables: Mapping[str, str]
    commands: tuple[Command, ...]

    def as_shell(self) -> str:
        """Return the plan as a POSIX shell script."""
        lines = ["set -eu"]
        lines += [f"export {name}={shlex.quote(v)}" for name, v in self.variables.items()]
        folders = [*(path.parent for path in self.files), *(c.folder for c in self.commands)]
        lines += [f"mkdir -p {shlex.quote(str(folder))}" for folder in dict.fromkeys(folders)]
        for path, text in self.files.items():
            lines.append(f"printf %s {shlex.quote(text)} > {shlex.quote(str(path))}")
        said = dict(self.variables)
        for command in self.commands:
            changed = {n: v for n, v in command.variables.items() if said.get(n) != v}
            said |= changed
            lines += [f"export {name}={shlex.quote(v)}" for name, v in changed.items()]
            lines.append(f"( {command.as_shell()} )")
        return "\n".join(lines) + "\n"

    def as_json(self) -> str:
        """Return the plan as one canonical text, for a key."""
        parts = {
            "files": {str(path): text for path, text in self.files.items()},
            "variables": dict(self.variables),
            "commands": [[str(c.folder), self._own(c), *c.argv] for c in self.commands],
        }
        return json.dumps(parts, sort_keys=True)

    def _own(self, command: Command) -> dict[str, str]:
        given = command.variables.items()
        return {name: value for name, value in given if self.variables.get(name) != value}


@dataclass(frozen=True)
class Request:
    """What a plan is made from; `epoch` is SOURCE_DATE_EPOCH, in seconds since 1970.

    `requires`: the recipe is built against other library wheels.
    """

    build: Build
    tag: Tag
    toolchain: Toolchain
    epoch: int
    jobs: int
    requires: bool = False


def make(request: Request, workspace: Workspace) -> Plan:
    """Return the plan for one build; nothing is read, written or run."""
    jobs = build_jobs(request, workspace)
    system = buildsystems.SYSTEMS[request.build.system]
    commands = tuple(command for job in jobs for command in system.commands(job))
    shared = set.intersection(*(set(job.variables.items()) for job in jobs))
    variables = {name: v for name, v in jobs[0].variables.items() if (name, v) in shared}
    return Plan({workspace.version_script: version_script(request.tag)}, variables, commands)


def build_jobs(request: Request, workspace: Workspace) -> tuple[Job, ...]:
    """Return what the build system is given: one job, or one for each configuration.

    Each configuration is installed into a DESTDIR of its own, and finds the libraries that those
    before it have installed.
    """
    jobs: list[Job] = []
    for name, build in request.build.configured.items():
        earlier = tuple(f"-L{job.installed / LIBDIR}" for job in jobs)
        job = Job(
            build=build,
            source=workspace.source,
            folder=workspace.build / name,
            destination=workspace.destination / name,
            jobs=request.jobs,
            variables=_variables(request, build, workspace, earlier),
            name=name,
        )
        jobs.append(job)
    return tuple(jobs)


def unused_options(request: Request, workspace: Workspace, log: Callable[[str], str]) -> list[str]:
    """Return the options that upstream's build did not use.

    `log` returns what the command of that title printed. An option of `[build]` is unused where
    no configuration used it; one of a configuration counts there alone.
    """
    system = buildsystems.SYSTEMS[request.build.system]
    unused = {
        job.name: system.unused(job, log(system.commands(job)[0].title))
        for job in build_jobs(request, workspace)
    }
    everywhere = [name for name in request.build.options if all(name in v for v in unused.values())]
    return everywhere + [
        f"{name} (configuration {one.name!r})"
        for one in request.build.configuration
        for name in one.options
        if name in unused[one.name] and name not in everywhere
    ]


def version_script(tag: Tag) -> str:
    """Return a linker version script that defines the tag's node and gives it no symbol.

    Which symbols are exported stays upstream's choice; tagging gives them the node.
    """
    return f"{tag.version_node} {{ }};\n"


def _variables(
    request: Request, build: Build, workspace: Workspace, earlier: tuple[str, ...]
) -> dict[str, str]:
    toolchain = request.toolchain
    compile_flags = (
        "-O2",
        f"-ffile-prefix-map={workspace.source}=.",
        f"-ffile-prefix-map={workspace.build}=.",
        *(_required_headers(workspace) if request.requires else ()),
        *build.cflags,
    )
    libraries = (f"-L{workspace.requires}/lib",) if request.requires else ()
    script = f"-Wl,--version-script={workspace.version_script}"
    variables = {
        "CC": shlex.join(toolchain.cc),
        "CFLAGS": shlex.join(compile_flags),
        "LDFLAGS": shlex.join((*_LINKER_FLAGS, script, *earlier, *libraries, *build.ldflags)),
        "LC_ALL": "C",
        "TZ": "UTC",
        "SOURCE_DATE_EPOCH": str(request.epoch),
    }
    if toolchain.cxx:
        variables |= {"CXX": shlex.join(toolchain.cxx), "CXXFLAGS": variables["CFLAGS"]}
    return variables | (_required_places(workspace) if request.requires else {})


def _required_headers(workspace: Workspace) -> tuple[str, ...]:
    prefix = workspace.requires
    return f"-ffile-prefix-map={prefix}={prefix.name}", f"-I{prefix}/include"


def _required_places(workspace: Workspace) -> dict[str, str]:
    """Return what build systems look into; and the loader, for programs that a build runs."""
    prefix = workspace.requires
    return {
        "CMAKE_PREFIX_PATH": f"{prefix}",
        "PKG_CONFIG_PATH": f"{prefix}/lib/pkgconfig",
        "LD_LIBRARY_PATH": f"{prefix}/lib",
    }
