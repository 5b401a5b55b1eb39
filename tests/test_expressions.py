"""Expressions give what they give under TensorFlow 1.15: the value, the static shape, or the error."""

from __future__ import annotations

import pytest

from tests.golden_cases import Golden

GOLDEN = Golden("expression_cases", "expressions.json")


@pytest.mark.parametrize("source", GOLDEN.cases)
def test_expression_gives_what_it_gives_in_tensorflow(source):
    GOLDEN.check(source)
