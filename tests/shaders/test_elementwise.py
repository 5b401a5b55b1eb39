"""Sums of up to seven tensors, which is as many as one dispatch can bind everywhere."""

from __future__ import annotations

import numpy as np
import pytest

pytestmark = pytest.mark.native


@pytest.mark.parametrize("terms", [1, 2, 5, 7])
@pytest.mark.parametrize("count", [1, 63, 130001])
def test_sums(terms, count, adapter):
    arrays = [np.random.RandomState(k).randn(count).astype(np.float32) for k in range(7)]
    constants = {"COUNT": count, "TERMS": terms}
    groups = (-(-count // 64), 1, 1)
    (total,) = adapter.run("elementwise/sum.wgsl", arrays, [((count,), np.float32)], groups, constants)
    expected = arrays[0]
    for array in arrays[1:terms]:
        expected = expected + array
    np.testing.assert_array_equal(total, expected)
