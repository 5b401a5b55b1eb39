"""Moments and normalization against numpy."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from tests.numeric_gradient import gradient_error

RANDOM = np.random.RandomState(3)
X = RANDOM.standard_normal((3, 4, 2)) + 2
AXES = [[0], [0, 1], [-1], [2, 0], [0, 1, 2], []]


def run(*fetches, feed=None):
    with tf.Session() as session:
        return session.run(fetches if len(fetches) > 1 else fetches[0], feed)


@pytest.mark.parametrize("axes", AXES)
@pytest.mark.parametrize("keep", [False, True])
def test_moments(axes, keep):
    mean, variance = run(*tf.nn.moments(tf.constant(X), axes, keep_dims=keep))
    axis = tuple(axes)
    # An empty list of axes squeezes every dimension of size 1, of which there is none.
    np.testing.assert_allclose(mean, X.mean(axis, keepdims=keep))
    np.testing.assert_allclose(variance, X.var(axis, keepdims=keep), atol=1e-15)


def test_moments_of_halves_are_computed_in_float32():
    x = (RANDOM.standard_normal((5000, 2)) + 10).astype(np.float16)
    mean, variance = run(*tf.nn.moments(tf.constant(x), [0]))
    assert mean.dtype == variance.dtype == np.float16
    np.testing.assert_allclose(mean, x.astype(np.float64).mean(0), 1e-3)
    np.testing.assert_allclose(variance, x.astype(np.float64).var(0), 2e-3)


def test_moments_with_unknown_shape():
    x = tf.placeholder(tf.float64)
    mean, variance = run(*tf.nn.moments(x, [0, 1]), feed={x: X})
    np.testing.assert_allclose([mean, variance], [X.mean((0, 1)), X.var((0, 1))])


@pytest.mark.parametrize("index", [0, 1])
def test_gradient_of_moments(index):
    assert gradient_error(lambda x: tf.nn.moments(x, [0, 1])[index], X) < 1e-8


def test_node_names_of_moments():
    tf.nn.moments(tf.constant(X), [0])
    names = [op.name for op in tf.get_default_graph().get_operations() if op.type != "Const"]
    parts = ["mean", "StopGradient", "SquaredDifference", "variance", "Squeeze", "Squeeze_1"]
    assert names == [f"moments/{part}" for part in parts]


@pytest.mark.parametrize("axes", AXES[:-1])
@pytest.mark.parametrize("keep", [False, True])
def test_weighted_moments(axes, keep):
    weights = RANDOM.uniform(0.5, 2, (3, 1, 2))
    mean, variance = run(*tf.nn.weighted_moments(X, axes, weights, keep_dims=keep))
    full, axis = np.broadcast_to(weights, X.shape), tuple(axes)
    center = np.average(X, axis, full, keepdims=True)
    spread = np.average((X - center) ** 2, axis, full, keepdims=True)
    shape = X.mean(axis, keepdims=keep).shape
    np.testing.assert_allclose(mean, center.reshape(shape))
    np.testing.assert_allclose(variance, spread.reshape(shape))


def test_weighted_moments_of_halves_and_whole_weights():
    mean, variance = run(*tf.nn.weighted_moments(np.array([1, 2], np.float16), [0], [3, 1]))
    assert mean.dtype == np.float16 and (mean, variance) == (1.25, 0.1875)


@pytest.mark.parametrize("shift", [None, np.float64(1.5)])
@pytest.mark.parametrize("known", [True, False])
def test_moments_by_sufficient_statistics(shift, known):
    x = tf.constant(X) if known else tf.placeholder_with_default(X, [None, 4, None])
    counts, mean_ss, variance_ss, returned = tf.nn.sufficient_statistics(x, [0, 2], shift, keep_dims=True)
    mean, variance = run(*tf.nn.normalize_moments(counts, mean_ss, variance_ss, returned))
    assert (returned is None) == (shift is None) and (counts.op.type == "Const") == known
    np.testing.assert_allclose(mean, X.mean((0, 2), keepdims=True))
    np.testing.assert_allclose(variance, X.var((0, 2), keepdims=True))


@pytest.mark.parametrize("offset", [True, False])
@pytest.mark.parametrize("scale", [True, False])
def test_batch_normalization(offset, scale):
    mean, variance, beta, gamma = (RANDOM.uniform(0.5, 2, 2) for _ in range(4))

    def normalize(x, mean, variance, beta, gamma):
        return tf.nn.batch_normalization(x, mean, variance, beta if offset else None, gamma if scale else None, 1e-3)

    expected = (X - mean) / np.sqrt(variance + 1e-3) * (gamma if scale else 1) + (beta if offset else 0)
    np.testing.assert_allclose(run(normalize(*map(tf.constant, (X, mean, variance, beta, gamma)))), expected)
    if offset and scale:
        assert gradient_error(normalize, X, mean, variance, beta, gamma) < 1e-7
        older = tf.nn.batch_norm_with_global_normalization(X, mean, variance, beta, gamma, 1e-3, True)
        np.testing.assert_allclose(run(older), expected)


@pytest.mark.parametrize("axis", [None, 0, 1, [0, 2], -1])
def test_l2_normalize(axis):
    axes = tuple(axis) if isinstance(axis, list) else axis
    expected = X / np.sqrt((X**2).sum(axes, keepdims=True))
    np.testing.assert_allclose(run(tf.nn.l2_normalize(X, axis)), expected)
    np.testing.assert_allclose(run(tf.nn.l2_normalize(X, dim=axis)), expected)
    assert gradient_error(lambda x: tf.nn.l2_normalize(x, axis), X) < 1e-8


def test_l2_normalize_of_zeros():
    np.testing.assert_array_equal(run(tf.nn.l2_normalize(np.zeros((2, 2)), 1)), np.zeros((2, 2)))


@pytest.mark.parametrize("values, fraction", [([0.0, 1.0, 0.0, -2.0], 0.5), ([[0, 0], [3, 0]], 0.75), ([1.0], 0.0)])
def test_zero_fraction(values, fraction):
    result = run(tf.nn.zero_fraction(values))
    assert result.dtype == np.float32 and result == fraction


def test_zero_fraction_of_a_size_known_in_the_run():
    values = tf.placeholder(tf.float32)
    with tf.Session() as session:
        assert session.run(tf.nn.zero_fraction(values), {values: [[0.0, 1.0], [0.0, 0.0]]}) == 0.75


def test_zero_fraction_of_nothing_is_nan():
    assert np.isnan(run(tf.nn.zero_fraction(np.zeros(0, np.float32))))
