"""One job with everything that a recipe can say of a build."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from libwheel import plan
from libwheel.buildsystems.job import Job
from libwheel.naming import Tag
from libwheel.plan import Request
from libwheel.recipe import Build
from libwheel.target import Libc, Os, Target
from libwheel.toolchains.toolchain import Toolchain
from libwheel.workspace import Workspace

TAG = Tag("answer", "1.2.3", "1", 0)
TOOLCHAIN = Toolchain(("/bin/cc", "-m64"), ("/bin/c++",), ("/bin/strip",), "cc 1.0")
TARGET = Target(Os.LINUX, "x86_64", Libc.GLIBC)
SPACE = Workspace(Path("/w"), Path("/w/logs"))


def request(system: str) -> Request:
    """Return a full-featured request for one build system."""
    build = Build(
        system=system,
        folder="sub",
        options={"YES": True, "NO": False, "NAME": "a b", "LEVEL": 3},
        targets=("answer", "question"),
        cflags=("-DA", '-DB="b c"'),
        ldflags=("-lm",),
    )
    return Request(build, TAG, TOOLCHAIN, epoch=1_700_000_000, jobs=7, target=TARGET)


def job(system: str, source: Path | None = None) -> Job:
    """Return the job of that request; its source tree may be a real one."""
    (made,) = plan.build_jobs(request(system), SPACE)
    return replace(made, source=source or made.source)
