"""Counts threads."""

from loops._loops import threads

__all__ = ["threads"]
