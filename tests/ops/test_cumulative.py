"""Running sums and products."""

import numpy as np
import pytest

import pyflow as tf


def run(tensor, feed=None):
    with tf.Session() as sess:
        return sess.run(tensor, feed)


def by_numpy(accumulate, first, x, axis, exclusive, reverse):
    x = np.moveaxis(x, axis, 0)
    x = x[::-1] if reverse else x
    y = accumulate(x, axis=0)
    if exclusive:
        y = np.concatenate([np.full_like(y[:1], first), y[:-1]])
    return np.moveaxis(y[::-1] if reverse else y, 0, axis)


def log_sum_exp(x, axis):
    return np.log(np.cumsum(np.exp(x), axis=axis))


LOWEST = np.finfo(np.float64).min
FUNCTIONS = [
    (tf.cumsum, np.cumsum, 0),
    (tf.cumprod, np.cumprod, 1),
    (tf.math.cumulative_logsumexp, log_sum_exp, LOWEST),
]


@pytest.mark.parametrize("exclusive", [False, True])
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("function, reference, first", FUNCTIONS, ids=["sum", "product", "logsumexp"])
def test_along_an_axis(function, reference, first, axis, exclusive, reverse):
    x = np.random.default_rng(0).uniform(-1, 2, [3, 4, 2])
    value = run(function(tf.constant(x), axis, exclusive, reverse))
    np.testing.assert_allclose(value, by_numpy(reference, first, x, axis, exclusive, reverse), rtol=1e-12)


@pytest.mark.parametrize("dtype", [tf.int32, tf.uint8, tf.float16, tf.complex64])
def test_the_dtype_stays(dtype):
    value = run(tf.cumsum(tf.constant([1, 2, 3], dtype)))
    assert value.dtype == dtype.as_numpy_dtype
    assert value.tolist() == [1, 3, 6]


def test_an_empty_axis():
    assert run(tf.cumsum(tf.zeros([2, 0]), 1, exclusive=True)).shape == (2, 0)
    assert run(tf.cumsum(tf.zeros([0, 2]), 0)).shape == (0, 2)


def test_log_sum_exp_does_not_overflow():
    value = run(tf.math.cumulative_logsumexp([1000.0, 1000.0, -1000.0]))
    np.testing.assert_allclose(value, [1000, 1000 + np.log(2), 1000 + np.log(2)])


@pytest.mark.parametrize(
    "x, axis, words",
    [
        ([1, 2, 3], 1, r"ScanOp: Expected scan axis in the range \[-1, 1\), but got 1"),
        ([1, 2, 3], -2, r"ScanOp: Expected scan axis in the range \[-1, 1\), but got -2"),
        (1, 0, r"ScanOp: Expected scan axis in the range \[0, 0\), but got 0"),
        ([1, 2, 3], [0], r"ScanOp: axis must be a scalar, not \[1\]"),
    ],
)
def test_axes_that_do_not_exist(x, axis, words):
    with pytest.raises(tf.errors.InvalidArgumentError, match=words):
        run(tf.cumsum(x, axis))


@pytest.mark.parametrize("exclusive", [False, True])
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("function", [tf.cumsum, tf.cumprod])
def test_gradients(function, exclusive, reverse):
    x, at = tf.placeholder(tf.float64, [4]), np.array([0.5, -1.5, 2.0, 1.25])
    y = function(x, exclusive=exclusive, reverse=reverse)
    weights = tf.constant([1.0, -2.0, 0.5, 3.0], tf.float64)
    total = tf.reduce_sum(y * weights)
    gradient = tf.gradients(total, x)[0]
    with tf.Session() as sess:
        for i, step in enumerate(np.eye(4) * 1e-6):
            slope = (sess.run(total, {x: at + step}) - sess.run(total, {x: at - step})) / 2e-6
            np.testing.assert_allclose(sess.run(gradient, {x: at})[i], slope, rtol=1e-6, atol=1e-8)
