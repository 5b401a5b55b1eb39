"""tf.contrib.layers' columns: nodes, variables, values, specs and errors are TensorFlow's."""

from __future__ import annotations

import pytest

from tests.golden_cases import Golden

GOLDEN = Golden("contrib_column_cases", "contrib_columns.json")


@pytest.mark.parametrize("name", sorted(GOLDEN.cases))
def test_as_in_tensorflow(name):
    GOLDEN.check(name, rtol=1e-4)
