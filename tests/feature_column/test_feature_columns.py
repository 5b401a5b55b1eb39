"""tf.feature_column: nodes, variables, values, parse specs and errors are TensorFlow's."""

from __future__ import annotations

import pytest

from tests.golden_cases import Golden

COLUMNS = Golden("feature_column_cases", "feature_columns.json")
SEQUENCES = Golden("sequence_column_cases", "sequence_columns.json")


@pytest.mark.parametrize("name", sorted(COLUMNS.cases))
def test_columns_are_as_in_tensorflow(name, own_tensorflow):
    COLUMNS.check(name, rtol=1e-4)


@pytest.mark.parametrize("name", sorted(SEQUENCES.cases))
def test_sequences_and_layers_are_as_in_tensorflow(name, own_tensorflow):
    SEQUENCES.check(name, rtol=1e-4)
