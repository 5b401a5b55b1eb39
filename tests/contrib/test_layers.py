"""tf.contrib.layers: variables, nodes, values, collections and errors are TensorFlow's."""

from __future__ import annotations

import pytest

from tests.golden_cases import Golden

GOLDEN = Golden("contrib_layer_cases", "contrib_layers.json")


@pytest.mark.parametrize("name", sorted(GOLDEN.cases))
def test_as_in_tensorflow(name):
    GOLDEN.check(name)
