"""Download one URL to a file: time-outs, retries, and going on where it was interrupted."""

from __future__ import annotations

import json
import re
import socket
import ssl
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto
from http import HTTPStatus
from http.client import HTTPException, IncompleteRead
from io import RawIOBase
from pathlib import Path
from typing import Any, Protocol, cast
from urllib.error import HTTPError, URLError
from urllib.parse import unquote, urlsplit

from libwheel.console import Console
from libwheel.errors import BuildError
from libwheel.source.locations import Location
from libwheel.version import __version__

_BLOCK = 1 << 18
_HEADERS = {"User-Agent": f"libwheel/{__version__}", "Accept": "*/*"}
_PASSING_STATUS = {408, 429}  # and every 5xx
_ABSENT_STATUS = {404, 410}


class Fault(Enum):
    """Why a location did not give the file."""

    PASSING = auto()
    UNREACHABLE = auto()
    ABSENT = auto()
    REFUSED = auto()
    WRONG_BYTES = auto()


class DownloadError(BuildError):
    """One location did not give the file."""

    def __init__(self, fault: Fault, reason: str) -> None:
        self.fault = fault
        super().__init__(reason)


@dataclass(frozen=True)
class Patience:
    """How long to wait, in seconds: for an answer or its next piece; before each further try."""

    timeout: float = 30.0
    delays: tuple[float, ...] = (1.0, 3.0, 9.0)


PATIENCE = Patience()


class _Response(Protocol):
    headers: Any

    def getcode(self) -> int | None: ...
    def read1(self, amount: int, /) -> bytes: ...
    def close(self) -> None: ...


@dataclass(frozen=True)
class _Answer:
    response: _Response
    patience: Patience

    @property
    def is_partial(self) -> bool:
        return self.response.getcode() == HTTPStatus.PARTIAL_CONTENT

    def header(self, name: str) -> str:
        return str(self.response.headers.get(name) or "")

    @property
    def validator(self) -> str:
        etag = self.header("ETag")
        return etag if etag.startswith('"') else self.header("Last-Modified")

    def blocks(self) -> Iterator[bytes]:
        try:
            while block := self.response.read1(_BLOCK):
                yield block
        except (OSError, HTTPException) as error:
            raise _explained(error, self.patience) from None


@dataclass(frozen=True)
class _Begun:
    """What is known of a `.part` file; it stands beside it, so that a later run can go on.

    `validator` is for If-Range (RFC 9110): a strong ETag or a date, empty if the server sends
    neither. Going on is fair even then: who asks for the file knows its hash.
    """

    url: str
    validator: str
    total: int


def download(
    location: Location, part: Path, console: Console, patience: Patience = PATIENCE
) -> bool:
    """Fetch into `part`, going on where an earlier try or run stopped, if the server can.

    Return whether the file was put together from several tries. Raises DownloadError, after
    further tries where the fault may pass.
    """
    resumed = False
    for delay in (*patience.delays, None):
        try:
            resumed |= _receive(location, part, console, patience)
        except DownloadError as error:
            if error.fault is not Fault.PASSING or delay is None:
                raise
            console.note(f"{location.url}: {error}; next try in {delay:g} s")
            time.sleep(delay)
        else:
            break
    _note(part).unlink(missing_ok=True)
    return resumed


def probe(location: Location, patience: Patience) -> None:
    """Ask for `location` without its bytes, once; raise DownloadError where it cannot be had."""
    try:
        _sent(location, {}, patience, method="HEAD").close()
    except HTTPError as error:
        error.close()
        raise _refusal(error) from None


def discard(part: Path) -> None:
    """Delete a `.part` file and what is known of it."""
    _note(part).unlink(missing_ok=True)
    part.unlink(missing_ok=True)


def _receive(location: Location, part: Path, console: Console, patience: Patience) -> bool:
    """Fetch what is missing in `part`; return whether something was there to go on from."""
    begun = _begun(location.url, part)
    have = part.stat().st_size if begun else 0
    if begun and have == begun.total:
        return True
    with _asked(location, begun, have, patience) as answer:
        if begun and answer.is_partial:
            _check_range(answer, part, have, begun.total)
            _pump(answer, part, console, begun)
            return True
        _pump(answer, part, console, _begin(location.url, part, answer))
        return False


def _begun(url: str, part: Path) -> _Begun | None:
    """Return what is known of `part`, if it comes from `url` and going on is possible."""
    try:
        begun = _Begun(**json.loads(_note(part).read_text(encoding="utf-8")))
        size = part.stat().st_size
    except (FileNotFoundError, ValueError, TypeError):
        return None
    return begun if begun.url == url and 0 < size <= begun.total else None


