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


@pytest.fixture
def own_tensorflow(monkeypatch):
    """`tensorflow` may become PyFlow in this test; afterwards all modules of that name are what they were."""

    def modules() -> dict:
        tops = ("tensorflow", "tensorflow_core", "tensorflow_estimator")
        return {name: module for name, module in sys.modules.items() if name.partition(".")[0] in tops}

    before = modules()
    for name in before:
        del sys.modules[name]
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    yield
    for name in modules():
        del sys.modules[name]
    sys.modules.update(before)


def _fresh_default_graph():
    if scopes := sys.modules.get("pyflow.core.scopes"):  # a test that made no graph has not loaded it
        for session in list(scopes.default_session_stack.items):  # an InteractiveSession that nobody has closed
            session.close()
        scopes.reset_default_graph()
