"""Upstream's source: where it can be had, fetched, verified, unpacked and patched."""
