"""Tiny libraries for other systems, linked by zig as libwheel has it done."""

from __future__ import annotations

import sys
from pathlib import Path

from unit.binaries.compiled import run

ARM_MACOS, INTEL_MACOS = "aarch64-macos.11.0", "x86_64-macos.11.0"
WINDOWS = "x86_64-windows-gnu"

LOW = """
#include <stdlib.h>
#ifdef _WIN32
#define SHOWN __declspec(dllexport)
#else
#define SHOWN __attribute__((visibility("default")))
#endif
SHOWN int low_data = 1;
SHOWN int low_value(void) { return getenv("X") != 0; }
"""
HIGH = """
#ifdef _WIN32
#define SHOWN __declspec(dllexport)
#define TAKEN __declspec(dllimport)
#else
#define SHOWN __attribute__((visibility("default")))
#define TAKEN
#endif
TAKEN int low_value(void);
__attribute__((noinline)) int high_hidden(void) { return 2; }
SHOWN int high_value(void) { return low_value() + high_hidden(); }
"""


def dylib(path: Path, source: str, *flags: str | Path, target: str = ARM_MACOS) -> Path:
    """Link a library of macOS that is found, and finds others, as those of a wheel do."""
    name = (f"-Wl,-install_name,@rpath/{path.name}", "-Wl,-rpath,@loader_path")
    return _linked(path, source, target, "-dynamiclib", *name, *flags)


def dll(path: Path, source: str, *flags: str | Path) -> Path:
    """Link a library of Windows; its import library is beside it."""
    beside = f"-Wl,--out-implib,{path.with_suffix('.lib')}"
    return _linked(path, source, WINDOWS, "-shared", "-s", beside, *flags)


def so(path: Path, source: str, target: str) -> Path:
    """Link a library of Linux."""
    return _linked(path, source, target, "-shared", "-fPIC", f"-Wl,-soname,{path.name}")


def _linked(path: Path, source: str, target: str, *flags: str | Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    code = path.with_suffix(".c")
    code.write_text(source)
    usual = ("-O2", "-g0", "-fvisibility=hidden", "-fno-sanitize=undefined")
    compiler = (sys.executable, "-m", "ziglang", "cc", "-target", target)
    run(*compiler, *usual, code, "-o", path, *flags)
    return path
