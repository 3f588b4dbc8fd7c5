from __future__ import annotations

import io
import json
from pathlib import Path
from threading import Event

import pytest

from libwheel.console import Console
from libwheel.source.download import DownloadError, Fault, Patience, discard, download
from libwheel.source.locations import Kind, Location
from libwheel.version import __version__
from unit.source.loopback import Loopback, Resource, closed_port, loopback
from unit.source.making import PATIENCE, quiet, said

BODY = bytes(range(256)) * 4000  # a megabyte
ETAG = {"ETag": '"one"'}
DATE = {"Last-Modified": "Wed, 01 Oct 2025 10:00:00 GMT"}


@pytest.fixture
def part(tmp_path: Path) -> Path:
    return tmp_path / "file.part"


def get(url: str, part: Path, console: Console | None = None) -> bool:
    return download(Location(url, Kind.UPSTREAM), part, console or quiet(), PATIENCE)


def refusal(url: str, part: Path, patience: Patience = PATIENCE) -> DownloadError:
    with pytest.raises(DownloadError) as caught:
        download(Location(url, Kind.UPSTREAM), part, quiet(), patience)
    return caught.value


def begin(part: Path, url: str, size: int, validator: str, total: int = len(BODY)) -> None:
    """Leave what an interrupted run leaves."""
    part.write_bytes(BODY[:size])
    note = {"url": url, "validator": validator, "total": total}
    part.with_name(f"{part.name}.json").write_text(json.dumps(note))


def test_a_whole_file(server: Loopback, part: Path) -> None:
    url = server.serve("/a%2Bb.tar.gz", Resource(BODY))
    assert not get(url, part)
    assert part.read_bytes() == BODY
    assert list(part.parent.iterdir()) == [part]
    assert server.requests[0][1]["User-Agent"] == f"libwheel/{__version__}"


def test_an_empty_file(server: Loopback, part: Path) -> None:
    get(server.serve("/empty", Resource(b"")), part)
    assert part.read_bytes() == b""


def test_a_file_url_with_spaces(tmp_path: Path, part: Path) -> None:
    (tmp_path / "a b").write_bytes(BODY)
    get((tmp_path / "a b").as_uri(), part)
    assert part.read_bytes() == BODY


class Terminal(Console):
    """Keeps every line that would be drawn over the one before."""

    @property
    def is_terminal(self) -> bool:
        return True

    def draw(self, text: str) -> None:
        self.line(text)


