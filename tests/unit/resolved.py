"""A recipe for one release, made by hand."""

from __future__ import annotations

from pathlib import Path

from libwheel.recipe import Build, Contents, Library, Release, Resolved


def library(name: str, *headers: str, file: str = "") -> Library:
    return Library(name=name, description=f"The {name}", headers=headers, file=file)


def resolved(*libraries: Library, drop: tuple[str, ...] = ()) -> Resolved:
    return Resolved(
        abi="1",
        license="MIT",
        build=Build(system="make"),
        library=libraries,
        wheel=Contents(drop=drop),
        folder=Path("/recipes/answer"),
        release=Release(version="1.2.3", licenses=("LICENSE",), source=()),
    )
