"""Fixtures of every test: a fresh default graph, and no default session."""

from __future__ import annotations

import sys

import pytest


@pytest.fixture(autouse=True)
def fresh_defaults():
    """No test sees the nodes, collections or seeds of another."""
    yield
    if scopes := sys.modules.get("pyflow.core.scopes"):  # a test that made no graph has not loaded it
        scopes.default_session_stack.items.clear()
        scopes.default_session_stack.enforce_nesting = True
        scopes.reset_default_graph()
