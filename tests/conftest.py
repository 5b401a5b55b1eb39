"""Fixtures of every test: a fresh default graph, and no default session."""

from __future__ import annotations

import os
import sys

import pytest

# Only the tests of GPUs use one: they ask for it.
os.environ.setdefault("PYFLOW_ADAPTER", "none")


@pytest.fixture(autouse=True)
def fresh_defaults():
    """No test sees the nodes, collections or seeds of another."""
    yield
    if scopes := sys.modules.get("pyflow.core.scopes"):  # a test that made no graph has not loaded it
        for session in list(scopes.default_session_stack.items):  # an InteractiveSession that nobody has closed
            session.close()
        scopes.reset_default_graph()
