from __future__ import annotations

import base64
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

from libwheel.console import Console
from libwheel.recipe import Archive, Source
from libwheel.source import cache
from libwheel.source.download import Fault
from libwheel.source.fetch import Fetched, Places, SourceError, fetch_all, places_for
from unit.source.loopback import WAIT, Loopback, Resource, closed_port
from unit.source.making import (
    environment,
    member,
    network,
    python,
    quiet,
    said,
    sha256,
    source,
    tar,
)

DATA = b"upstream's archive" * 30_000
OTHER = b"Debian's archive" * 30_000


def get(
    tmp_path: Path,
    *need: Source,
    mirrors: str = "",
    debian: str = "",
    bundled: Sequence[Path] = (),
    console: Console | None = None,
) -> tuple[Fetched, ...]:
    variables = environment(tmp_path / "cache", mirrors, debian)
    network_ = network(tmp_path / "apt")
    return fetch_all([need], places_for(variables, console or quiet(), bundled, network_))


def taken(name: str, data: bytes = DATA) -> str:
    """Return the line that says what was taken."""
    return f"  source: {name} (sha256 {sha256(data)[:12]}...)"


def here(tmp_path: Path) -> Places:
    return places_for(environment(tmp_path / "cache"), quiet(), (), network(tmp_path / "apt"))


def refusal(tmp_path: Path, *need: Source, **how: str) -> SourceError:
    with pytest.raises(SourceError) as caught:
        get(tmp_path, *need, mirrors=how.get("mirrors", ""), debian=how.get("debian", ""))
    return caught.value


def test_upstream_then_the_cache(server: Loopback, tmp_path: Path) -> None:
    url = server.serve("/lib-1.0.tar.gz", Resource(DATA))
    need = source(DATA, url)
    (first,) = get(tmp_path, need)
    assert (first.archive, first.name) == (need, "lib-1.0.tar.gz")
    assert first.path.read_bytes() == DATA
    console = quiet()
    (second,) = get(tmp_path, need, console=console)
    assert second == first
    assert server.paths == ["/lib-1.0.tar.gz"]
    assert said(console).splitlines() == [taken("lib-1.0.tar.gz")]


def test_nothing_but_the_archive_and_its_lock_is_left(server: Loopback, tmp_path: Path) -> None:
    get(tmp_path, source(DATA, server.serve("/lib.tar.gz", Resource(DATA))))
    hash_ = sha256(DATA)
    folder = tmp_path / "cache" / "archives" / hash_[:2]
    assert sorted(path.name for path in folder.iterdir()) == [hash_, f"{hash_}.lock"]


def test_a_debian_name_with_a_plus(server: Loopback, tmp_path: Path) -> None:
    server.serve("/debian/pool/l/lib_1.0%2Brepack.orig.tar.gz", Resource(DATA))
    need = source(DATA, debian="pool/l/lib_1.0+repack.orig.tar.gz")
    (found,) = get(tmp_path, need, debian=f"{server.address}/debian/")
    assert found.path.read_bytes() == DATA


def test_the_mirrors_of_apt_are_used(server: Loopback, tmp_path: Path) -> None:
    (tmp_path / "apt").mkdir()
    (tmp_path / "apt" / "sources.list").write_text(f"deb {server.address}/debian x main\n")
    server.serve("/debian/pool/lib.tar.gz", Resource(DATA))
    assert get(tmp_path, source(DATA, debian="pool/lib.tar.gz"))


def test_bundled_files_come_first_then_mirrors(server: Loopback, tmp_path: Path) -> None:
    url = server.serve("/lib-1.0.tar.gz", Resource(DATA))
    for name, data in (("sources", DATA), ("mirror", OTHER)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "lib-1.0.tar.gz").write_bytes(data)
    need, mirror, console = source(DATA, url), str(tmp_path / "mirror"), quiet()
    (found,) = get(tmp_path, need, mirrors=mirror, bundled=[tmp_path / "sources"], console=console)
    assert said(console).splitlines() == [taken("lib-1.0.tar.gz")]
    found.path.unlink()
    (tmp_path / "mirror" / "lib-1.0.tar.gz").write_bytes(DATA)
    assert get(tmp_path, need, mirrors=mirror, bundled=[tmp_path / "none"]) == (found,)
    assert server.requests == []


