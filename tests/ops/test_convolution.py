"""Convolutions, pooling and batch normalization against TensorFlow 1.15.5: values, gradients, nodes, messages."""

from __future__ import annotations

import numpy as np
import pytest

from tests.golden_cases import Golden

GOLDEN = Golden("convolution_cases", "convolutions.json")
INEXACT = ("avg_pool", "fractional_avg_pool", "fused_batch_norm", "pool_1d")


@pytest.mark.parametrize("name", sorted(name for name in GOLDEN.cases if not name.startswith(INEXACT)))
def test_gives_exactly_what_tensorflow_gives(name):
    GOLDEN.check(name)


@pytest.mark.parametrize("name", sorted(name for name in GOLDEN.cases if name.startswith(INEXACT)))
def test_gives_what_tensorflow_gives_but_for_rounding(name):
    given, expected = GOLDEN.run(name), GOLDEN.expected[name]
    assert [shape for shape, _ in given] == [shape for shape, _ in expected]
    for (_, numbers), (_, wanted) in zip(given, expected):
        np.testing.assert_allclose(numbers, wanted, rtol=2e-6, atol=2e-6)
