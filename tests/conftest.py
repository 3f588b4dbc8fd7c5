"""Every test starts from the same environment: nothing of the person's own settings."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
STRAY = (
    *("CC", "CXX", "CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS", "LD_LIBRARY_PATH", "DESTDIR"),
    "NO_COLOR",
)
PREFIXES = (
    *("AUDITWHEEL_", "CCACHE_", "CMAKE_", "DISTCC_", "GOMP_", "GOTO_", "KMP_", "LIBWHEEL_"),
    *("MESON", "OMP_", "OPENBLAS_", "PKG_CONFIG", "SCCACHE_", "SOURCE_DATE_", "XDG_CACHE_"),
    "ZIG_",
)


@pytest.fixture(scope="session", autouse=True)
def clean_environment(
    pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """Clear stray variables; child processes run the checkout, with a cache of their own.

    zig's part of it stays from one run to the next, in pytest's: a minute for each C library.
    """
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name in STRAY or name.startswith(PREFIXES):
                patch.delenv(name)
        patch.setenv("CCACHE_DISABLE", "1")  # where there is one: what is built here is compiled
        patch.setenv("PYTHONPATH", str(ROOT / "backend"))
        cache, zig = tmp_path_factory.mktemp("cache"), pytestconfig.cache.mkdir("zig")
        (cache / "zig").symlink_to(zig)
        patch.setenv("LIBWHEEL_CACHE", str(cache))
        patch.setenv("ZIG_GLOBAL_CACHE_DIR", str(zig))
        patch.setenv("ZIG_LOCAL_CACHE_DIR", str(tmp_path_factory.mktemp("zig")))
        yield
