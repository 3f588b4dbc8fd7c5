"""Toolchains: how to compile for a target."""
