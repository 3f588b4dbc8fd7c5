"""The plan: the commands that will run, as data; printable, comparable in a test."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from libwheel import buildsystems
from libwheel.buildsystems.job import PREFIX, Job
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
        """DESTDIR of the installation."""
        return self.root / "destination"

    @property
    def installed(self) -> Path:
        """The installed tree, below DESTDIR."""
        return self.destination / PREFIX.relative_to("/")

    @property
    def stage(self) -> Path:
        return self.root / "stage"

    @property
    def tree(self) -> Path:
        """What is kept of the installation: see `InstalledTree`."""
        return self.root / "tree"

    @property
    def temporary(self) -> Path:
        """TMPDIR of every command: what a killed compiler leaves goes as well."""
        return self.root / "tmp"

    @property
    def folders(self) -> tuple[Path, ...]:
        """Every folder that a build makes below `root`."""
        made = (self.source, self.build, self.destination, self.stage, self.tree)
        return (*made, self.temporary)

    @property
    def version_script(self) -> Path:
        return self.root / "version-script.map"


@dataclass(frozen=True)
class Plan:
    """What turns a source tree into an installed tree: files to write, then commands to run.

    `variables` is the environment of every command, but for PATH and what depends on the
    machine alone.
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
        lines += [f"( {command.as_shell()} )" for command in self.commands]
        return "\n".join(lines) + "\n"

    def as_json(self) -> str:
        """Return the plan as one canonical text, for a key."""
        parts = {
            "files": {str(path): text for path, text in self.files.items()},
            "variables": dict(self.variables),
            "commands": [[str(c.folder), *c.argv] for c in self.commands],
        }
        return json.dumps(parts, sort_keys=True)


@dataclass(frozen=True)
class Request:
    """What a plan is made from; `epoch` is SOURCE_DATE_EPOCH, in seconds since 1970."""

    build: Build
    tag: Tag
    toolchain: Toolchain
    epoch: int
    jobs: int


def make(request: Request, workspace: Workspace) -> Plan:
    """Return the plan for one build; nothing is read, written or run."""
    job = build_job(request, workspace)
    commands = buildsystems.SYSTEMS[request.build.system].commands(job)
    return Plan({workspace.version_script: version_script(request.tag)}, job.variables, commands)


def build_job(request: Request, workspace: Workspace) -> Job:
    """Return what the build system is given."""
    return Job(
        build=request.build,
        source=workspace.source,
        folder=workspace.build,
        destination=workspace.destination,
        jobs=request.jobs,
        variables=_variables(request, workspace),
    )


def version_script(tag: Tag) -> str:
    """Return a linker version script that defines the tag's node and gives it no symbol.

    Which symbols are exported stays upstream's choice; tagging gives them the node.
    """
    return f"{tag.version_node} {{ }};\n"


def _variables(request: Request, workspace: Workspace) -> dict[str, str]:
    build, toolchain = request.build, request.toolchain
    compile_flags = (
        "-O2",
        f"-ffile-prefix-map={workspace.source}=.",
        f"-ffile-prefix-map={workspace.build}=.",
        *build.cflags,
    )
    script = f"-Wl,--version-script={workspace.version_script}"
    variables = {
        "CC": shlex.join(toolchain.cc),
        "CFLAGS": shlex.join(compile_flags),
        "LDFLAGS": shlex.join((*_LINKER_FLAGS, script, *build.ldflags)),
        "LC_ALL": "C",
        "TZ": "UTC",
        "SOURCE_DATE_EPOCH": str(request.epoch),
    }
    if toolchain.cxx:
        variables |= {"CXX": shlex.join(toolchain.cxx), "CXXFLAGS": variables["CFLAGS"]}
    return variables
