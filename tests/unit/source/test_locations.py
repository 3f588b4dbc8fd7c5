from __future__ import annotations

from pathlib import Path
from urllib.request import url2pathname

from libwheel.recipe import Archive
from libwheel.source.locations import Kind, Location, locations

ARCHIVE = Archive(
    sha256="0" * 64,
    urls=("https://example.org/a/lib-1.0.tar.gz", "file:///srv/lib 1.0.tar.gz"),
    debian="pool/main/l/lib/lib_1.0+repack~rc.orig.tar.gz",
)


def test_the_order(tmp_path: Path) -> None:
    found = locations(
        ARCHIVE, [tmp_path], ["https://mirror/x/"], ["http://deb/debian", "http://two/debian"]
    )
    assert [(place.kind, place.url) for place in found] == [
        (Kind.BUNDLED, f"file://{tmp_path}/lib-1.0.tar.gz"),
        (Kind.BUNDLED, f"file://{tmp_path}/lib%201.0.tar.gz"),
        (Kind.BUNDLED, f"file://{tmp_path}/lib_1.0%2Brepack~rc.orig.tar.gz"),
        (Kind.MIRROR, "https://mirror/x/lib-1.0.tar.gz"),
        (Kind.MIRROR, "https://mirror/x/lib%201.0.tar.gz"),
        (Kind.MIRROR, "https://mirror/x/lib_1.0%2Brepack~rc.orig.tar.gz"),
        (Kind.UPSTREAM, "https://example.org/a/lib-1.0.tar.gz"),
        (Kind.UPSTREAM, "file:///srv/lib%201.0.tar.gz"),
        (Kind.DEBIAN, "http://deb/debian/pool/main/l/lib/lib_1.0%2Brepack~rc.orig.tar.gz"),
        (Kind.DEBIAN, "http://two/debian/pool/main/l/lib/lib_1.0%2Brepack~rc.orig.tar.gz"),
    ]


def test_a_folder_may_have_spaces_and_more(tmp_path: Path) -> None:
    folder = tmp_path / "my +sources% é"
    place = locations(ARCHIVE, [folder], [], [])[0]
    assert Path(url2pathname(place.url.removeprefix("file://"))) == folder / "lib-1.0.tar.gz"


def test_a_mirror_may_be_a_folder_or_a_file_url() -> None:
    archive = Archive(sha256="0" * 64, debian="pool/a.tar.gz")
    found = locations(archive, [], ["/srv/mirror", "file:/srv/other"], ["file:/srv/debian"])
    assert found == (
        Location("file:///srv/mirror/a.tar.gz", Kind.MIRROR),
        Location("file:/srv/other/a.tar.gz", Kind.MIRROR),
        Location("file:/srv/debian/pool/a.tar.gz", Kind.DEBIAN),
    )
    assert not any(place.is_remote for place in found)


def test_what_a_url_cannot_hold_is_encoded_and_the_rest_left_alone() -> None:
    url = "https://example.org/a%20b/c+d é/lib.tar.gz?x=1&y=2"
    archive = Archive(sha256="0" * 64, urls=(url,))
    assert locations(archive, [], [], [])[0].url == (
        "https://example.org/a%20b/c+d%20%C3%A9/lib.tar.gz?x=1&y=2"
    )


def test_no_place_is_tried_twice() -> None:
    archive = Archive(sha256="0" * 64, urls=("https://x/a.tar.gz",) * 2)
    assert len(locations(archive, [], ["https://m", "https://m/"], [])) == 2


def test_who_asks_is_no_part_of_what_is_asked_for() -> None:
    archive = Archive(sha256="0" * 64, debian="pool/a@1.tar.gz")
    (place,) = locations(archive, [], [], ["https://me@work:p%40ss%20%C3%A9@host:8443/debian"])
    assert place.url == "https://host:8443/debian/pool/a%401.tar.gz"
    assert place.credentials == "me@work:p@ss é"
    assert place.secret_headers == {"Authorization": "Basic bWVAd29yazpwQHNzIMOp"}
    assert "p@ss" not in repr(place)


def test_most_places_ask_for_no_name() -> None:
    archive = Archive(sha256="0" * 64, urls=("https://x/@scope/a.tar.gz",))
    (place,) = locations(archive, [], [], [])
    assert (place.url, place.secret_headers) == ("https://x/@scope/a.tar.gz", {})
