"""Several builds at once: which ones, in what order, on what share of the machine."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from libwheel import workspace
from libwheel.cli_command import say
from libwheel.console import Console
from libwheel.errors import BuildError, StoppedError
from libwheel.files import writing_to
from libwheel.settings import OUTPUT_HINT
from libwheel.several import asking, display, machine, running, summary
from libwheel.several.asking import Asked
from libwheel.several.order import Build, State
from libwheel.several.running import Outcomes, Way
from libwheel.signals import once

_OWN = ("target", "jobs")  # settings that each build is given here


def build(asked: Asked, outdir: Path, *, keep_going: bool) -> None:
    """Build all that is asked for into a folder.

    Raises BuildError for mistakes before anything is built, and at the end where a wheel is not
    there; the logs of the builds stay then. It is StoppedError after Ctrl-C, once what came of
    each build is told.
    """
    builds, console = asking.builds(asked), Console()
    jobs = asked.config.get("jobs")  # a number: every build was read with it
    total = int(jobs) if isinstance(jobs, str) else None
    share = machine.share(machine.this(), len(builds), total)
    with writing_to(outdir, OUTPUT_HINT):
        outdir.mkdir(parents=True, exist_ok=True)
    with once(), workspace.kept_logs("several", asked.environment.cache / "logs") as logs:
        way = Way((*_arguments(asked, outdir), f"-Cjobs={share.jobs}"), share, logs, keep_going)
        with display.shown(builds, console) as look:
            outcomes = running.run(builds, way, look)
        _tell(builds, outcomes, console)
        missing = summary.missing(outcomes)
        if any(one.state is State.INTERRUPTED for one in outcomes.values()):
            raise StoppedError(f"interrupted: {missing}")
        if missing:
            raise BuildError(missing)


def _tell(builds: Sequence[Build], outcomes: Outcomes, console: Console) -> None:
    for text in summary.warnings(builds, outcomes):
        console.warn(text)
    for text in summary.failures(builds, outcomes):
        console.error(text)
    say(summary.table(builds, outcomes, _width(Console(sys.stdout))))
    sys.stdout.flush()  # before what is wrong as a whole is told on the other stream


def _arguments(asked: Asked, outdir: Path) -> Iterator[str]:
    yield from ("-o", str(outdir.absolute()))
    for name, value in asked.config.items():
        if name not in _OWN:
            yield f"-C{name}={value}"


def _width(console: Console) -> int:
    """Return how many columns there are; no end of them where there is no terminal."""
    return console.size[0] if console.is_terminal else sys.maxsize
