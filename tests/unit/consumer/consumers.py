"""Consumers' ELF files and library wheels, made by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from packaging.specifiers import SpecifierSet

from libwheel.binaries.binary import Binary, Import, Requirement, Symbol
from libwheel.consumer.library_wheels import LibraryWheel
from libwheel.consumer.packages import Package
from libwheel.consumer.repair.elf_members import ElfMember
from libwheel.consumer.repair.library_needs import Library
from libwheel.locator import Constants

HDF5, HL = "libhdf5-pywheel-310.so", "libhdf5_hl-pywheel-310.so"
NODE = "HDF5_PYWHEEL_310"
EXTENSION = Binary(
    arch="x86_64",
    soname=None,
    needed=("libc.so.6",),
    rpath=(),
    runpath=(),
    exports=(Symbol("PyInit__it", None, is_default=True),),
    imports=(),
    version_nodes=(),
    requirements=(),
    executable_stack=False,
    relro=True,
    bind_now=True,
    text_relocations=False,
)


def member(
    name: str = "guest/_it.so",
    *needed: str,
    takes: tuple[Import, ...] = (),
    gives: tuple[str, ...] = (),
    rpath: tuple[str, ...] = (),
    runpath: tuple[str, ...] = (),
) -> ElfMember:
    nodes = {(taken.library, taken.version) for taken in takes}
    binary = replace(
        EXTENSION,
        needed=(*needed, "libc.so.6"),
        rpath=rpath,
        runpath=runpath,
        imports=takes,
        exports=tuple(Symbol(symbol, None, is_default=True) for symbol in gives),
        requirements=tuple(Requirement(lib, node) for lib, node in nodes if lib and node),
    )
    return ElfMember(name, name.encode(), binary)


def takes(name: str, library: str | None = HDF5, *, node: str | None = NODE) -> Import:
    return Import(name, node, library, weak=False)


def library_wheel(
    version: str = "1.14.5",
    platforms: tuple[str, ...] = ("manylinux_2_17_x86_64",),
    name: str = "hdf5",
    files: tuple[str, ...] = (HDF5, HL),
) -> LibraryWheel:
    return LibraryWheel(
        name=name,
        version=version,
        compatible=SpecifierSet(f"~= {version}"),
        requires=(),
        platforms=platforms,
        constants=Constants(name, f"{name}-pywheel", "", f"~= {version}", files, {}, {}, {}),
        package=Package(name, version, Path("site", f"{name}.dist-info"), (), ()),
    )


def libraries(*symbols: str, wheel: LibraryWheel | None = None) -> dict[str, Library]:
    """Return the libraries of a wheel as if they had been read: `symbols` are the first one's."""
    wheel = wheel or library_wheel()
    found = {file: Library(file, wheel) for file in wheel.constants.libraries}
    for file, library in found.items():
        names = symbols if file == wheel.constants.libraries[0] else ()
        exports = tuple(Symbol(name, NODE, is_default=True) for name in names)
        vars(library)["binary"] = replace(EXTENSION, soname=file, exports=exports)
    return found