def test_progress_counts_what_was_there_before(
    server: Loopback, part: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("libwheel.console._DRAW_EVERY", -1)
    url = server.serve("/lib%2B1.0.tar.gz", Resource(BODY))
    begin(part, url, len(BODY) // 2, "")
    console = Terminal(io.StringIO())
    get(url, part, console)
    assert "lib+1.0.tar.gz (0 s): [##########          ] 50 % of 1.0 MB" in said(console)
    assert "100 % of 1.0 MB" in said(console)


def test_server_errors_pass(server: Loopback, part: Path) -> None:
    url = server.serve("/a", Resource(BODY, faults=[503, 503]))
    console = quiet()
    get(url, part, console)
    assert part.read_bytes() == BODY
    assert said(console).count(f"{url}: 503 Service Unavailable; next try in 0 s") == 2


def test_server_errors_that_do_not_pass(server: Loopback, part: Path) -> None:
    url = server.serve("/a", Resource(BODY, faults=[500, 502, 503, 504]))
    error = refusal(url, part)
    assert (str(error), error.fault) == ("503 Service Unavailable", Fault.PASSING)
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("status", "fault", "text"),
    [
        (404, Fault.ABSENT, "404 Not Found"),
        (410, Fault.ABSENT, "410 Gone"),
        (403, Fault.REFUSED, "403 Forbidden"),
    ],
)
def test_a_refusal_is_final(
    server: Loopback, part: Path, status: int, fault: Fault, text: str
) -> None:
    error = refusal(server.serve("/a", Resource(BODY, faults=[status])), part)
    assert (error.fault, str(error)) == (fault, text)
    assert len(server.requests) == 1


def test_too_many_requests_passes(server: Loopback, part: Path) -> None:
    get(server.serve("/a", Resource(BODY, faults=[429])), part)
    assert part.read_bytes() == BODY


@pytest.mark.parametrize("headers", [ETAG, DATE, {}, {"ETag": 'W/"weak"', **DATE}])
def test_a_download_that_is_cut_off_goes_on(
    server: Loopback, part: Path, headers: dict[str, str]
) -> None:
    url = server.serve("/a", Resource(BODY, headers, faults=[50]))
    console = quiet()
    assert get(url, part, console)
    assert part.read_bytes() == BODY
    assert server.ranges == [None, f"bytes={len(BODY) // 2}-"]
    strong = headers.get("Last-Modified") if "Last-Modified" in headers else headers.get("ETag")
    assert server.requests[1][1].get("If-Range") == strong
    assert f"cut off after {len(BODY) // 2} of {len(BODY)} bytes" in said(console)


def test_a_download_that_is_always_cut_off(server: Loopback, part: Path) -> None:
    resource = Resource(BODY, ETAG, faults=[50, 50, 50])
    error = refusal(server.serve("/a", resource), part)
    assert str(error) == f"the download was cut off after {len(BODY) * 7 // 8} of {len(BODY)} bytes"
    assert part.read_bytes() == BODY[: len(BODY) * 7 // 8]


def test_a_reset_passes(server: Loopback, part: Path) -> None:
    get(server.serve("/a", Resource(BODY, ETAG, faults=[-30])), part)
    assert part.read_bytes() == BODY


def test_a_server_without_ranges_sends_all_again(server: Loopback, part: Path) -> None:
    url = server.serve("/a", Resource(BODY, ETAG, faults=[50], takes_ranges=False))
    assert not get(url, part)
    assert part.read_bytes() == BODY


def test_an_interrupted_run_is_continued(server: Loopback, part: Path) -> None:
    url = server.serve("/a", Resource(BODY, ETAG))
    begin(part, url, 1000, '"one"')
    assert get(url, part)
    assert part.read_bytes() == BODY
    assert server.ranges == ["bytes=1000-"]


def test_a_file_that_has_changed_since_is_fetched_whole(server: Loopback, part: Path) -> None:
    url = server.serve("/a", Resource(BODY[::-1], {"ETag": '"two"'}))
    begin(part, url, 1000, '"one"')
    assert not get(url, part)
    assert part.read_bytes() == BODY[::-1]


def test_a_file_of_another_size_is_fetched_whole(server: Loopback, part: Path) -> None:
    url = server.serve("/a", Resource(BODY + b"more"))
    begin(part, url, 1000, "")
    console = quiet()
    get(url, part, console)
    assert part.read_bytes() == BODY + b"more"
    assert "asked to go on at byte 1000 of 1024000, it sent 'bytes 1000-" in said(console)


def test_a_file_that_is_shorter_by_now_is_fetched_whole(server: Loopback, part: Path) -> None:
    url = server.serve("/a", Resource(BODY[:500]))
    begin(part, url, 1000, "")
    assert not get(url, part)
    assert part.read_bytes() == BODY[:500]
    assert server.ranges == ["bytes=1000-", None]


def test_a_part_that_is_complete_is_not_asked_for(server: Loopback, part: Path) -> None:
    begin(part, server.address + "/a", len(BODY), '"one"')
    assert get(server.address + "/a", part)
    assert server.requests == []


@pytest.mark.parametrize("note", ["", "{}", '{"url": "u", "validator": "", "total": 3}'])
def test_a_part_of_unknown_origin_is_not_used(server: Loopback, part: Path, note: str) -> None:
    part.write_bytes(b"what is this")
    part.with_name(f"{part.name}.json").write_text(note)
    assert not get(server.serve("/a", Resource(BODY)), part)
    assert part.read_bytes() == BODY


def test_discarding_leaves_nothing(part: Path) -> None:
    begin(part, "https://x/a", 10, "")
    discard(part)
    assert list(part.parent.iterdir()) == []


def test_no_server(part: Path) -> None:
    error = refusal(f"http://127.0.0.1:{closed_port()}/a", part)
    assert (error.fault, str(error)) == (Fault.UNREACHABLE, "connection refused")


def test_no_such_host(part: Path) -> None:
    error = refusal("http://no-such-host.invalid/a", part)
    assert error.fault is Fault.UNREACHABLE
    assert str(error).startswith("no such host (")


def test_a_server_that_does_not_answer(server: Loopback, part: Path) -> None:
    gate = Event()
    url = server.serve("/a", Resource(BODY, ETAG, gate=gate))
    error = refusal(url, part, Patience(timeout=0.2, delays=()))
    gate.set()
    assert (error.fault, str(error)) == (Fault.PASSING, "no answer in 0.2 s")
    assert part.stat().st_size == len(BODY) // 2


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("ftp://example.org/a", "unknown url type: ftp"),
        ("data:text/plain,x", "unknown url type: data"),
        ("nonsense", "unknown url type: 'nonsense'"),
        ("http://[broken/a", "Invalid IPv6 URL"),
        ("http://host:port/a", "nonnumeric port: 'port'"),
    ],
)
def test_urls_that_cannot_be_asked_for(part: Path, url: str, text: str) -> None:
    error = refusal(url, part)
    assert error.fault is Fault.REFUSED
    assert text in str(error)


def test_a_missing_file(tmp_path: Path, part: Path) -> None:
    error = refusal((tmp_path / "none").as_uri(), part)
    assert (error.fault, str(error)) == (Fault.ABSENT, "no such file")
    assert refusal(tmp_path.as_uri(), part).fault is Fault.REFUSED


def test_a_redirect_is_followed(server: Loopback, part: Path) -> None:
    url = server.serve("/to", Resource(BODY))
    server.serve("/from", Resource(b"", {"Location": url}, status=302))
    get(server.address + "/from", part)
    assert part.read_bytes() == BODY


def test_the_host_alone_is_told_the_password(server: Loopback, part: Path) -> None:
    with loopback() as other:
        to = other.serve("/to", Resource(BODY))
        url = server.serve("/from", Resource(b"", {"Location": to}, status=302))
        download(Location(url, Kind.MIRROR, "me:secret"), part, quiet(), PATIENCE)
        assert "Authorization" not in other.requests[0][1]
    assert part.read_bytes() == BODY
    assert server.requests[0][1]["Authorization"] == "Basic bWU6c2VjcmV0"


def test_a_download_that_goes_on_tells_it_again(server: Loopback, part: Path) -> None:
    url = server.serve("/a", Resource(BODY, ETAG, faults=[50]))
    download(Location(url, Kind.MIRROR, "me:secret"), part, quiet(), PATIENCE)
    assert server.ranges[1]
    assert {headers.get("Authorization") for _, headers in server.requests} == {
        "Basic bWU6c2VjcmV0"
    }
