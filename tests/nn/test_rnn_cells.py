"""Recurrent cells do what TensorFlow 1.15.5's do: variables, nodes, values, gradients, errors."""

from __future__ import annotations

import numpy as np
import pytest

from tests.golden_cases import Golden

GOLDEN = Golden("rnn_cell_cases", "rnn_cells.json")
CELLS = [name for name in sorted(GOLDEN.cases) if name.startswith("cell_")]


@pytest.mark.parametrize("name", sorted(set(GOLDEN.cases) - set(CELLS) - {"fused"}))
def test_as_in_tensorflow(name):
    GOLDEN.check(name)


@pytest.mark.parametrize("name", CELLS)
def test_two_steps(name):
    expected, given = GOLDEN.expected[name], GOLDEN.run(name)
    for key in ("values", "gradients"):
        for ours, theirs in zip(given.pop(key), expected.pop(key), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=2e-7)
    assert given == expected


def test_lstm_as_one_op():
    for (names, values), (their_names, their_values) in zip(GOLDEN.run("fused"), GOLDEN.expected["fused"], strict=True):
        assert names == their_names
        for ours, theirs in zip(values, their_values, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=2e-7)
