"""The PEP 517 hooks: each delegates at once.

Importing this module needs the standard library alone; what a hook needs beyond it is asked
for by the recipe's `build-system.requires` and by the `get_requires` hooks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

from libwheel.guard import guarded

__all__ = [
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_wheel",
]

P = ParamSpec("P")
T = TypeVar("T")

ConfigSettings = Mapping[str, str | Sequence[str]] | None


def _hook(function: Callable[P, T]) -> Callable[P, T]:
    """Report errors in the one place that prints and exits."""

    @wraps(function)
    def hook(*args: P.args, **kwargs: P.kwargs) -> T:
        return guarded(lambda: function(*args, **kwargs))

    return hook


@_hook
def get_requires_for_build_wheel(config_settings: ConfigSettings = None) -> list[str]:
    """Return what building this recipe's wheel needs, as PEP 508 requirements."""
    from libwheel import pipeline

    return pipeline.wheel_requirements(pipeline.load(Path.cwd(), config_settings))


@_hook
def get_requires_for_build_sdist(config_settings: ConfigSettings = None) -> list[str]:
    """Return what building this recipe's sdist needs, as PEP 508 requirements."""
    from libwheel import pipeline

    return pipeline.sdist_requirements(pipeline.load(Path.cwd(), config_settings))


@_hook
def prepare_metadata_for_build_wheel(
    metadata_directory: str, config_settings: ConfigSettings = None
) -> str:
    """Write the wheel's dist-info folder without building it; return the folder's name."""
    from libwheel import pipeline

    return pipeline.write_metadata(
        pipeline.load(Path.cwd(), config_settings), Path(metadata_directory)
    )


@_hook
def build_wheel(
    wheel_directory: str,
    config_settings: ConfigSettings = None,
    metadata_directory: str | None = None,
) -> str:
    """Build the library wheel; return its file name."""
    from libwheel import pipeline

    return pipeline.build_wheel(
        pipeline.load(Path.cwd(), config_settings),
        Path(wheel_directory),
        Path(metadata_directory) if metadata_directory else None,
    )


@_hook
def build_sdist(sdist_directory: str, config_settings: ConfigSettings = None) -> str:
    """Build the recipe's sdist; return its file name."""
    from libwheel import pipeline

    return pipeline.build_sdist(pipeline.load(Path.cwd(), config_settings), Path(sdist_directory))
