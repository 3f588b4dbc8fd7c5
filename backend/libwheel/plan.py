"""The plan: the commands that will run, as data; printable, comparable in a test."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from libwheel import buildsystems
from libwheel.buildsystems.job import LIBDIR, Cross, Job
from libwheel.naming import Tag
from libwheel.process import Command
from libwheel.recipe import Build
from libwheel.target import Format, Libc, Target
from libwheel.toolchains.toolchain import Toolchain
from libwheel.workspace import Workspace

# Hardening that the audit asks for, and nothing in the result that differs from build to build.
_LINKER_FLAGS = (
    "-Wl,-z,relro,-z,now,-z,noexecstack",
    "-Wl,--as-needed",
    "-Wl,--build-id=none",
)
# The audit knows by a symbol's version that some library defines it, and musl's have none.
_NOTHING_UNDEFINED = "-Wl,-z,defs"

_COMMANDS = "# commands"  # the heading, in a plan's script


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
        lines = ["set -eu", "# variables"]
        lines += [f"export {name}={shlex.quote(v)}" for name, v in self.variables.items()]
        folders = [*(path.parent for path in self.files), *(c.folder for c in self.commands)]
        lines += ["", f"# folders and files; at the end, below `{_COMMANDS}`, is what runs"]
        lines += [f"mkdir -p {shlex.quote(str(folder))}" for folder in dict.fromkeys(folders)]
        for path, text in self.files.items():
            lines.append(f"printf %s {shlex.quote(text)} > {shlex.quote(str(path))}")
            lines += [f"chmod +x {shlex.quote(str(path))}"] if is_program(text) else []
        lines += ["", _COMMANDS]
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


def is_program(text: str) -> bool:
    """Tell whether a file of a plan is to be executable."""
    return text.startswith("#!")


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
    target: Target
    requires: bool = False


def make(request: Request, workspace: Workspace) -> Plan:
    """Return the plan for one build; nothing is read, written or run."""
    jobs = build_jobs(request, workspace)
    system = buildsystems.SYSTEMS[request.build.system]
    commands = tuple(command for job in jobs for command in system.commands(job))
    shared = set.intersection(*(set(job.variables.items()) for job in jobs))
    variables = {name: v for name, v in jobs[0].variables.items() if (name, v) in shared}
    return Plan(_files(request, workspace, jobs[0]), variables, commands)


def _files(request: Request, workspace: Workspace, job: Job) -> Mapping[Path, str]:
    own = request.toolchain.placed(workspace.toolchain).files.items()
    system = buildsystems.SYSTEMS[request.build.system]
    script = {workspace.version_script: version_script(request.tag)}
    is_elf = request.target.format is Format.ELF
    return {**(script if is_elf else {}), **{Path(p): t for p, t in own}, **system.files(job)}


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
            cross=_cross(request, workspace),
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


def _cross(request: Request, workspace: Workspace) -> Cross | None:
    if not request.toolchain.files:
        return None
    return Cross(request.target, workspace.toolchain, workspace.requires)


def _variables(
    request: Request, build: Build, workspace: Workspace, earlier: tuple[str, ...]
) -> dict[str, str]:
    toolchain = request.toolchain.placed(workspace.toolchain)
    compiling = shlex.join(_compiler_flags(request, build, workspace))
    variables = {
        "CC": shlex.join(toolchain.cc),
        "CFLAGS": compiling,
        "LDFLAGS": shlex.join(_linker_flags(request, build, workspace, earlier)),
        "LC_ALL": "C",
        "TZ": "UTC",
        "SOURCE_DATE_EPOCH": str(request.epoch),
    }
    if toolchain.cxx:
        variables |= {"CXX": shlex.join(toolchain.cxx), "CXXFLAGS": compiling}
    if toolchain.files:
        variables |= {**toolchain.others, **_alone(workspace)}
    if toolchain.launcher:
        variables |= toolchain.launcher.before(variables, build.system)
    return variables | (_required_places(request, workspace) if request.requires else {})


def _compiler_flags(request: Request, build: Build, workspace: Workspace) -> tuple[str, ...]:
    return (
        "-O2",
        f"-ffile-prefix-map={workspace.source}=.",
        f"-ffile-prefix-map={workspace.build}=.",
        *(_required_headers(workspace) if request.requires else ()),
        *build.cflags,
    )


def _linker_flags(
    request: Request, build: Build, workspace: Workspace, earlier: tuple[str, ...]
) -> tuple[str, ...]:
    libraries = (f"-L{workspace.requires}/lib",) if request.requires else ()
    return (*_elf_flags(request.target, workspace), *earlier, *libraries, *build.ldflags)


def _elf_flags(target: Target, workspace: Workspace) -> tuple[str, ...]:
    if target.format is not Format.ELF:
        return ()
    defined = (_NOTHING_UNDEFINED,) if target.libc is Libc.MUSL else ()
    return (*_LINKER_FLAGS, *defined, f"-Wl,--version-script={workspace.version_script}")


def _alone(workspace: Workspace) -> dict[str, str]:
    """Return what keeps a toolchain of ours to the workspace: its objects, and what it finds."""
    return {
        "ZIG_LOCAL_CACHE_DIR": str(workspace.temporary / "zig"),
        "PKG_CONFIG_LIBDIR": f"{workspace.requires}/lib/pkgconfig",
    }


def _required_headers(workspace: Workspace) -> tuple[str, ...]:
    prefix = workspace.requires
    return f"-ffile-prefix-map={prefix}={prefix.name}", f"-I{prefix}/include"


def _required_places(request: Request, workspace: Workspace) -> dict[str, str]:
    """Return what build systems look into; and the loader, for programs that a build runs."""
    prefix = workspace.requires
    loader = {"LD_LIBRARY_PATH": f"{prefix}/lib"} if request.target.is_of_host else {}
    return {
        "CMAKE_PREFIX_PATH": f"{prefix}",
        "PKG_CONFIG_PATH": f"{prefix}/lib/pkgconfig",
        **loader,
    }
