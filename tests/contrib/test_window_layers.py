"""tf.contrib.layers' convolutions, pooling and batch_norm: variables, nodes, values and errors are TensorFlow's."""

from __future__ import annotations

import pytest

from tests.golden_cases import Golden

GOLDEN = Golden("contrib_window_cases", "contrib_windows.json")


@pytest.mark.parametrize("name", sorted(GOLDEN.cases))
def test_as_in_tensorflow(name):
    GOLDEN.check(name, rtol=2e-4)
