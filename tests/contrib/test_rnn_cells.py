"""The cells of tf.contrib.rnn do what TensorFlow 1.15.5's do: variables, nodes, values, gradients, errors."""

from __future__ import annotations

import numpy as np
import pytest

from tests.golden_cases import Golden

GOLDEN = Golden("rnn_contrib_cases", "rnn_contrib.json")
CELLS = [name for name in sorted(GOLDEN.cases) if name.startswith("cell_")]


def test_errors():
    GOLDEN.check("errors")


@pytest.mark.parametrize("name", CELLS)
def test_two_steps(name):
    expected, given = GOLDEN.expected[name], GOLDEN.run(name)
    for key in ("values", "gradients"):
        for ours, theirs in zip(given.pop(key), expected.pop(key), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=5e-7)
    assert given == expected
