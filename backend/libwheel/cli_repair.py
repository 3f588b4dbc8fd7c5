"""The command `repair`: consumers' wheels become fit to ship."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from libwheel import programs, settings
from libwheel.cli_command import Commands, command, say
from libwheel.console import Console
from libwheel.consumer import library_wheels
from libwheel.consumer.repair import grafting, repairing
from libwheel.consumer.repair.repairing import Proposal, Tools
from libwheel.errors import BuildError
from libwheel.tools import PATCHELF
from libwheel.wheel import file_time

_ABOUT = """\
Make wheels that were built against library wheels fit to ship: their extensions find the shared
libraries in any environment, their metadata requires the library wheels, what else they need is
put into them by auditwheel. The result is a new wheel; the one that is given stays as it is.

Run it where the same versions of the library wheels are installed that the consumer was built
against: that is where the names, the version to require and the platform come from.
"""


def add(commands: Commands) -> None:
    """Add the command to the command line."""
    parser = command(
        commands,
        "repair",
        _repair,
        "make wheels that use library wheels fit to ship",
        "libwheel repair dist/h5py-3.16.0-cp311-cp311-linux_x86_64.whl",
    )
    parser.description = _ABOUT
    parser.add_argument("wheel", nargs="+", type=Path, help="a wheel, as its build left it")
    parser.add_argument(
        *("-o", "--outdir"), type=Path, default=Path("wheelhouse"), help="default: wheelhouse"
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="only say what would be done; exit status 1 where it is anything",
    )
    parser.add_argument(
        "--exact",
        action="store_true",
        help="require the very versions of the library wheels that are installed, "
        "not what they declare compatible",
    )


def _repair(options: argparse.Namespace) -> int:
    """Repair what can be; every error is shown."""
    console, epoch = Console(), file_time(settings.epoch(os.environ))
    installed = library_wheels.installed(Path(folder) for folder in sys.path)
    if not options.check:
        repairing.refuse_unwritable(options.outdir)
    made: dict[str, Path] = {}
    unfit = 0
    for path in options.wheel:
        try:
            with console.step(f"{'check' if options.check else 'repair'} {path.name}"):
                proposal = repairing.propose(path, installed, _tools, exact=options.exact)
                for warning in proposal.plan.warnings if proposal.plan else ():
                    console.warn(warning)
                if options.check:
                    say("\n  ".join([f"{path}: {_verdict(proposal)}", *proposal.changes]))
                    unfit += not proposal.is_fit
                else:
                    _refuse_second(proposal, made)
                    _write(proposal, options.outdir, epoch, console)
                    made[proposal.name] = path
        except BuildError as error:
            console.error(str(error))
            unfit += 1
    return 1 if unfit else 0


def _refuse_second(proposal: Proposal, made: Mapping[str, Path]) -> None:
    """Raise BuildError where the result would replace one that this call has made."""
    if proposal.name in made:
        raise BuildError(
            f"{proposal.path}: its result would replace that of {made[proposal.name]}, which is "
            f"{proposal.name} as well: repair one of them, or each into an --outdir of its own"
        )


def _write(proposal: Proposal, folder: Path, epoch: int, console: Console) -> None:
    for line in proposal.changes or (_verdict(proposal),):
        console.note(line)
    say(str(repairing.write(proposal, folder, _tools, epoch)))


def _verdict(proposal: Proposal) -> str:
    if proposal.plan is None:
        rest = "; what else it needs is `auditwheel repair`'s" if proposal.is_plain_linux else ""
        return f"needs no library wheel: nothing to repair{rest}"
    return "fit to ship: nothing to repair" if proposal.is_fit else "not fit to ship:"


@cache
def _tools() -> Tools:
    """Return the programs; asked for where a wheel needs them only."""
    patchelf = programs.find(PATCHELF, os.environ.get("PATH", os.defpath))
    return Tools(grafting.find(patchelf, os.environ), patchelf.path)
