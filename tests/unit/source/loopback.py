"""A web server on this machine that can be as unreliable as the real ones."""

from __future__ import annotations

import re
import socket
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

WAIT = 10.0  # seconds; nothing here waits for longer


@dataclass
class Resource:
    """A file on the server. What `faults` holds comes first, an item an answer.

    A number below 100 is that share of the body in percent, after which the connection ends,
    or is reset if it is negative; any other number is a status. `gate` holds the second half
    of the body back.
    """

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    faults: list[int] = field(default_factory=list)
    takes_ranges: bool = True
    status: int = 200
    gate: Event | None = None
    half_sent: Event = field(default_factory=Event)


@dataclass
class Loopback:
    address: str
    resources: dict[str, Resource] = field(default_factory=dict)
    requests: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    probes: list[str] = field(default_factory=list)
    passwords: list[str | None] = field(default_factory=list)  # of the probes

    def serve(self, path: str, resource: Resource) -> str:
        """Put a resource there; return its URL."""
        self.resources[path] = resource
        return self.address + path

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.requests]

    @property
    def ranges(self) -> list[str | None]:
        return [headers.get("Range") for _, headers in self.requests]


class _Server(ThreadingHTTPServer):
    loopback: Loopback


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, _Server)
        self.server.loopback.requests.append((self.path, dict(self.headers)))
        resource = self.server.loopback.resources.get(self.path)
        if resource is None:
            self.send_error(404)
        elif resource.faults and abs(resource.faults[0]) > 100:
            self.send_error(resource.faults.pop(0))
        else:
            with suppress(ConnectionError):
                self._send(resource)

    def do_HEAD(self) -> None:
        assert isinstance(self.server, _Server)
        self.server.loopback.probes.append(self.path)
        self.server.loopback.passwords.append(self.headers.get("Authorization"))
        resource = self.server.loopback.resources.get(self.path)
        self.send_response(resource.status if resource else 404)
        self.end_headers()

    def _send(self, resource: Resource) -> None:
        start, size = self._start(resource), len(resource.body)
        if start >= size > 0:
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{size}")
            self.end_headers()
            return
        self.send_response(206 if start else resource.status)
        self.send_header("Content-Length", str(size - start))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{size - 1}/{size}")
        for name, value in resource.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self._send_body(resource, resource.body[start:])

    def _start(self, resource: Resource) -> int:
        match = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        wanted = self.headers.get("If-Range")
        fits = wanted is None or wanted in resource.headers.values()
        return int(match[1]) if match and fits and resource.takes_ranges else 0

    def _send_body(self, resource: Resource, body: bytes) -> None:
        if resource.faults:
            share = resource.faults.pop(0)
            self.wfile.write(body[: len(body) * abs(share) // 100])
            if share < 0:
                linger = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                self.connection.close()
            return
        self.wfile.write(body[: len(body) // 2])
        resource.half_sent.set()
        if resource.gate:
            resource.gate.wait(WAIT)
        self.wfile.write(body[len(body) // 2 :])

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base's name)
        pass


@contextmanager
def loopback() -> Iterator[Loopback]:
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.daemon_threads = True
        server.loopback = Loopback(f"http://127.0.0.1:{server.server_port}")
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server.loopback
        finally:
            server.shutdown()
            thread.join(WAIT)


def closed_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
