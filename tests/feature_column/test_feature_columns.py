"""tf.feature_column: nodes, variables, values, parse specs and errors are TensorFlow's."""

from __future__ import annotations

import pytest

import pyflow as tf
from tests.golden_cases import Golden

GOLDEN = Golden("feature_column_cases", "feature_columns.json")


@pytest.mark.parametrize("name", sorted(GOLDEN.cases))
def test_as_in_tensorflow(name):
    tf.reset_default_graph()
    GOLDEN.check(name, rtol=1e-4)
