"""Fixtures of every test: a fresh default graph, and no default session."""

from __future__ import annotations

import os
import sys

import pytest

# What a golden case gave is shown beside what it should have given.
pytest.register_assert_rewrite("tests.golden_cases")

# Only the tests of GPUs use one: they ask for it.
os.environ.setdefault("PYFLOW_ADAPTER", "none")


def pytest_collection_finish():
    """The first test does not see what a module built while it was imported."""
    _fresh_default_graph()


@pytest.fixture(autouse=True)
def fresh_defaults():
    """No test sees the nodes, collections or seeds of another."""
    yield
    _fresh_default_graph()


def _fresh_default_graph():
    if scopes := sys.modules.get("pyflow.core.scopes"):  # a test that made no graph has not loaded it
        for session in list(scopes.default_session_stack.items):  # an InteractiveSession that nobody has closed
            session.close()
        scopes.reset_default_graph()
