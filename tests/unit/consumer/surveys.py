"""Surveys of environments whose ELF files are only spoken of: the files have no content."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from libwheel.binaries.elf_light import Glance, Machine
from libwheel.consumer import library_wheels, packages
from libwheel.consumer.doctor import copies
from libwheel.consumer.doctor.environment import Environment
from libwheel.consumer.doctor.loader import Load, Rules
from libwheel.consumer.doctor.objects import Object
from libwheel.consumer.doctor.survey import Survey
from libwheel.consumer.packages import Package
from unit.consumer.installed import SITE

MARKERS = {"python_version": "3.11", "python_full_version": "3.11.7", "sys_platform": "linux"}
MACHINE = Machine(2, 1, 62)


def package(name: str, prefix: Path, version: str = "1.0") -> Package:
    return Package(name, version, prefix / SITE / f"{name}-{version}.dist-info", (), ())


def names(prefix: str, count: int, start: int = 0) -> frozenset[str]:
    return frozenset(f"{prefix}_{number}" for number in range(start, start + count))


def thing(
    owner: Package,
    path: str,
    exports: Iterable[str] = (),
    *,
    rpath: tuple[str, ...] = (),
    soname: str = "",
) -> Object:
    """Return an ELF file below the owner's site folder, and put one of a kilobyte there."""
    place = owner.path(path)
    place.parent.mkdir(parents=True, exist_ok=True)
    if not place.exists():
        place.write_bytes(bytes(1000))
    return Object(place, owner, Glance(MACHINE, soname, (), rpath, ()), frozenset(exports))


def extension(owner: Package, path: str, *rpath: str) -> Object:
    return thing(owner, path, ["PyInit_ext"], rpath=rpath)


def survey(
    prefix: Path,
    objects: Sequence[Object] = (),
    needs: Mapping[Path, Mapping[str, Path | None]] | None = None,
    *,
    folders: Sequence[Path] = (),
    library_path: tuple[str, ...] = (),
) -> Survey:
    """Survey what is installed in `prefix`, and `objects`; `needs` are what the loader takes."""
    here = (prefix / SITE, *folders)
    found, hidden = packages.layered(here)
    known = {one.key: one for one in found}
    known |= {one.owner.key: one.owner for one in objects if one.owner.key not in known}
    return Survey(
        environment=Environment(
            *(prefix / "bin/python", Path("/usr/bin/python3"), prefix, Path("/usr")),
            *(here, MARKERS),
        ),
        rules=Rules(library_path, {}, (), "lib"),
        packages=tuple(known.values()),
        library_wheels=library_wheels.among(known.values()),
        hidden=library_wheels.among(hidden),
        unread=(),
        objects=tuple(objects),
        unsound=(),
        families=copies.families(objects),
        loads={
            path: tuple(
                Load(name, str(path), str(found) if found else None)
                for name, found in loads.items()
            )
            for path, loads in (needs or {}).items()
        },
    )
