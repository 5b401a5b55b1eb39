"""Batch normalization on the device, and its gradient, against the CPU."""

import numpy as np
import pytest

import pyflow as tf
from pyflow.core.registry import raw
from tests.runtime.webgpu.on_device import on_both

pytestmark = pytest.mark.native


def normalized(x, scale, offset):
    y, mean, variance = tf.nn.fused_batch_norm(x, scale, offset, epsilon=1e-3)
    return [y, mean, variance, *tf.gradients(y * y * x, [x, scale, offset])]


@pytest.mark.parametrize("shape", [(3, 7, 5, 3), (1, 1, 2, 1), (9, 31, 17, 70), (2, 300, 299, 1)])
def test_training(adapter, shape):
    random = np.random.default_rng(0)
    arrays = [random.normal(3, 2, shape), random.uniform(0.5, 2, shape[3:]), random.uniform(-1, 1, shape[3:])]
    found, expected, ran = on_both(normalized, [a.astype("f4") for a in arrays])
    assert any("FusedBatchNormGrad" in name for name in ran.ops) and ran.first
    for value, wanted in zip(found, expected):
        np.testing.assert_allclose(value, wanted, rtol=1e-4, atol=2e-5 * max(1, np.abs(wanted).max()))


def test_a_mean_far_from_zero_leaves_the_variance_right(adapter):
    x = (1000 + np.random.default_rng(0).normal(size=(4, 50, 50, 2))).astype("f4")
    ones, zeros = np.ones(2, "f4"), np.zeros(2, "f4")
    (_, mean, variance), _, _ = on_both(lambda *a: tf.nn.fused_batch_norm(*a), [x, ones, zeros])
    np.testing.assert_allclose(mean, x.astype("f8").mean((0, 1, 2)), rtol=1e-6)
    np.testing.assert_allclose(variance, x.astype("f8").var((0, 1, 2), ddof=1), rtol=1e-3)


def test_the_reserves_of_the_gradient_in_training_are_empty(adapter):
    x, vector = np.ones((2, 3, 3, 4), "f4"), np.ones(4, "f4")
    found, _, ran = on_both(lambda *a: raw.FusedBatchNormGrad(*a), [x, x, vector, vector, vector])
    assert ran.first and [v.shape for v in found] == [(2, 3, 3, 4), (4,), (4,), (0,), (0,)]


def test_what_is_not_finite_stays_in_its_channel(adapter):
    x = np.random.default_rng(0).normal(size=(2, 3, 4, 3)).astype("f4")
    x[1, 1, 1, 1] = np.nan
    (y, *_), _, _ = on_both(lambda *a: tf.nn.fused_batch_norm(*a), [x, np.ones(3, "f4"), np.zeros(3, "f4")])
    assert np.isnan(y[..., 1]).all() and np.isfinite(y[..., [0, 2]]).all()