def test_a_password_in_a_mirror_s_url_is_sent_and_never_shown(
    server: Loopback, tmp_path: Path
) -> None:
    mirror = f"{server.address}/m".replace("//", "//me:s%40cret@")
    server.serve("/m/lib.tar.gz", Resource(DATA, faults=[503, 50]))
    console = quiet()
    get(tmp_path, source(DATA, "https://x/lib.tar.gz"), mirrors=mirror, console=console)
    sent = [headers["Authorization"] for _, headers in server.requests]
    assert sent == [f"Basic {base64.b64encode(b'me:s@cret').decode()}"] * 3
    assert f"fetching {server.address}/m/lib.tar.gz" in said(console)
    gone = refusal(tmp_path, source(OTHER, debian="pool/other"), mirrors=mirror, debian=mirror)
    assert len(gone.attempts) == 2
    for shown in (said(console), str(gone), repr(gone.attempts)):
        assert "cret" not in shown


def test_no_part_of_a_download_keeps_the_password(server: Loopback, tmp_path: Path) -> None:
    mirror = server.address.replace("//", "//me:secret@")
    server.serve("/lib.tar.gz", Resource(DATA, faults=[50, 0, 0]))
    refusal(tmp_path, source(DATA, "file:///none/lib.tar.gz"), mirrors=mirror)
    notes = list((tmp_path / "cache").rglob("*.json"))
    assert notes
    assert not any("secret" in note.read_text() for note in notes)


def test_a_mirror_without_the_file_is_told_of_where_it_was_asked(
    server: Loopback, tmp_path: Path
) -> None:
    url = server.serve("/up/lib.tar.gz", Resource(DATA))
    console = quiet()
    get(tmp_path, source(DATA, url), mirrors=f"{server.address}/m {tmp_path}", console=console)
    assert server.paths == ["/m/lib.tar.gz", "/up/lib.tar.gz"]
    assert said(console).splitlines() == [
        f"  fetching {server.address}/m/lib.tar.gz",
        f"  {server.address}/m/lib.tar.gz: 404 Not Found",
        f"  fetching {url}",
        taken("lib.tar.gz"),
    ]


def test_the_next_location_is_tried_and_the_reason_told(server: Loopback, tmp_path: Path) -> None:
    gone = server.address + "/gone/lib.tar.gz"
    url = server.serve("/lib.tar.gz", Resource(DATA))
    console = quiet()
    get(tmp_path, source(DATA, gone, url), console=console)
    assert said(console).splitlines() == [
        f"  fetching {gone}",
        f"  {gone}: 404 Not Found",
        f"  fetching {url}",
        taken("lib.tar.gz"),
    ]


