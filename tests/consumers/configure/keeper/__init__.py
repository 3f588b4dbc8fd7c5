"""Keeps numbers in HDF5 files."""

from keeper._keeper import kept, version

__all__ = ["kept", "version"]
