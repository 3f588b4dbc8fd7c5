"""Repair: consumers' wheels become fit to ship."""
