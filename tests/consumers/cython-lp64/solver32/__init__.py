"""Solves systems of equations, with 32-bit integers."""

from solver32._solver import bits, solved

__all__ = ["bits", "solved"]
