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
    *("AUDITWHEEL_", "CMAKE_", "GOMP_", "GOTO_", "KMP_", "LIBWHEEL_", "MESON", "OMP_"),
    *("OPENBLAS_", "PKG_CONFIG", "SOURCE_DATE_", "XDG_CACHE_"),
)


@pytest.fixture(scope="session", autouse=True)
def clean_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Clear stray variables; child processes run the checkout, with a cache of their own."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name in STRAY or name.startswith(PREFIXES):
                patch.delenv(name)
        patch.setenv("PYTHONPATH", str(ROOT / "backend"))
        patch.setenv("LIBWHEEL_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield
