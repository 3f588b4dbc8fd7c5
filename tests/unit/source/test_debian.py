from __future__ import annotations

from pathlib import Path

import pytest

from libwheel.source import debian
from unit.source.making import environment


def mirrors(apt: Path, chosen: str = "") -> tuple[str, ...]:
    return debian.mirrors(environment(apt, debian_mirror=chosen), apt)


def sources(apt: Path, text: str, name: str = "debian.sources") -> Path:
    path = apt / "sources.list.d" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return apt


def test_without_apt_there_are_none(tmp_path: Path) -> None:
    assert mirrors(tmp_path / "none") == ()


def test_the_environment_overrides_apt(tmp_path: Path) -> None:
    sources(tmp_path, "Types: deb\nURIs: http://a/debian\nSuites: x\nComponents: main\n")
    assert mirrors(tmp_path, "file:///srv/debian") == ("file:///srv/debian",)


def test_a_debian_image_as_it_comes(tmp_path: Path) -> None:
    text = """\
Types: deb
# http://archive.example.org/archive/debian/20250520T000000Z
URIs: http://mirror.example.org/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example.org/debian-security
Suites: bookworm-security
Components: main
"""
    assert mirrors(sources(tmp_path, text)) == ("http://mirror.example.org/debian",)


def test_deb822_in_full(tmp_path: Path) -> None:
    text = """\
# all that sources.list(5) allows
types: deb
  deb-src
URIs: https://one/debian/
# in between
 http://two/debian
\tfile:/srv/three/debian
suites: trixie
Components:
 main
 contrib
 \t
Types: deb
URIs: https://disabled/debian
Suites: trixie
Components: main
Enabled: no

Types: flatpak
URIs: https://other-type/debian
Suites: trixie
Components: main

Types: deb
URIs: https://vendor/apt cdrom:[disc]/debian mirror+file:/etc/apt/mirrors/debian
Suites: stable
Components: main

Types: deb
URIs: https://no-main/apt
Suites: stable
Components: contrib

Types: deb-src
URIs: http://two/debian
Suites: trixie
Components: main
"""
    assert mirrors(sources(tmp_path, text)) == (
        "https://one/debian",
        "http://two/debian",
        "file:/srv/three/debian",
        "https://vendor/apt",
    )


def test_one_line_formats(tmp_path: Path) -> None:
    (tmp_path / "sources.list").write_text(
        """\
# deb http://commented/debian trixie main
deb [arch=amd64 signed-by=/usr/share/k.gpg] https://vendor/apt stable main # a vendor
deb [ trusted=yes ] http://mirror.example.org/debian/ trixie main contrib
deb-src http://mirror.example.org/debian trixie main
deb http://mirror.example.org/debian-security trixie-security main
deb http://security.example/all trixie-security main
deb cdrom:[Debian GNU/Linux 13 _Trixie_]/ trixie main
deb http://flat/repository ./
rubbish
"""
    )
    sources(tmp_path, "deb http://second/debian trixie main\n", "more.list")
    sources(tmp_path, "deb http://backup/debian trixie main\n", "more.list.save")
    assert mirrors(tmp_path) == (
        "http://mirror.example.org/debian",
        "http://second/debian",
        "https://vendor/apt",
    )


@pytest.mark.parametrize("word", ["no", "No", "false", "0", "off"])
def test_every_word_for_no(tmp_path: Path, word: str) -> None:
    text = f"Types: deb\nURIs: http://a/debian\nSuites: x\nComponents: main\nEnabled: {word}\n"
    assert mirrors(sources(tmp_path, text)) == ()


def test_bytes_that_are_no_text_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / "sources.list").write_bytes(b"# \xff\xfe\ndeb http://a/debian x main\n")
    assert mirrors(tmp_path) == ("http://a/debian",)
