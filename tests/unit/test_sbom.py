from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

from libwheel import sbom
from libwheel.naming import Tag
from libwheel.recipe import Archive
from libwheel.sbom import Component, Other, Patch
from libwheel.version import __version__
from unit import goldens

TAG = Tag("zlib-ng", "2.2.4", "2", 1)
MAIN = Archive(
    sha256="a" * 64,
    urls=(
        "https://example.org/zlib-ng-2.2.4.tar.gz?x=1&y=2",
        "https://mirror.example.org/z.tar.gz",
    ),
    debian="pool/main/z/zlib-ng/zlib-ng_2.2.4+ds.orig.tar.gz",
)
PART = Archive(sha256="b" * 64, urls=("https://example.org/part.zip",), into="cmake")
DEBIAN = Archive(sha256="c" * 64, debian="pool/main/i/inner/inner_0.9~rc1.orig.tar.xz")

UPSTREAM = Component(
    "zlib-ng",
    "2.2.4",
    "Zlib",
    (MAIN, PART),
    (Patch("patches/0001-names.patch", "--- a/zutil.c\n+++ b/zutil.c\n"),),
)
INNER = Component("inner", "0.9~rc1", "MIT OR Apache-2.0", (DEBIAN,))
LOCAL = Component("zlib-ng", "2.2.4", "Zlib", ())

CASES = {
    "full": (UPSTREAM, (INNER,)),
    "plain": (Component("zlib-ng", "2.2.4", "Zlib", (MAIN,)), ()),
    "debian": (Component("zlib-ng", "2.2.4", "Zlib", (DEBIAN,)), ()),
    "local": (LOCAL, (INNER,)),
}


def document(upstream: Component, *static: Component) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(sbom.text(TAG, upstream, static))
    return found


@pytest.mark.parametrize("case", CASES)
def test_it_is_cyclonedx(case: str) -> None:
    upstream, static = CASES[case]
    text = sbom.text(TAG, upstream, static)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None


@pytest.mark.parametrize("case", ["full", "local"])
def test_the_text(case: str) -> None:
    upstream, static = CASES[case]
    text = sbom.text(TAG, upstream, static)
    goldens.check(f"sbom-{case}.cdx.json", text.replace(__version__, "<libwheel>"))


def test_its_place() -> None:
    assert str(sbom.path(TAG)) == "zlib-ng.cdx.json"


def test_every_place_of_every_archive_is_named_with_its_hash() -> None:
    (component, _) = document(UPSTREAM, INNER)["components"]
    assert [(r["url"], r["hashes"][0]["content"][0]) for r in component["externalReferences"]] == [
        (MAIN.urls[0], "a"),
        (MAIN.urls[1], "a"),
        ("pool/main/z/zlib-ng/zlib-ng_2.2.4%2Bds.orig.tar.gz", "a"),
        (PART.urls[0], "b"),
    ]


def test_a_path_below_a_debian_mirror_says_so() -> None:
    (component,) = document(UPSTREAM)["components"]
    comments = [r.get("comment") for r in component["externalReferences"]]
    assert comments == [None, None, "below any Debian mirror", None]


def test_patches_are_there_with_their_text() -> None:
    (component,) = document(UPSTREAM)["components"]
    (patch,) = component["pedigree"]["patches"]
    assert patch["diff"]["url"] == "patches/0001-names.patch"
    assert patch["diff"]["text"]["content"] == UPSTREAM.patches[0].text


def test_what_is_linked_in_statically_says_so_and_is_a_dependency() -> None:
    made = document(UPSTREAM, INNER)
    linkage = [component["properties"][0]["value"] for component in made["components"]]
    assert linkage == ["dynamic", "static"]
    upstream, inner = (component["bom-ref"] for component in made["components"])
    assert {"ref": upstream, "dependsOn": [inner]} in made["dependencies"]


def test_a_local_source_says_that_nobody_verified_it() -> None:
    (component,) = document(LOCAL)["components"]
    assert {"name": "libwheel:source", "value": "local, not verified"} in component["properties"]
    assert not {"hashes", "externalReferences"} & component.keys()


def test_another_wheel_is_depended_on_and_not_contained() -> None:
    """A label's `+` is written as a package URL has it."""
    others = (Other("openmp", "19.1.7"), Other("blas", "1.0+lp64"))
    text = sbom.text(TAG, LOCAL, (INNER,), others)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    made = json.loads(text)
    refs = ["pkg:pypi/openmp@19.1.7", "pkg:pypi/blas@1.0%2Blp64"]
    wheel, upstream, *_ = made["dependencies"]
    assert wheel["dependsOn"] == sorted([upstream["ref"], *refs])
    assert not set(refs) & set(upstream["dependsOn"])
    openmp, blas = made["components"][-2:]
    assert [openmp["purl"], blas["purl"]] == refs
    assert PackageURL.from_string(blas["purl"]).version == "1.0+lp64"
    assert (openmp["scope"], openmp["version"], openmp["name"]) == ("required", "19.1.7", "openmp")
    assert not {"licenses", "hashes", "externalReferences"} & openmp.keys()


def test_a_variant_is_a_version_of_its_own() -> None:
    made = json.loads(sbom.text(replace(TAG, variant="lp64"), LOCAL, ()))
    found = made["metadata"]["component"]
    assert (found["version"], found["purl"]) == ("2.2.4+lp64", "pkg:pypi/zlib-ng@2.2.4%2Blp64")


@pytest.mark.parametrize("component", [UPSTREAM, INNER, LOCAL])
def test_the_package_url_is_one(component: Component) -> None:
    (found,) = document(component)["components"]
    parsed = PackageURL.from_string(found["purl"])
    assert (parsed.type, parsed.name, parsed.version) == (
        "generic",
        component.name,
        component.version,
    )
    qualifiers = dict(parsed.qualifiers)
    if component.archives:
        assert qualifiers.pop("checksum") == f"sha256:{component.archives[0].sha256}"
        urls = component.archives[0].urls
        assert qualifiers == ({"download_url": urls[0]} if urls else {})
    else:
        assert not qualifiers
