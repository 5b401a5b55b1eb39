"""Fixtures of every test: a fresh default graph."""

from __future__ import annotations

import sys

import pytest


@pytest.fixture(autouse=True)
def fresh_default_graph():
    """No test sees the nodes, collections or seeds of another."""
    yield
    if scopes := sys.modules.get("pyflow.core.scopes"):  # a test that made no graph has not loaded it
        scopes.reset_default_graph()
