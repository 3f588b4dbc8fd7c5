from __future__ import annotations

import inspect
from concurrent.futures import ThreadPoolExecutor

import pytest

from conftest import ROOT
from libwheel import hooks

CONFIG = "config_settings"
# PEP 517
PARAMETERS = {
    "build_sdist": ["sdist_directory", CONFIG],
    "build_wheel": ["wheel_directory", CONFIG, "metadata_directory"],
    "get_requires_for_build_sdist": [CONFIG],
    "get_requires_for_build_wheel": [CONFIG],
    "prepare_metadata_for_build_wheel": ["metadata_directory", CONFIG],
}


def test_every_hook_has_the_signature_of_the_standard() -> None:
    assert PARAMETERS.keys() == set(hooks.__all__)
    for name, parameters in PARAMETERS.items():
        hook = getattr(hooks, name)
        assert list(inspect.signature(hook).parameters) == parameters
        assert (hook.__name__, hook.__module__) == (name, "libwheel.hooks")


def test_a_frontend_may_call_from_any_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT / "recipes" / "zlib")
    with ThreadPoolExecutor(1) as threads:
        assert threads.submit(hooks.get_requires_for_build_sdist).result() == []
