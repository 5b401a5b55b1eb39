"""Patterns of steps that one call does faster."""

from __future__ import annotations

from pyflow.runtime.program import Program


def fuse(program: Program) -> None:
    """Rewrites the program's steps in place."""
