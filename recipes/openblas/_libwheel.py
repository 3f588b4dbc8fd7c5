"""Finds the backend: in this sdist, or else in the checkout that the recipe is part of."""

import sys
from pathlib import Path

_HERE = Path(__file__).resolve().parent
_PLACES = (_HERE / "backend", _HERE.parent.parent / "backend")
sys.path[:0] = [str(place) for place in _PLACES if (place / "libwheel").is_dir()][:1]

from libwheel.hooks import *  # noqa: E402, F403
