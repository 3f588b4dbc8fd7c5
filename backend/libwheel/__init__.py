"""libwheel: a PEP 517 backend that builds upstream C libraries into library wheels."""

from libwheel.hooks import (
    build_sdist,
    build_wheel,
    get_requires_for_build_sdist,
    get_requires_for_build_wheel,
    prepare_metadata_for_build_wheel,
)
from libwheel.version import __version__

__all__ = [
    "__version__",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_wheel",
]
