"""Local response normalization against its formula, channel by channel."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf


def normalize(x, radius, bias, alpha, beta):
    result = np.empty_like(x)
    for c in range(x.shape[-1]):
        squares = x[..., max(0, c - radius) : c + radius + 1] ** 2
        result[..., c] = x[..., c] / (bias + alpha * squares.sum(-1)) ** beta
    return result


ARGUMENTS = [(5, 1.0, 1.0, 0.5), (1, 2.0, 0.5, 0.75), (0, 1.0, 1e-3, 0.75), (9, 1.0, 0.1, 1.0)]


@pytest.mark.parametrize("arguments", ARGUMENTS)
@pytest.mark.parametrize("dtype, tolerance", [(np.float32, 1e-5), (np.float16, 2e-3)])
def test_value(arguments, dtype, tolerance):
    x = np.random.RandomState(0).standard_normal((2, 3, 2, 7)).astype(dtype)
    with tf.Session() as session:
        y = session.run(tf.nn.local_response_normalization(tf.constant(x), *arguments))
    assert y.dtype == dtype
    np.testing.assert_allclose(y, normalize(x.astype(np.float64), *arguments), tolerance, tolerance)


@pytest.mark.parametrize("arguments", ARGUMENTS)
def test_gradient(arguments):
    random = np.random.RandomState(1)
    x, weights = random.standard_normal((2, 1, 2, 2, 6))
    feed = tf.placeholder(tf.float32, x.shape)
    gradient = tf.gradients(tf.reduce_sum(tf.nn.lrn(feed, *arguments) * weights.astype(np.float32)), [feed])[0]
    with tf.Session() as session:
        symbolic = session.run(gradient, {feed: x})
    assert gradient.op.type == "LRNGrad"
    for index in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[index] = 1e-5
        ends = [(normalize(x + sign * step, *arguments) * weights).sum() for sign in (1, -1)]
        np.testing.assert_allclose(symbolic[index], (ends[0] - ends[1]) / 2e-5, 1e-4, 1e-5)


def test_only_images():
    with pytest.raises(ValueError, match="Shape must be rank 4 but is rank 2 for 'LRN'"):
        tf.nn.lrn([[1.0]])
