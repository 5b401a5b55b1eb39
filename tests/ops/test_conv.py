"""Convolutions against a plain one in float64: what TensorFlow's CPU kernels leave out, and large ones."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import pyflow as tf
from pyflow.core.registry import raw
from pyflow.ops import conv_blocks, conv_kernels, conv_rows
from pyflow.ops.primitives import primitives
from pyflow.ops.windows import make_windows
from tests.numeric_gradient import gradient_error

RANDOM = np.random.RandomState(0)


def convolution(x, filter, strides=(1, 1), padding="SAME", dilations=(1, 1)):
    """Element by element; channels-last, with as many groups as the depths ask for."""
    windows = make_windows(x.shape[1:-1], filter.shape[:-2], strides, padding, dilations)
    pads = [(0, 0), *zip(windows.before, windows.after), (0, 0)]
    padded = np.pad(x.astype(np.float64), pads)
    groups = x.shape[-1] // filter.shape[-2]
    result = np.zeros((len(x), *windows.counts, filter.shape[-1]))
    for place in itertools.product(*map(range, windows.counts)):
        index = [slice(p * s, p * s + (k - 1) * d + 1, d) for p, s, k, d in
                 zip(place, windows.strides, windows.window, windows.dilations)]  # fmt: skip
        seen = np.split(padded[(slice(None), *index)], groups, -1)
        weights = np.split(filter.astype(np.float64), groups, -1)
        axes = list(range(1, x.ndim)), list(range(x.ndim - 1))
        result[(slice(None), *place)] = np.concatenate([np.tensordot(a, b, axes) for a, b in zip(seen, weights)], -1)
    return result


def depthwise(x, filter, **moves):
    """Each channel by itself."""
    parts = [convolution(x[..., c : c + 1], filter[:, :, c : c + 1], **moves) for c in range(x.shape[-1])]
    return np.concatenate(parts, -1)


def first(x):
    return np.moveaxis(x, -1, 1)


def attrs(strides, dilations, channels_first):
    order = (lambda a: [1, 1, *a]) if channels_first else (lambda a: [1, *a, 1])
    return {"strides": order(strides), "dilations": order(dilations)}


MOVES = [((1, 1), (1, 1)), ((2, 2), (1, 1)), ((1, 1), (2, 3)), ((2, 2), (2, 1))]


@pytest.mark.parametrize("strides, dilations", MOVES)
@pytest.mark.parametrize("padding", ["SAME", "VALID"])
@pytest.mark.parametrize("data_format", ["NHWC", "NCHW"])
@pytest.mark.parametrize("op, plain", [(raw.Conv2D, convolution), (raw.DepthwiseConv2dNative, depthwise)])
def test_value_and_gradients(op, plain, data_format, padding, strides, dilations):
    x, filter = RANDOM.standard_normal((2, 7, 8, 2)), RANDOM.standard_normal((3, 2, 2, 2))
    channels_first = data_format == "NCHW"
    given = {**attrs(strides, dilations, channels_first), "padding": padding, "data_format": data_format}
    expected = plain(x, filter, strides=strides, padding=padding, dilations=dilations)
    fed = first(x) if channels_first else x
    with tf.Session() as session:
        value = session.run(op(fed, filter, **given))
    np.testing.assert_allclose(value, first(expected) if channels_first else expected, rtol=1e-12, atol=1e-12)
    assert gradient_error(lambda a, b: op(a, b, **given), fed, filter) < 1e-7


@pytest.mark.parametrize("data_format", ["NHWC", "NCHW"])
def test_groups(data_format):
    x, filter = RANDOM.standard_normal((2, 5, 4, 6)), RANDOM.standard_normal((3, 3, 2, 9))
    channels_first = data_format == "NCHW"
    fed = first(x) if channels_first else x

    def grouped(a, b):
        return tf.nn.conv2d(a, b, 1, "SAME", data_format=data_format)

    expected = convolution(x, filter)
    with tf.Session() as session:
        value = session.run(grouped(fed, filter))
    np.testing.assert_allclose(value, first(expected) if channels_first else expected, rtol=1e-12, atol=1e-12)
    assert gradient_error(grouped, fed, filter) < 1e-7


@pytest.mark.parametrize("data_format", ["NDHWC", "NCDHW"])
@pytest.mark.parametrize("strides, dilations", [((1, 1, 1), (1, 2, 1)), ((1, 2, 2), (1, 1, 1))])
def test_volumes(data_format, strides, dilations):
    x, filter = RANDOM.standard_normal((1, 4, 5, 3, 2)), RANDOM.standard_normal((2, 3, 2, 2, 2))
    channels_first = data_format == "NCDHW"
    given = attrs(strides, dilations, channels_first)
    fed = first(x) if channels_first else x

    def volumes(a, b):
        return tf.nn.conv3d(a, b, padding="SAME", data_format=data_format, **given)

    expected = convolution(x, filter, strides, "SAME", dilations)
    with tf.Session() as session:
        value = session.run(volumes(fed, filter))
    np.testing.assert_allclose(value, first(expected) if channels_first else expected, rtol=1e-12, atol=1e-12)
    assert gradient_error(volumes, fed, filter) < 1e-7


@pytest.mark.parametrize("dtype, tolerance", [(tf.float16, 2e-3), (tf.bfloat16, 2e-2)])
def test_halves_are_summed_in_single_precision(dtype, tolerance):
    x, filter = RANDOM.uniform(0, 1, (1, 3, 3, 300)), RANDOM.uniform(0, 1, (3, 3, 300, 2))
    with tf.Session() as session:
        images, weights = tf.cast(x, dtype), tf.cast(filter, dtype)
        y = tf.cast(tf.nn.conv2d(images, weights, 1, "SAME"), tf.float32)
        dx, dw = (tf.cast(g, tf.float32) for g in tf.gradients(y, [images, weights]))
        value, to_x, to_w, images, weights = session.run([y, dx, dw, tf.to_float(images), tf.to_float(weights)])
    np.testing.assert_allclose(value, convolution(images, weights), rtol=tolerance)
    np.testing.assert_allclose(to_x[0, 1, 1], weights.astype(np.float64).sum((0, 1, 3)), rtol=tolerance)
    np.testing.assert_allclose(to_w[1, 1, :, 0], images.astype(np.float64).sum((0, 1, 2)), rtol=tolerance)


@pytest.mark.parametrize("strides", [(1, 1), (2, 2)])
def test_images_larger_than_a_block(monkeypatch, strides):
    monkeypatch.setattr(conv_blocks, "BLOCK_BYTES", 4096)
    x, filter = RANDOM.standard_normal((3, 17, 15, 3)), RANDOM.standard_normal((3, 4, 3, 2))

    def op(a, b):
        return tf.nn.conv2d(a, b, [1, *strides, 1], "SAME")

    with tf.Session() as session:
        value = session.run(op(x, filter))
    np.testing.assert_allclose(value, convolution(x, filter, strides), rtol=1e-12, atol=1e-12)
    weighting = RANDOM.standard_normal(value.shape)
    with tf.Session() as session:
        images, weights = tf.constant(x), tf.constant(filter)
        gradients = tf.gradients(op(images, weights), [images, weights], tf.constant(weighting))
        to_x, to_w = session.run(gradients)
        # A convolution is linear in both.
        np.testing.assert_allclose((to_x * x).sum(), (value * weighting).sum())
        np.testing.assert_allclose((to_w * filter).sum(), (value * weighting).sum())


@pytest.mark.parametrize("outputs", [1, 6])
def test_filters_as_wide_as_the_image(outputs):
    """As over the words of a sentence: there are many more places in the image than windows."""
    x, filter = RANDOM.standard_normal((2, 9, 8, 2)), RANDOM.standard_normal((3, 8, 2, outputs))
    dy = RANDOM.standard_normal((2, 7, 1, outputs))
    with tf.Session() as session:
        images = tf.constant(x)
        y = tf.nn.conv2d(images, tf.constant(filter), 1, "VALID")
        value, to_x = session.run([y, tf.gradients(y, images, tf.constant(dy))[0]])
    np.testing.assert_allclose(value, convolution(x, filter, padding="VALID"), rtol=1e-12, atol=1e-12)
    expected = np.zeros_like(x)
    for row in range(7):
        expected[:, row : row + 3] += np.einsum("no,ijco->nijc", dy[:, row, 0], filter)
    np.testing.assert_allclose(to_x, expected, rtol=1e-12, atol=1e-12)


def kernels(x, filter, dy, windows):
    """What the kernels of a convolution and of its gradients give."""
    results = [np.full_like(a, np.nan) for a in (dy, x, filter)]
    conv_kernels.convolve(x, filter, windows, results[0])
    conv_kernels.convolve_to_input(filter, dy, windows, results[1])
    conv_kernels.convolve_to_filter(x, dy, windows, results[2])
    return results


@pytest.mark.parametrize("depth", [4, 12])
@pytest.mark.parametrize("strides, dilations", [((1, 1), (1, 1)), ((1, 2), (1, 1)), ((1, 1), (2, 1))])
@pytest.mark.parametrize(
    "block_bytes, small_product", [(1 << 21, 0), (1 << 21, 1 << 10), (1 << 13, 1 << 10), (64, 1 << 10)]
)
def test_row_by_row(monkeypatch, depth, strides, dilations, block_bytes, small_product):
    windows = make_windows((9, 8), (3, 2), strides, "SAME", dilations)
    x, filter = RANDOM.standard_normal((5, 9, 8, depth)), RANDOM.standard_normal((3, 2, depth, 8))
    dy = RANDOM.standard_normal((5, *windows.counts, 8))
    monkeypatch.setattr(conv_rows, "lies_in_rows", lambda *_: False)
    expected = kernels(x, filter, dy, windows)
    monkeypatch.undo()
    monkeypatch.setattr(conv_rows, "_SHORTEST", 1)
    monkeypatch.setattr(conv_rows, "_FEWEST_ROWS", 2)
    monkeypatch.setattr(conv_rows, "_FEW_COLUMNS", 4)
    monkeypatch.setattr(conv_blocks, "BLOCK_BYTES", block_bytes)
    monkeypatch.setattr(primitives, "small_product", small_product)
    for value, right in zip(kernels(x, filter, dy, windows), expected):
        np.testing.assert_allclose(value, right, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("images, size", [(0, 3), (2, 0)])
def test_nothing_in_nothing_out(images, size):
    x = tf.placeholder(tf.float32, [None, None, 3, 2])
    filter = tf.constant(RANDOM.standard_normal((2, 2, 2, 3)).astype(np.float32))
    y = tf.nn.max_pool(tf.nn.conv2d(x, filter, 1, "SAME"), 2, 2, "SAME")
    with tf.Session() as session:
        dx, dw = session.run(tf.gradients(y, [x, filter]), {x: np.zeros((images, size, 3, 2))})
    assert dx.shape == (images, size, 3, 2) and not dw.any()


def test_second_derivative():
    x, filter = RANDOM.standard_normal((1, 4, 3, 2)), RANDOM.standard_normal((2, 2, 2, 2))

    def steepness(a, b):
        y = tf.nn.conv2d(a, b, [1, 2, 1, 1], "SAME")
        da, db = tf.gradients(y**3, [a, b])
        return tf.concat([tf.reshape(da, [-1]), tf.reshape(db, [-1])], 0)

    assert gradient_error(steepness, x, filter) < 1e-5
