"""Imports modules one after the other and tells, after each, which files the process has mapped.

Run by `imports` with ``python -c``, in an environment that has no libwheel and may be an older
Python: nothing but the standard library, and nothing newer than Python 3.9's.

The arguments are the path of a file and the modules. To the file goes a line of JSON that all is
ready, then one for each module: what came of it. It is opened for each, as a module may close or
take any file descriptor.
"""

from __future__ import annotations

import sys

if sys.path[:1] == [""]:  # the working folder, put there for -c: none of the modules live in it
    del sys.path[0]

import importlib
import json
import os
import traceback


def main() -> None:
    answers, modules = sys.argv[1], sys.argv[2:]
    del sys.argv[1:]
    known = _mapped()
    _tell(answers, {})
    for module in modules:
        reason = _failure(module)
        now = _mapped()
        _tell(answers, {"module": module, "reason": reason, "mapped": sorted(now - known)})
        known |= now
    os._exit(0)  # what the modules do at exit is no concern of ours


def _failure(module: str) -> str | None:
    """Import a module; return the last line of why it could not be, None where it could."""
    try:
        importlib.import_module(module)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001  # SystemExit too: the next module's turn
        text = "".join(traceback.format_exception_only(type(error), error))
        return [line for line in text.splitlines() if line.strip()][-1].strip()
    return None


def _mapped() -> set[str]:
    """Return the files of which something executable is mapped."""
    with open("/proc/self/maps", "rb") as stream:  # noqa: PTH123  # no pathlib for this
        lines = [line.rstrip(b"\n").partition(b" /") for line in stream]
    return {os.fsdecode(b"/" + path) for head, _, path in lines if path and b"x" in head.split()[1]}


def _tell(answers: str, answer: dict[str, object]) -> None:
    with open(answers, "ab", buffering=0) as stream:  # noqa: PTH123  # no pathlib for this
        stream.write(json.dumps(answer).encode() + b"\n")


if __name__ == "__main__":
    main()
