"""Fused batch normalization against its formula: formats, dtypes, moments, gradients of gradients."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from tests.central_differences import numeric_gradient

RANDOM = np.random.RandomState(0)
SCALE, OFFSET = np.array([1.5, 0.5, 2.0], np.float32), np.array([0.25, -1.0, 0.0], np.float32)
MEAN, VARIANCE = np.array([0.5, -0.25, 1.0], np.float32), np.array([0.75, 1.25, 2.0], np.float32)


def normalize(x, scale, offset, is_training):
    mean = x.mean((0, 1, 2)) if is_training else MEAN
    variance = x.var((0, 1, 2)) if is_training else VARIANCE
    return (x - mean) * scale / np.sqrt(variance + 1e-3) + offset


def fused(x, scale, offset, is_training, data_format="NHWC"):
    moments = (None, None) if is_training else (MEAN, VARIANCE)
    if data_format == "NCHW":
        x = tf.transpose(x, [0, 3, 1, 2])
    y = tf.nn.fused_batch_norm(x, scale, offset, *moments, data_format=data_format, is_training=is_training)[0]
    return tf.transpose(y, [0, 2, 3, 1]) if data_format == "NCHW" else y


@pytest.mark.parametrize("is_training", [True, False])
@pytest.mark.parametrize("data_format", ["NHWC", "NCHW"])
@pytest.mark.parametrize("size", [4, 150])
def test_value(size, data_format, is_training):
    x = (RANDOM.standard_normal((2, size, size, 3)) * [1, 2, 3] + [100, 0, -5]).astype(np.float32)
    with tf.Session() as session:
        y = session.run(fused(tf.constant(x), SCALE, OFFSET, is_training, data_format))
    np.testing.assert_allclose(y, normalize(x.astype(np.float64), SCALE, OFFSET, is_training), rtol=1e-4, atol=2e-4)


@pytest.mark.parametrize("is_training", [True, False])
@pytest.mark.parametrize("data_format", ["NHWC", "NCHW"])
def test_gradients_and_their_gradients(data_format, is_training):
    x = RANDOM.standard_normal((2, 3, 2, 3))
    weights = RANDOM.standard_normal(x.shape)
    inputs = [tf.constant(a, tf.float32) for a in (x, SCALE, OFFSET)]
    y = fused(*inputs, is_training, data_format)
    first = tf.gradients(tf.reduce_sum(y**2 * weights.astype(np.float32)), inputs)
    second = tf.gradients(tf.reduce_sum(first[0] ** 2) + tf.reduce_sum(first[1] ** 2), inputs)
    with tf.Session() as session:
        given, second = session.run([first, second])

    def loss(*arrays):
        return (normalize(*arrays, is_training) ** 2 * weights).sum()

    arrays = [x, SCALE.astype(np.float64), OFFSET.astype(np.float64)]
    for i, value in enumerate(given):
        np.testing.assert_allclose(value, numeric_gradient(loss, arrays, i, 1e-6), rtol=1e-3, atol=1e-3)

    def steepness(*moved):
        return sum((numeric_gradient(loss, list(moved), i, 1e-4) ** 2).sum() for i in (0, 1))

    for i, value in enumerate(second):
        np.testing.assert_allclose(value, numeric_gradient(steepness, arrays, i, 1e-3), rtol=1e-2, atol=1e-1)


def test_variance_for_moving_averages_is_unbiased():
    x = RANDOM.standard_normal((2, 3, 2, 3)).astype(np.float32)
    with tf.Session() as session:
        _, mean, variance = session.run(tf.nn.fused_batch_norm(x, SCALE, OFFSET))
    np.testing.assert_allclose(mean, x.mean((0, 1, 2)), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(variance, x.var((0, 1, 2), ddof=1), rtol=1e-5)


@pytest.mark.parametrize("dtype, tolerance", [(tf.float16, 4e-3), (tf.bfloat16, 4e-2)])
def test_halves(dtype, tolerance):
    x = RANDOM.standard_normal((2, 3, 2, 3))
    images = tf.cast(x, dtype)
    y = fused(images, SCALE, OFFSET, True)
    (dx,) = tf.gradients(y * tf.cast(x, dtype), images)
    with tf.Session() as session:
        value, x, dx = session.run([tf.to_float(y), tf.to_float(images), tf.to_float(dx)])
    assert y.dtype == dtype and np.isfinite(dx).all()
    np.testing.assert_allclose(value, normalize(x.astype(np.float64), SCALE, OFFSET, True), tolerance, tolerance)
