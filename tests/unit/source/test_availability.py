from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from libwheel.recipe import Archive
from libwheel.source import availability, cache
from libwheel.source.availability import Needs, others
from libwheel.source.download import Fault
from libwheel.source.fetch import Attempt, places_for
from unit.source.loopback import Loopback, Resource, closed_port
from unit.source.making import environment, network, quiet, sha256, source

ONE, TWO = b"one" * 100, b"two" * 100


def found(
    tmp_path: Path,
    releases: dict[str, Needs],
    attempts: Iterable[Attempt] = (),
    mirrors: str = "",
) -> dict[str, str | None]:
    places = places_for(environment(tmp_path / "cache", mirrors), quiet(), (), network())
    return others(attempts, releases, places)


def put_into_the_cache(tmp_path: Path, name: bytes, content: bytes) -> None:
    path = cache.entry(tmp_path / "cache", sha256(name))
    path.parent.mkdir(parents=True)
    path.write_bytes(content)


def test_the_cache_counts_where_its_entry_is_whole(tmp_path: Path) -> None:
    put_into_the_cache(tmp_path, ONE, ONE)
    put_into_the_cache(tmp_path, TWO, TWO[:-1])
    releases: dict[str, Needs] = {
        "1": [[source(ONE, "file:///none/1")]],
        "2": [[source(TWO, "file:///none/2")]],
    }
    assert found(tmp_path, releases) == {"1": "in the cache", "2": None}


def test_a_server_is_asked_without_fetching_anything(server: Loopback, tmp_path: Path) -> None:
    url = server.serve("/1.tar.gz", Resource(ONE))
    releases: dict[str, Needs] = {
        "1": [[source(ONE, url)]],
        "2": [[source(TWO, f"{server.address}/2")]],
    }
    assert found(tmp_path, releases) == {"1": url, "2": None}
    assert (server.requests, server.probes) == ([], ["/1.tar.gz", "/2"])


def test_a_mirror_that_is_a_folder_counts(tmp_path: Path) -> None:
    (tmp_path / "lib.tar.gz").write_bytes(ONE)
    releases: dict[str, Needs] = {"1": [[source(ONE, "https://unreachable.invalid/lib.tar.gz")]]}
    place = (tmp_path / "lib.tar.gz").as_uri()
    assert found(tmp_path, releases, mirrors=str(tmp_path)) == {"1": place}


def test_a_release_needs_all_its_parts_and_libraries(server: Loopback, tmp_path: Path) -> None:
    one, gone = server.serve("/one", Resource(ONE)), f"{server.address}/gone"
    part = Archive(sha256=sha256(TWO), urls=(gone,), into="part")
    whole, spare = source(ONE, one), source(TWO, gone)
    releases: dict[str, Needs] = {
        "parts": [[source(ONE, one, part=[part])]],
        "second choice": [[spare, whole]],
        "library": [[whole], [spare]],
        "all": [[whole], [spare, whole]],
    }
    expected = {"parts": None, "second choice": one, "library": None, "all": one}
    assert found(tmp_path, releases) == expected
    assert server.probes == ["/one", "/gone"]  # each once


@pytest.mark.parametrize(
    ("fault", "asked"),
    [
        (Fault.UNREACHABLE, False),
        (Fault.PASSING, False),
        (Fault.REFUSED, False),
        (Fault.ABSENT, True),
        (Fault.WRONG_BYTES, True),
    ],
)
def test_a_host_that_failed_is_not_asked_again(
    server: Loopback, tmp_path: Path, fault: Fault, asked: bool
) -> None:
    url = server.serve("/1", Resource(ONE))
    attempt = Attempt(source(TWO), f"{server.address}/2", "why", fault)
    assert found(tmp_path, {"1": [[source(ONE, url)]]}, [attempt]) == {"1": url if asked else None}
    assert len(server.probes) == asked


def test_a_host_that_fails_now_is_not_asked_again(server: Loopback, tmp_path: Path) -> None:
    server.serve("/1", Resource(ONE, status=503))
    both = source(ONE, f"{server.address}/1", f"{server.address}/2")
    dead = source(ONE, f"http://127.0.0.1:{closed_port()}/1")
    assert found(tmp_path, {"1": [[both, dead]]}) == {"1": None}
    assert server.probes == ["/1"]


def test_there_is_an_end_to_questions(server: Loopback, tmp_path: Path) -> None:
    urls = [f"{server.address}/{number}" for number in range(2 * availability.LIMIT)]
    assert found(tmp_path, {"1": [[source(ONE, *urls)]]}) == {"1": None}
    assert len(server.probes) == availability.LIMIT


def test_a_mirror_that_wants_a_password_is_told_it(server: Loopback, tmp_path: Path) -> None:
    server.serve("/1.tar.gz", Resource(ONE))
    mirror = server.address.replace("//", "//me:secret@")
    releases: dict[str, Needs] = {"1": [[source(ONE, debian="pool/1.tar.gz")]]}
    assert found(tmp_path, releases, mirrors=mirror) == {"1": f"{server.address}/1.tar.gz"}
    assert server.passwords == ["Basic bWU6c2VjcmV0"]


def test_a_release_that_this_machine_cannot_build_does_not_count(tmp_path: Path) -> None:
    put_into_the_cache(tmp_path, ONE, ONE)
    needy = replace(source(ONE, "file:///none/1"), programs=("no-such-fortran",))
    places = places_for(environment(tmp_path / "cache"), quiet(), (), network())
    assert others((), {"1": [[needy]]}, places) == {"1": "in the cache"}
    assert others((), {"1": [[needy]]}, replace(places, to_build=True)) == {"1": None}
