"""Solves systems of equations, with 64-bit integers."""

from solver64._solver import bits, solved

__all__ = ["bits", "solved"]