def _begin(url: str, part: Path, answer: _Answer) -> _Begun:
    discard(part)
    length = answer.header("Content-Length")
    begun = _Begun(url, answer.validator, int(length) if length.isdecimal() else 0)
    _note(part).write_text(json.dumps(vars(begun)), encoding="utf-8")
    return begun


def _note(part: Path) -> Path:
    return part.with_name(f"{part.name}.json")


@contextmanager
def _asked(
    location: Location, begun: _Begun | None, have: int, patience: Patience
) -> Iterator[_Answer]:
    response = _response(location, begun, have, patience)
    try:
        yield _Answer(response, patience)
    finally:
        response.close()


def _response(location: Location, begun: _Begun | None, have: int, patience: Patience) -> _Response:
    headers = {}
    if begun:
        headers["Range"] = f"bytes={have}-"
    if begun and begun.validator:
        headers["If-Range"] = begun.validator
    try:
        return _sent(location, headers, patience)
    except HTTPError as error:
        error.close()
        if begun and error.code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            return _response(location, None, 0, patience)
        raise _refusal(error) from None


def _sent(
    location: Location, headers: Mapping[str, str], patience: Patience, method: str = "GET"
) -> _Response:
    """Send a request; raise HTTPError for a refusal, DownloadError where there is no answer."""
    try:
        request = urllib.request.Request(  # noqa: S310 (the opener chooses)
            location.url, headers={**_HEADERS, **headers}, method=method
        )
        for name, value in location.secret_headers.items():
            request.add_unredirected_header(name, value)
        return cast("_Response", _opener().open(request, timeout=patience.timeout))
    except HTTPError:
        raise
    except (OSError, HTTPException, ValueError) as error:
        raise _explained(error, patience) from None


def _opener() -> urllib.request.OpenerDirector:
    """Return urllib's own opener, its proxies too, less ftp and data."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.FileHandler(),
        urllib.request.HTTPRedirectHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.UnknownHandler(),
    ):
        opener.add_handler(handler)
    return opener


def _check_range(answer: _Answer, part: Path, have: int, total: int) -> None:
    found = answer.header("Content-Range")
    if re.fullmatch(rf"bytes {have}-\d+/{total}", found):
        return
    discard(part)
    reason = f"asked to go on at byte {have} of {total}, it sent {found or 'something else'!r}"
    raise DownloadError(Fault.PASSING, reason)


def _pump(answer: _Answer, part: Path, console: Console, begun: _Begun) -> None:
    name = unquote(urlsplit(begun.url).path.rpartition("/")[2])
    # Unbuffered: whatever ends this run, what has come is on the disk.
    with part.open("ab", 0) as stream, console.progress(name, begun.total or None) as progress:
        progress.advance(stream.tell())
        for block in answer.blocks():
            _write(stream, block)
            progress.advance(len(block))
        size = stream.tell()
    if begun.total and size != begun.total:
        reason = f"the download was cut off after {size} of {begun.total} bytes"
        raise DownloadError(Fault.PASSING, reason)


def _write(stream: RawIOBase, block: bytes) -> None:
    rest = memoryview(block)
    while rest:
        rest = rest[stream.write(rest) :]


def _refusal(error: HTTPError) -> DownloadError:
    reason = f"{error.code} {error.reason}"
    if error.code in _ABSENT_STATUS:
        return DownloadError(Fault.ABSENT, reason)
    passing = error.code >= HTTPStatus.INTERNAL_SERVER_ERROR or error.code in _PASSING_STATUS
    return DownloadError(Fault.PASSING if passing else Fault.REFUSED, reason)


def _explained(error: Exception, patience: Patience) -> DownloadError:
    """Say what went wrong; a host that cannot even be connected to is not asked again."""
    connecting = isinstance(error, URLError)
    cause = error.reason if isinstance(error, URLError) else error
    fault, reason = Fault.REFUSED, str(cause)
    match cause:
        case socket.gaierror():
            fault, reason = Fault.UNREACHABLE, f"no such host ({cause.strerror})"
        case TimeoutError():
            fault = Fault.UNREACHABLE if connecting else Fault.PASSING
            reason = f"no answer in {patience.timeout:g} s"
        case ConnectionRefusedError():
            fault, reason = Fault.UNREACHABLE, "connection refused"
        case ConnectionError() | IncompleteRead() | ssl.SSLEOFError():
            fault, reason = Fault.PASSING, f"the connection was cut ({cause})"
        case FileNotFoundError() | NotADirectoryError():
            fault, reason = Fault.ABSENT, "no such file"
        case ssl.SSLError() | PermissionError() | IsADirectoryError():
            reason = cause.strerror or reason
        case OSError() if connecting:
            fault, reason = Fault.UNREACHABLE, cause.strerror or reason
    return DownloadError(fault, reason)