def test_a_wrong_hash_is_not_kept(server: Loopback, tmp_path: Path) -> None:
    url = server.serve("/lib.tar.gz", Resource(b"something else"))
    console = quiet()
    with pytest.raises(SourceError) as caught:
        get(tmp_path, source(DATA, url), console=console)
    reason = f"wrong SHA-256: wanted {sha256(DATA)}, found {sha256(b'something else')}"
    (attempt,) = caught.value.attempts
    assert (attempt.place, attempt.reason, attempt.fault) == (url, reason, Fault.WRONG_BYTES)
    assert f"warning: {url}: {reason}; the file is not kept" in said(console)
    left = [path.name for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert left == [f"{sha256(DATA)}.lock"]
    assert "hint" not in str(caught.value)


def test_after_a_wrong_hash_the_next_location(server: Loopback, tmp_path: Path) -> None:
    bad = server.serve("/bad/lib.tar.gz", Resource(b"something else"))
    good = server.serve("/good/lib.tar.gz", Resource(DATA))
    (found,) = get(tmp_path, source(DATA, bad, good))
    assert found.path.read_bytes() == DATA
    assert server.paths == ["/bad/lib.tar.gz", "/good/lib.tar.gz"]


def test_a_file_pieced_together_wrongly_gets_a_second_chance(
    server: Loopback, tmp_path: Path
) -> None:
    url = server.serve("/lib.tar.gz", Resource(DATA))
    part = cache.entry(tmp_path / "cache", sha256(DATA)).with_suffix(".part")
    part.parent.mkdir(parents=True)
    part.write_bytes(b"x" * 1000)
    note = f'{{"url": "{url}", "validator": "", "total": {len(DATA)}}}'
    part.with_name(part.name + ".json").write_text(note)
    (found,) = get(tmp_path, source(DATA, url))
    assert found.path.read_bytes() == DATA
    assert server.ranges == ["bytes=1000-", None]


def test_there_is_no_third_chance(server: Loopback, tmp_path: Path) -> None:
    url = server.serve("/lib.tar.gz", Resource(OTHER, faults=[50, 100] * 3))
    (attempt,) = refusal(tmp_path, source(DATA, url)).attempts
    assert attempt.fault is Fault.WRONG_BYTES
    half = f"bytes={len(OTHER) // 2}-"
    assert server.ranges == [None, half, None, half]


def test_a_corrupted_cache_entry_is_fetched_again(server: Loopback, tmp_path: Path) -> None:
    need = source(DATA, server.serve("/lib.tar.gz", Resource(DATA)))
    (found,) = get(tmp_path, need)
    found.path.write_bytes(DATA[:-1])
    console = quiet()
    (again,) = get(tmp_path, need, console=console)
    assert again.path.read_bytes() == DATA
    assert f"warning: {found.path} is corrupted" in said(console)


def test_a_download_that_is_cut_off_half_way(server: Loopback, tmp_path: Path) -> None:
    url = server.serve("/lib.tar.gz", Resource(DATA, faults=[50] * 3, takes_ranges=False))
    error = refusal(tmp_path, source(DATA, url))
    reason = f"the download was cut off after {len(DATA) // 2} of {len(DATA)} bytes"
    assert f"{url}: {reason}" in str(error)
    (found,) = get(tmp_path, source(DATA, url))
    assert found.path.read_bytes() == DATA


def test_of_an_archive_with_only_the_extract_is_kept(server: Loopback, tmp_path: Path) -> None:
    data = tar([member("t/a/x", b"1"), member("t/b/y")])
    url = server.serve("/lib.tar", Resource(data))
    chosen = replace(source(data, url), only=("a",))
    (found,) = get(tmp_path, chosen)
    assert found.path.parts[-3] == "extracts"
    assert found == get(tmp_path, chosen)[0]
    assert server.paths == ["/lib.tar"]
    everything = replace(here(tmp_path), whole=True)
    (whole,) = fetch_all([[chosen]], everything)
    assert whole.path.read_bytes() == data
    assert server.paths == ["/lib.tar"] * 2
    (same,) = fetch_all([[chosen]], everything)
    assert same == whole
    assert server.paths == ["/lib.tar"] * 2


def test_an_alternative_of_which_the_extract_is_here_is_preferred(
    server: Loopback, tmp_path: Path
) -> None:
    data = tar([member("t/a/x", b"1"), member("t/b/y")])
    first = source(DATA, server.serve("/lib.tar.gz", Resource(DATA)))
    second = replace(source(data, server.serve("/other.tar", Resource(data))), only=("a",))
    get(tmp_path, second)
    server.requests.clear()
    assert [item.archive for item in get(tmp_path, first, second)] == [second]
    assert server.requests == []
    assert here(tmp_path).caches(second)
    assert not replace(here(tmp_path), whole=True).caches(second)
    assert not here(tmp_path).caches(replace(second, only=("b",)))


def test_alternatives_are_tried_in_order(server: Loopback, tmp_path: Path) -> None:
    first = source(DATA, server.address + "/gone.tar.gz")
    second = source(OTHER, server.serve("/other.tar.gz", Resource(OTHER)))
    assert [item.archive for item in get(tmp_path, first, second)] == [second]


def test_an_alternative_in_the_cache_is_preferred(server: Loopback, tmp_path: Path) -> None:
    first = source(DATA, server.serve("/lib.tar.gz", Resource(DATA)))
    second = source(OTHER, server.serve("/other.tar.gz", Resource(OTHER)))
    get(tmp_path, second)
    server.requests.clear()
    assert [item.archive for item in get(tmp_path, first, second)] == [second]
    assert server.requests == []


def test_an_alternative_in_the_sdist_is_preferred(server: Loopback, tmp_path: Path) -> None:
    first = source(DATA, server.serve("/lib.tar.gz", Resource(DATA)))
    (tmp_path / "other.tar.gz").write_bytes(OTHER)
    second = source(OTHER, "https://unreachable.invalid/other.tar.gz")
    assert [f.archive for f in get(tmp_path, first, second, bundled=[tmp_path])] == [second]
    assert server.requests == []


def test_a_corrupted_alternative_in_the_cache_is_not_preferred(
    server: Loopback, tmp_path: Path
) -> None:
    first = source(DATA, server.serve("/lib.tar.gz", Resource(DATA)))
    second = source(OTHER, server.serve("/other.tar.gz", Resource(OTHER)))
    (found,) = get(tmp_path, second)
    found.path.write_bytes(OTHER[:-1])
    assert [item.archive for item in get(tmp_path, first, second)] == [first]


def test_every_alternative_is_looked_for_on_the_mirrors_first(
    server: Loopback, tmp_path: Path
) -> None:
    first = source(DATA, server.serve("/up/lib.tar.gz", Resource(DATA)))
    second = source(OTHER, server.address + "/up/other.tar.gz")
    server.serve("/m/other.tar.gz", Resource(OTHER))
    mirror = f"{server.address}/m"
    assert [item.archive for item in get(tmp_path, first, second, mirrors=mirror)] == [second]
    assert server.paths == ["/m/lib.tar.gz", "/m/other.tar.gz"]


def test_no_mirror_is_asked_twice(server: Loopback, tmp_path: Path) -> None:
    part = Archive(sha256=sha256(OTHER), debian="pool/part.tar.gz", into="part")
    whole = source(DATA, server.serve("/up/lib.tar.gz", Resource(DATA)), part=[part])
    spare = source(b"spare", server.address + "/up/spare.tar.gz")
    mirror = f"{server.address}/m"
    error = refusal(tmp_path, whole, spare, mirrors=mirror, debian=server.address)
    assert server.paths == [
        "/m/lib.tar.gz",
        "/m/spare.tar.gz",
        "/up/lib.tar.gz",
        "/m/part.tar.gz",
        "/pool/part.tar.gz",
        "/up/spare.tar.gz",
    ]
    assert [attempt.place for attempt in error.attempts] == [
        f"{mirror}/part.tar.gz",
        f"{server.address}/pool/part.tar.gz",
        f"{mirror}/spare.tar.gz",
        f"{server.address}/up/spare.tar.gz",
    ]


def test_an_alternative_may_be_had_in_part_from_a_mirror(server: Loopback, tmp_path: Path) -> None:
    part = Archive(sha256=sha256(OTHER), urls=("file:///none/part.tar.gz",), into="part")
    whole = source(DATA, server.serve("/up/lib.tar.gz", Resource(DATA)), part=[part])
    server.serve("/m/part.tar.gz", Resource(OTHER))
    found = get(tmp_path, whole, mirrors=f"{server.address}/m")
    assert [item.archive for item in found] == [whole, part]


def test_bundled_sources_that_are_not_there_are_no_place(tmp_path: Path) -> None:
    (tmp_path / "sources").mkdir()
    for folder, places in (("sources", 2), ("none", 1)):
        with pytest.raises(SourceError) as caught:
            get(tmp_path, source(DATA, "file:///none/lib"), bundled=[tmp_path / folder])
        assert len(caught.value.attempts) == places


def test_an_alternative_in_parts_needs_all_of_them(server: Loopback, tmp_path: Path) -> None:
    part = Archive(sha256=sha256(OTHER), urls=(server.address + "/part.tar.gz",), into="part")
    whole = source(DATA, server.serve("/lib.tar.gz", Resource(DATA)), part=[part])
    third = b"third"
    spare = source(third, server.serve("/third.tar.gz", Resource(third)))
    assert [item.archive for item in get(tmp_path, whole, spare)] == [spare]
    server.serve("/part.tar.gz", Resource(OTHER))
    assert [item.archive for item in get(tmp_path, whole)] == [whole, part]


def test_no_location_is_reachable(server: Loopback, tmp_path: Path) -> None:
    nobody = f"http://127.0.0.1:{closed_port()}"
    first = source(DATA, f"{nobody}/lib.tar.gz", server.address + "/a/lib.tar.gz")
    second = source(OTHER, debian="pool/lib_1+ds.orig.tar.gz")
    error = refusal(tmp_path, first, second, mirrors=f"{tmp_path} {nobody}")
    assert str(error).splitlines() == [
        "the source could be had from nowhere:",
        f"  lib.tar.gz (sha256 {sha256(DATA)})",
        f"    file://{tmp_path}/lib.tar.gz: no such file",
        f"    {nobody}/lib.tar.gz: connection refused",
        f"    {server.address}/a/lib.tar.gz: 404 Not Found",
        f"  lib_1+ds.orig.tar.gz (sha256 {sha256(OTHER)})",
        f"    file://{tmp_path}/lib_1%2Bds.orig.tar.gz: no such file",
        f"    {nobody}/lib_1%2Bds.orig.tar.gz: connection refused",
        "    pool/lib_1+ds.orig.tar.gz: no Debian mirror is known: set LIBWHEEL_DEBIAN_MIRROR",
    ]
    assert [attempt.fault for attempt in error.attempts] == [
        Fault.ABSENT,
        Fault.UNREACHABLE,
        Fault.ABSENT,
        Fault.ABSENT,
        Fault.UNREACHABLE,
        None,
    ]
    assert [attempt.archive for attempt in error.attempts] == [first] * 3 + [second] * 3


def test_a_hint_where_there_is_no_network(tmp_path: Path) -> None:
    nobody = f"http://127.0.0.1:{closed_port()}"
    error = refusal(
        tmp_path, source(DATA, f"{nobody}/lib.tar.gz", debian="pool/x.tar.gz"), debian=nobody
    )
    assert str(error).splitlines()[-1] == (
        "hint: the network seems to be out of reach; LIBWHEEL_MIRRORS names folders or URLs that "
        "hold these files, -C source= a local folder or archive to build instead"
    )


def test_no_hint_where_no_network_was_asked(tmp_path: Path) -> None:
    error = refusal(tmp_path, source(DATA, "file:///none/lib.tar.gz", debian="pool/x.tar.gz"))
    assert "hint" not in str(error)


def test_every_need_is_fetched(server: Loopback, tmp_path: Path) -> None:
    needs = [
        [source(DATA, server.serve("/lib.tar.gz", Resource(DATA)))],
        [source(OTHER, server.serve("/zlib.tar.gz", Resource(OTHER)), into="zlib")],
    ]
    found = fetch_all(needs, places_for(environment(tmp_path), quiet(), (), network()))
    assert [(item.name, item.archive.into) for item in found] == [
        ("lib.tar.gz", "."),
        ("zlib.tar.gz", "zlib"),
    ]


def test_the_failures_of_every_need_are_listed(server: Loopback, tmp_path: Path) -> None:
    needs = [[source(DATA, server.address + "/a")], [source(OTHER, server.address + "/b")]]
    with pytest.raises(SourceError) as caught:
        fetch_all(needs, places_for(environment(tmp_path), quiet(), (), network()))
    assert [attempt.place for attempt in caught.value.attempts] == [
        server.address + "/a",
        server.address + "/b",
    ]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a folder that will be all of PATH."""
    (tmp_path / "bin").mkdir()
    return tmp_path / "bin"


def needing(found: Source, *programs: str) -> Source:
    return replace(found, programs=programs)


def places_to_build(tmp_path: Path, path: Path, mirrors: str = "") -> Places:
    variables = replace(environment(tmp_path / "cache", mirrors), path=str(path))
    return places_for(variables, quiet(), (), network(), to_build=True)


def test_a_source_whose_program_lacks_is_left_for_the_next(
    server: Loopback, tmp_path: Path, path: Path
) -> None:
    needy = needing(source(DATA, server.serve("/a.tar.gz", Resource(DATA))), "gfortran")
    plain = source(OTHER, server.serve("/b.tar.gz", Resource(OTHER)))
    places = places_to_build(tmp_path, path)
    assert [item.name for item in fetch_all([[needy, plain]], places)] == ["b.tar.gz"]
    assert server.paths == ["/b.tar.gz"]
    assert said(places.console).splitlines() == [
        f"  fetching {server.address}/b.tar.gz",
        taken("b.tar.gz", OTHER),
    ]


def test_a_source_whose_program_is_there_is_as_good_as_any(
    server: Loopback, tmp_path: Path, path: Path
) -> None:
    (path / "gfortran").write_text("#!/bin/sh\n")
    (path / "gfortran").chmod(0o755)
    needy = needing(source(DATA, server.serve("/a.tar.gz", Resource(DATA))), "gfortran")
    plain = source(OTHER, server.serve("/b.tar.gz", Resource(OTHER)))
    (found,) = fetch_all([[needy, plain]], places_to_build(tmp_path, path))
    assert found.archive is needy


def test_a_compiler_that_is_not_the_toolchain_s_is_of_no_use(
    server: Loopback, tmp_path: Path, path: Path
) -> None:
    for name in ("gfortran", "nasm"):
        (path / name).write_text("#!/bin/sh\n")
        (path / name).chmod(0o755)
    needy = needing(source(DATA, server.serve("/a.tar.gz", Resource(DATA))), "nasm", "gfortran")
    plain = source(OTHER, server.serve("/b.tar.gz", Resource(OTHER)))
    places = replace(places_to_build(tmp_path, path), unfit=frozenset({"gfortran"}))
    assert [item.name for item in fetch_all([[needy, plain]], places)] == ["b.tar.gz"]
    with pytest.raises(SourceError) as caught:
        fetch_all([[needy]], places)
    said = str(caught.value)
    assert said == "the release has no source that zig can build"
    assert caught.value.unfit == "a.tar.gz needs gfortran, which zig does not have"


def test_beside_a_source_that_zig_cannot_build_it_is_said_which_one_it_can(
    server: Loopback, tmp_path: Path, path: Path
) -> None:
    needy = needing(source(DATA, "https://x.invalid/a.tar.gz"), "gfortran")
    plain = source(OTHER, f"{server.address}/b.tar.gz")
    places = replace(places_to_build(tmp_path, path), unfit=frozenset({"gfortran"}))
    with pytest.raises(SourceError) as caught:
        fetch_all([[needy, plain]], places)
    told = SourceError(caught.value.attempts, {"1.1": None})
    assert told.unfit == "a.tar.gz needs gfortran, which zig does not have"
    assert str(told).splitlines() == [
        f"zig can build b.tar.gz (sha256 {sha256(OTHER)}), which could not be had:",
        f"  {server.address}/b.tar.gz: 404 Not Found",
        "none of the other releases can be had either: 1.1",
        "to give it: LIBWHEEL_MIRRORS=FOLDER, a folder that has the file under that name, or "
        "-C source=FILE",
    ]


def test_neither_the_cache_nor_a_mirror_makes_up_for_a_program(
    server: Loopback, tmp_path: Path, path: Path
) -> None:
    needy = needing(source(DATA, server.serve("/a.tar.gz", Resource(DATA))), "gfortran")
    get(tmp_path, needy)
    (tmp_path / "a.tar.gz").write_bytes(DATA)
    with pytest.raises(SourceError):
        fetch_all([[needy]], places_to_build(tmp_path, path, mirrors=str(tmp_path)))


def test_where_nothing_is_left_it_is_said_what_each_source_needs(
    server: Loopback, tmp_path: Path, path: Path
) -> None:
    first = needing(source(DATA, "https://x.invalid/debian.tar.gz"), "gfortran")
    second = source(OTHER, server.address + "/upstream.tar.gz")
    third = needing(source(b"third", "https://x.invalid/third.tar.gz"), "gfortran", "nasm")
    with pytest.raises(SourceError) as caught:
        fetch_all([[first, second, third]], places_to_build(tmp_path, path))
    assert str(caught.value).splitlines() == [
        "the source could be had from nowhere:",
        f"  upstream.tar.gz (sha256 {sha256(OTHER)})",
        f"    {server.address}/upstream.tar.gz: 404 Not Found",
        f"  debian.tar.gz (sha256 {sha256(DATA)})",
        "    needs gfortran, which is not on PATH (Debian: apt install gfortran)",
        f"  third.tar.gz (sha256 {sha256(b'third')})",
        "    needs gfortran and nasm, which are not on PATH (Debian: apt install gfortran nasm)",
        "upstream.tar.gz needs no such program",
    ]


def test_where_every_source_needs_a_program_none_is_said_to_need_none(
    tmp_path: Path, path: Path
) -> None:
    only = needing(source(DATA, "https://x.invalid/debian.tar.gz"), "gfortran")
    with pytest.raises(SourceError) as caught:
        fetch_all([[only]], places_to_build(tmp_path, path))
    assert str(caught.value).endswith(
        "\n    needs gfortran, which is not on PATH (Debian: apt install gfortran)"
    )
    assert caught.value.unfit == ""


def test_what_is_only_fetched_needs_no_program_and_says_so(
    server: Loopback, tmp_path: Path, path: Path
) -> None:
    needy = needing(source(DATA, server.serve("/a.tar.gz", Resource(DATA))), "gfortran")
    gone = source(OTHER, server.address + "/gone.tar.gz")
    places = replace(places_to_build(tmp_path, path), to_build=False)
    (found,) = fetch_all([[needy, gone]], places)
    assert found.archive is needy
    assert server.paths == ["/gone.tar.gz", "/a.tar.gz"]  # what can be built here comes first
    assert said(places.console).splitlines()[-2] == (
        "warning: a.tar.gz needs gfortran, which is not on PATH (Debian: apt install gfortran): "
        "it cannot be built here"
    )


FETCH = f"""
import sys
from pathlib import Path
from libwheel import settings
from libwheel.console import Console
from libwheel.recipe import Source
from libwheel.source.fetch import fetch_all, places_for
env = settings.environment({{"LIBWHEEL_CACHE": sys.argv[1]}})
fetch_all([[Source(sha256="{sha256(DATA)}", urls=(sys.argv[2],))]], places_for(env, Console(), ()))
"""


def finish(process: subprocess.Popen[str]) -> list[str]:
    try:
        return process.communicate(timeout=WAIT)[0].splitlines()
    finally:
        process.kill()


def test_two_builds_at_once_download_once(server: Loopback, tmp_path: Path) -> None:
    gate = Event()
    resource = Resource(DATA, gate=gate)
    url = server.serve("/lib.tar.gz", resource)
    with python(FETCH, str(tmp_path), url) as first:
        assert resource.half_sent.wait(WAIT)
        with python(FETCH, str(tmp_path), url) as second:
            assert second.stdout
            waits = second.stdout.readline()
            gate.set()
            ends = finish(second)
        begins = finish(first)
    assert waits == "  waiting for another build that fetches lib.tar.gz\n"
    assert (begins, ends) == ([f"  fetching {url}", taken("lib.tar.gz")], [taken("lib.tar.gz")])
    assert server.paths == ["/lib.tar.gz"]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_download_is_continued_by_the_next_run(
    server: Loopback, tmp_path: Path, how: signal.Signals
) -> None:
    resource = Resource(DATA, {"ETag": '"x"'}, gate=Event())
    url = server.serve("/lib.tar.gz", resource)
    entry = cache.entry(tmp_path / "cache", sha256(DATA))
    part = entry.with_suffix(".part")
    with python(FETCH, str(tmp_path / "cache"), url) as process:
        deadline = time.monotonic() + WAIT
        while not (part.exists() and part.stat().st_size) and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(how)
        finish(process)
    assert process.returncode != 0
    assert not entry.exists()
    resource.gate = None
    size = part.stat().st_size
    (found,) = get(tmp_path, source(DATA, url))
    assert found.path.read_bytes() == DATA
    assert server.ranges == [None, f"bytes={size}-"]
