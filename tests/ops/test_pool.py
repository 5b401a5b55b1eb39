"""Pooling against plain loops: formats, gradients, second gradients, dtypes."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import pyflow as tf
from pyflow.core.registry import raw
from pyflow.ops.windows import make_windows
from tests.numeric_gradient import gradient_error

RANDOM = np.random.RandomState(0)
REDUCE = {"max": np.max, "avg": np.mean}
WINDOWS = [((2, 2), (2, 2), "VALID"), ((3, 3), (2, 2), "SAME"), ((3, 2), (1, 2), "SAME"), ((2, 1), (3, 3), "VALID")]


def pool(kind, x, window, strides, padding):
    """Window by window; channels-last."""
    windows = make_windows(x.shape[1:-1], window, strides, padding)
    result = np.zeros((len(x), *windows.counts, x.shape[-1]), x.dtype)
    for place in itertools.product(*map(range, windows.counts)):
        starts = [p * s - b for p, s, b in zip(place, windows.strides, windows.before)]
        index = [slice(max(start, 0), start + k) for start, k in zip(starts, window)]
        seen = x[(slice(None), *index)]
        result[(slice(None), *place)] = REDUCE[kind](seen, axis=tuple(range(1, x.ndim - 1)))
    return result


def arguments(window, strides, padding, channels_first):
    order = (lambda a: [1, 1, *a]) if channels_first else (lambda a: [1, *a, 1])
    return {"ksize": order(window), "strides": order(strides), "padding": padding}


@pytest.mark.parametrize("window, strides, padding", WINDOWS)
@pytest.mark.parametrize("data_format", ["NHWC", "NCHW"])
@pytest.mark.parametrize("kind", ["max", "avg"])
def test_images(kind, data_format, window, strides, padding):
    x = RANDOM.standard_normal((2, 7, 6, 3))
    channels_first = data_format == "NCHW"
    given = {**arguments(window, strides, padding, channels_first), "data_format": data_format}
    function = {"max": tf.nn.max_pool, "avg": tf.nn.avg_pool}[kind]
    expected = pool(kind, x, window, strides, padding)
    fed = np.moveaxis(x, -1, 1) if channels_first else x
    with tf.Session() as session:
        value = session.run(function(tf.constant(fed), **given))
    np.testing.assert_allclose(value, np.moveaxis(expected, -1, 1) if channels_first else expected, rtol=1e-12)
    assert gradient_error(lambda a: function(a, **given), fed) < 1e-6
    assert gradient_error(lambda a: tf.gradients(function(a**2, **given) ** 3, a)[0], fed) < 1e-4


@pytest.mark.parametrize("data_format", ["NDHWC", "NCDHW"])
@pytest.mark.parametrize("kind", ["max", "avg"])
def test_volumes(kind, data_format):
    x = RANDOM.standard_normal((2, 3, 4, 5, 2)).astype(np.float32)
    channels_first = data_format == "NCDHW"
    given = {**arguments((2, 3, 2), (1, 2, 2), "SAME", channels_first), "data_format": data_format}
    function = {"max": tf.nn.max_pool3d, "avg": tf.nn.avg_pool3d}[kind]
    expected = pool(kind, x, (2, 3, 2), (1, 2, 2), "SAME")
    fed = np.moveaxis(x, -1, 1) if channels_first else x
    with tf.Session() as session:
        value = session.run(function(tf.constant(fed), **given))
    np.testing.assert_allclose(
        value, np.moveaxis(expected, -1, 1) if channels_first else expected, rtol=1e-6, atol=1e-6
    )


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.int64, np.float16])
def test_max_of_other_numbers(dtype):
    x = RANDOM.randint(0, 100, (2, 5, 4, 3)).astype(dtype)
    with tf.Session() as session:
        value = session.run(tf.nn.max_pool(x, 3, 2, "SAME"))
    np.testing.assert_array_equal(value, pool("max", x, (3, 3), (2, 2), "SAME"))


def test_mean_of_halves_is_summed_in_single_precision():
    x = np.full((1, 64, 64, 1), 100, np.float16)
    with tf.Session() as session:
        assert session.run(tf.nn.avg_pool(x, 64, 64, "VALID")).item() == 100


def test_gradient_goes_to_the_first_of_equals():
    x = tf.zeros([1, 4, 4, 1])
    overlapping = tf.gradients(tf.nn.max_pool(x, 3, 1, "VALID"), x)[0]
    apart = tf.gradients(tf.nn.max_pool(x, 2, 2, "VALID"), x)[0]
    with tf.Session() as session:
        first, second = session.run([overlapping, apart])
    assert first[0, :, :, 0].tolist() == [[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    assert second[0, :, :, 0].tolist() == [[1, 0, 1, 0], [0, 0, 0, 0], [1, 0, 1, 0], [0, 0, 0, 0]]


@pytest.mark.parametrize("data_format", ["NHWC", "NCHW"])
@pytest.mark.parametrize("values", [3, 10000], ids=["many equals", "few equals"])
def test_gradient_of_windows_side_by_side_goes_to_the_first_greatest_of_each(values, data_format):
    x = RANDOM.permutation(np.arange(4 * 6 * 9 * 5) % values).reshape(4, 6, 9, 5).astype(np.float32)
    dy = RANDOM.rand(4, 3, 3, 5).astype(np.float32)
    expected = np.zeros_like(x)
    for n, i, j, c in np.ndindex(dy.shape):
        window = x[n, 2 * i : 2 * i + 2, 3 * j : 3 * j + 3, c]
        row, column = np.unravel_index(np.argmax(window), window.shape)
        expected[n, 2 * i + row, 3 * j + column, c] = dy[n, i, j, c]
    turned = (lambda a: a.transpose(0, 3, 1, 2)) if data_format == "NCHW" else (lambda a: a)
    sizes = arguments((2, 3), (2, 3), "VALID", data_format == "NCHW")
    with tf.Graph().as_default(), tf.Session() as sess:
        held = tf.placeholder(tf.float32, turned(x).shape)
        pooled = tf.nn.max_pool(held, data_format=data_format, **sizes)
        (gradient,) = tf.gradients(pooled, held, turned(dy))
        np.testing.assert_array_equal(sess.run(gradient, {held: turned(x)}), turned(expected))


def test_windows_that_are_tensors():
    x = RANDOM.standard_normal((2, 5, 4, 3))
    size = tf.placeholder(tf.int32, [4])
    images = tf.constant(x)
    y = raw.MaxPoolV2(images, size, [1, 2, 2, 1], padding="SAME")
    (dx,) = tf.gradients(y, images)
    fixed = tf.nn.max_pool(images, [1, 3, 2, 1], 2, "SAME")
    with tf.Session() as session:
        given = session.run([y, dx], {size: [1, 3, 2, 1]})
        expected = session.run([fixed, tf.gradients(fixed, images)[0]])
    assert y.shape.as_list() == [None] * 4
    for one, other in zip(given, expected):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("in_batch", [False, True])
def test_gradient_of_argmax_pooling(in_batch):
    def pooled(a):
        windows = [1, 3, 2, 1], [1, 1, 2, 1]
        return tf.nn.max_pool_with_argmax(a, *windows, "SAME", include_batch_in_index=in_batch)[0]

    assert gradient_error(pooled, RANDOM.standard_normal((2, 5, 4, 3))) < 1e-6
