"""Conditionals, loops and tensor arrays give, and fail with, what they do under TensorFlow 1.15.5."""

from __future__ import annotations

import pytest

from tests.golden_cases import Golden

GOLDEN = Golden("branch_and_loop_cases", "branches_and_loops.json")


@pytest.mark.parametrize("name", GOLDEN.cases)
def test_outcome_is_tensorflow_s(name):
    GOLDEN.check(name)
